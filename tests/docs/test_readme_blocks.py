"""Every fenced block of the READMEs and of the pages on citing and sweeps runs as it stands, beside a service.

So does the example of the page on comparisons, of which every number is computed anew.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import ayla
import pytest

from tests.docs import comparison_example as example
from tests.docs.blocks import CodeBlock, blocks_of
from tests.system.processes import Service, service
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "clients" / "python" / "README.md",
    ROOT / "docs" / "citing.md",
    ROOT / "docs" / "sweeps.md",
)
ADDRESS = "http://127.0.0.1:8642"
BLOCKS = [(page, block) for page in PAGES for block in blocks_of(page)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("service")) as started:
        yield started


@pytest.mark.parametrize(
    ("page", "block"), BLOCKS, ids=[f"{page.relative_to(ROOT)}:{block.line}" for page, block in BLOCKS]
)
def test_a_block_runs_as_it_stands(running: Service, page: Path, block: CodeBlock, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {**os.environ, "AYLA_BASE_URL": running.url, "MPLBACKEND": "Agg"}
    command = {"python": [sys.executable, "-c"], "sh": ["sh", "-e", "-c"]}[block.language]
    text = re.sub(r"\bcurl ", "curl --fail-with-body ", block.text).replace(ADDRESS, running.url)
    done = subprocess.run(
        [*command, text],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for file in re.findall(r" -o (\S+)", text):
        assert (tmp_path / file).stat().st_size > 1000


def test_what_the_first_block_prints_is_what_the_page_shows(running: Service, tmp_path: Path) -> None:
    """The optimizers, their standing and the first digits; the last digit may be another machine's."""
    block = blocks_of(PAGES[0])[0]
    environment = {**os.environ, "AYLA_BASE_URL": running.url}
    printed = subprocess.run(
        [sys.executable, "-c", block.text], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    page = PAGES[0].read_text().split(block.text, 1)[1]
    shown = re.search(r"(?:^    .+\n)+", page, re.MULTILINE)
    assert shown is not None
    assert _rounded(printed) == _rounded(re.sub(r"^    ", "", shown[0], flags=re.MULTILINE))


def _rounded(text: str) -> list[str]:
    return [re.sub(r"\d+\.\d{7,}", lambda found: f"{float(found[0]):.6f}", line.rstrip()) for line in text.splitlines()]


def test_what_the_page_says_of_other_learning_rates_is_so(running: Service) -> None:
    """Adam stalls at 0.01 only: with 0.05, and SGD with 0.09, the minimum is reached without AYLA."""
    assert "Adam with 0.05 and SGD with 0.09 reach the minimum" in PAGES[0].read_text()
    optimizers = [ayla.adam(0.01), ayla.adam(0.05), ayla.sgd(0.09)]
    with running.client() as client:
        problem = ayla.expression("x**4 - 3*x**3 + 2", x=-1.0)
        job = client.jobs.submit(problem=problem, optimizers=optimizers, budget=800, record={"every": 800})
        trials = client.jobs.trials(client.jobs.wait(job, timeout=PATIENCE_SECONDS))
        ends = [client.trials.trajectory(trial)["param.x"][-1] for trial in trials]
    assert [round(float(end), 3) for end in ends] == [-0.034, 2.25, 2.25]


def test_the_example_of_the_page_on_comparisons_runs_as_it_stands_and_every_number_is_so(
    running: Service, tmp_path: Path
) -> None:
    """The service prints what the page shows, and it is what the trials say: nothing of the service computes it."""
    block = next(block for block in blocks_of(example.PAGE) if block.language == "python")
    environment = {**os.environ, "AYLA_BASE_URL": running.url}
    printed = subprocess.run(
        [sys.executable, "-c", block.text], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    outputs = example.shown_outputs()
    assert len(outputs) == 4
    assert _without_numbers(printed) == _without_numbers("\n".join(outputs))
    with running.client() as client:
        more, job = client.jobs.list(limit=2)
        losses = example.losses_of(client, [job, more], lambda trial: trial.value("final_loss"))
        best = example.losses_of(client, [job], lambda trial: trial.value("best_loss"))
    example.require_numbers(outputs[0], example.setting_by_setting(losses, best))
    example.require_numbers(outputs[1], example.tuned_arms(losses))
    example.require_numbers(outputs[2], example.fresh_seeds(losses))
    example.require_numbers(outputs[3], example.tables(losses))
    text = " ".join(example.PAGE.read_text().split())
    assert [claim for claim in example.claims(losses) if claim not in text] == []


def _without_numbers(text: str) -> list[str]:
    """Its words line by line; the numbers, which another machine may round otherwise, are held by themselves."""
    return [" ".join(re.sub(r"[\d.]+", "0", line).split()) for line in text.splitlines() if line.strip()]


def test_what_a_report_says_on_repeating_it_works(running: Service, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {**os.environ, "AYLA_BASE_URL": running.url}
    made = [str(Path(sys.prefix, "bin", "ayla")), "reproduce", "poly-sgd", "--seeds", "0", "--output", "report"]
    subprocess.run(made, env=environment, cwd=tmp_path, capture_output=True, check=True)
    one, everything = blocks_of(tmp_path / "report" / "report.md")
    here = tmp_path / "report"
    environment["PATH"] = f"{Path(sys.prefix, 'bin')}:{environment['PATH']}"
    said = {
        block.text: subprocess.run(
            ["sh", "-e", "-c", block.text], env=environment, cwd=here, capture_output=True, text=True, check=True
        )
        for block in (one, everything)
    }
    assert "poly-sgd" in said[one.text].stdout
    # Of the optimizer alone, and of AYLA on it.
    assert said[one.text].stdout.count("step,loss,") == 2
    assert "jobs are those of an earlier run" not in said[everything.text].stderr
    pages = [(here / name / "report.json").read_text() for name in (".", "report-again")]
    first, again = (json.loads(page) for page in pages)
    assert first["claims"] == again["claims"]


def test_a_repeated_job_has_the_digest_that_was_cited(running: Service, tmp_path: Path) -> None:
    (block,) = blocks_of(PAGES[2])
    text = block.text.replace(ADDRESS, running.url)
    first = _said(text, tmp_path)
    again = _said(re.sub(r"-d '\{.*\}'", "-d @job.json", text), tmp_path)
    assert first == again
    assert first[-1].startswith("sha256:")
    assert '"torch"' in first[0]


def _said(text: str, folder: Path) -> list[str]:
    return subprocess.run(
        ["sh", "-e", "-c", text], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_every_page_names_the_address_that_the_service_has() -> None:
    pages = {*PAGES, *(ROOT / "docs").rglob("*.md"), ROOT / "docker-compose.yml"}
    places = [
        (page.name, found) for page in pages for found in re.findall(r"(?:localhost|127\.0\.0\.1):\d+", _text(page))
    ]
    assert len(places) > 10
    assert {found for _, found in places} == {"127.0.0.1:8642"}, places


def _text(page: Path) -> str:
    return page.read_text()
