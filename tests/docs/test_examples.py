"""The programs of the cookbook and the example notebooks run as they stand, beside one team's service with keys."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from ayla_worker.names import unique_name

from tests.docs import notebooks
from tests.docs.blocks import CodeBlock, blocks_of
from tests.system.processes import service
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cookbook.md"
BLOCKS = blocks_of(PAGE)

MOST_BYTES = 400_000
"""Of a notebook with its pictures."""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Of a member of a team: the address of its service and a key."""
    folder = tmp_path_factory.mktemp("service")
    with service(folder, webhook_private_hosts="127.0.0.1") as started:
        command = [sys.executable, "-m", "ayla_service", "keys", "create", "--team", "default", "--member", "alice"]
        at = {**os.environ, "AYLA_DATA_DIR": str(folder / "data")}
        key = subprocess.run([*command, "--create"], env=at, capture_output=True, text=True, check=True).stdout.strip()
        own = {
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_CONFIG_DIR": str(folder),
            "JUPYTER_DATA_DIR": str(folder),
        }
        yield {**os.environ, **own, "AYLA_BASE_URL": started.url, "AYLA_API_KEY": key, "MPLBACKEND": "Agg"}


def ran(command: list[str], environment: Mapping[str, str], folder: Path) -> str:
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line {block.line}")
def test_a_program_of_the_cookbook_runs_as_it_stands(
    environment: Mapping[str, str], block: CodeBlock, tmp_path: Path
) -> None:
    assert block.language == "python"
    assert ran([sys.executable, "-c", block.text], environment, tmp_path)


@pytest.mark.parametrize("name", notebooks.NOTEBOOKS)
def test_a_notebook_runs_and_shows_what_it_has_shown(environment: Mapping[str, str], name: str, tmp_path: Path) -> None:
    ran(
        [sys.executable, "-m", "tests.docs.notebooks", name, "--to", str(tmp_path)],
        {**environment, "PYTHONPATH": str(ROOT)},
        ROOT,
    )
    before, now = read(notebooks.FOLDER / f"{name}.ipynb"), read(tmp_path / f"{name}.ipynb")
    assert notebooks.said(now) == notebooks.said(before)
    assert (notebooks.FOLDER / f"{name}.ipynb").stat().st_size < MOST_BYTES
    pictures = sum("data:image/" in str(cell.get("outputs")) for cell in now["cells"])
    assert pictures >= (0 if name == "queue" else 2)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def test_no_notebook_names_the_machine_that_ran_it() -> None:
    for path in notebooks.FOLDER.glob("*.ipynb"):
        assert not notebooks.WORKER.search(path.read_text()), path.name


def test_the_name_of_a_worker_in_an_output_is_a_neutral_one() -> None:
    output = nbformat.v4.new_output("display_data", {"text/plain": f"Worker {unique_name()} (cpu): idle"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("worker", outputs=[output])])
    (tidied,) = notebooks.tidied(notebook)["cells"][0]["outputs"]
    assert tidied["data"]["text/plain"] == "Worker worker-1 (cpu): idle"


def test_every_notebook_is_run_and_has_its_outputs() -> None:
    assert {path.stem for path in notebooks.FOLDER.glob("*.ipynb")} == {*notebooks.NOTEBOOKS}
    for name in notebooks.NOTEBOOKS:
        cells = [cell for cell in read(notebooks.FOLDER / f"{name}.ipynb")["cells"] if cell["cell_type"] == "code"]
        assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)]


def test_the_cookbook_has_its_programs_in_its_contents() -> None:
    text = PAGE.read_text()
    heads = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert len(BLOCKS) == len(heads) == 12
    listed = [line.partition("[")[2].partition("]")[0] for line in text.splitlines() if line[:1].isdigit()]
    assert listed == heads
