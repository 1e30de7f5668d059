"""The benchmark of scale at its smallest size: it measures what it says, and its page has what was measured."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the results of a quick run."""
    folder = tmp_path_factory.mktemp("scale")
    options = ["--quick", "--only", "claims,submissions", "--output", str(folder)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", *options], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def results(output: Path) -> dict[str, Any]:
    """What it found, by section."""
    found: dict[str, Any] = json.loads((output / "benchmarks" / "results" / "scale.json").read_text())
    return found


def test_claims_are_counted_for_each_number_of_workers_without_errors(results: dict[str, Any]) -> None:
    table, lock = results["claims"]["tables"]
    lines = [dict(zip(table["columns"], line, strict=True)) for line in table["lines"]]
    assert [line["workers"] for line in lines] == [2, 8]
    assert {line["errors"] for line in lines} == {"none"}
    assert [line[0] for line in lock["lines"]] == [2, 8]


def test_what_is_derived_follows_from_what_was_counted(results: dict[str, Any]) -> None:
    rows = {row["what"]: row["value"] for row in results["claims"]["rows"]}
    few, many = rows["claims by 2 workers"], rows["claims by 8 workers"]
    if few and many:  # on a machine that is busy enough there may be none in so short a time
        assert rows["claims/s of 8 workers over those of 2"] == pytest.approx(many / few)
        shortest = rows["mean time of a shard of which 1000 workers need half of these claims"]
        assert shortest == pytest.approx(2000 / many)


def test_each_number_of_processes_takes_jobs(results: dict[str, Any]) -> None:
    table = results["submissions"]["tables"][0]
    assert [line[0] for line in table["lines"]] == [1, 2]


def test_the_page_has_the_sections_and_says_how_busy_the_machine_was(output: Path) -> None:
    page = (output / "docs" / "benchmarks-scale.md").read_text()
    assert all(title in page for title in ("## Claims", "## Submissions", "load average"))
