"""A small study through a real service: cut off by a kill, taken up, extended, and computed again from its files."""

import csv
import json
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ayla.cli.app import app
from ayla.study import study_of
from ayla.study.plan import tuning_jobs
from scipy.stats import binomtest  # type: ignore[import-untyped]
from typer.testing import CliRunner, Result

from tests.system.processes import Service, service

STUDY = """
study: small
problems:
  - {name: sphere, function: sphere, budget: {steps: 40}}
  - {name: booth, function: booth, noise: 0.5, budget: {steps: 40}}
  - {name: absent, problem: {type: dataset, dataset: {name: file, file: nowhere.csv, target: y}}, budget: {steps: 5},
     optional: true}
arms:
  - arm: SGD
    optimizer: {name: sgd, learning_rate: {low: 0.001, high: 1, scale: log}}
    ayla: {n1: {low: 0.5, high: 2}, n2: {low: 0.5, high: 2}}
protocol: {settings: 4, tuning_seeds: 3, confirm_seeds: 7}
"""


def ayla(running: Service, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--base-url", running.url, "study", *arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path, Result]]:
    """A service that was killed after the first jobs were there, the folder, and the run that took them up."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "study.yaml").write_text(STUDY)
    with service(folder) as first, first.client() as client:
        study = study_of(yaml.safe_load(STUDY))
        client.jobs.submit(tuning_jobs(study, study.problems[0], [])[0].spec)
        first.kill()
    with service(folder) as second:
        yield second, folder, ayla(second, "run", str(folder / "study.yaml"), "-o", str(folder / "report"))


def trials(folder: Path) -> list[dict[str, str]]:
    with (folder / "report" / "trials.csv").open(newline="") as file:
        return [*csv.DictReader(file)]


def test_it_goes_on_and_leaves_out_what_has_no_data(made: tuple[Service, Path, Result]) -> None:
    running, folder, result = made

    assert result.exit_code == 0, result.output
    assert "Left out: absent" in result.output
    assert {path.name for path in (folder / "report").iterdir()} >= {
        "report.html", "report.md", "report.tex", "report.json", "trials.csv", "study.yaml", "improvement.png",
    }  # fmt: skip
    with running.client() as client:
        names = [job.name or "" for job in client.jobs.list(project="small")]
    assert sorted(name.split(",")[0] for name in names if "absent" not in name) == ["booth"] * 2 + ["sphere"] * 2


def test_its_numbers_come_out_of_its_table(made: tuple[Service, Path, Result]) -> None:
    """Selected settings, wins and p-values, computed from the trials alone."""
    _, folder, _ = made
    report = json.loads((folder / "report" / "report.json").read_text())
    for place, there in enumerate(report["comparison"]["protocol"]["problems"]):
        name = next(
            one["name"]
            for one in report["problems"]
            if report["comparison"]["problems"][place]["job_ids"][0] in one["jobs"]
        )
        mine = [row for row in trials(folder) if row["problem"] == name]
        selected = {arm: _selected(mine, arm) for arm in ("SGD", "AYLA-SGD")}
        assert selected == {arm["arm"]: arm["selected"] for arm in there["arms"]}
        results = {arm: _confirmed(mine, label) for arm, label in selected.items()}
        assert {*results["SGD"]} == {*range(1000, 1007)}
        wins = sum(results["AYLA-SGD"][seed] < results["SGD"][seed] for seed in results["SGD"])
        losses = sum(results["AYLA-SGD"][seed] > results["SGD"][seed] for seed in results["SGD"])
        (pair,) = there["pairs"]
        assert (pair["wins"], pair["losses"]) == (wins, losses)
        assert pair["sign_test"]["p_value"] == pytest.approx(binomtest(wins, wins + losses).pvalue)


def _value(row: dict[str, str]) -> float:
    return float(row["final_loss"] or "inf")


def _selected(rows: list[dict[str, str]], arm: str) -> str:
    values = defaultdict(list)
    for row in rows:
        if row["phase"] == "tuning" and row["arm"] == arm:
            values[row["label"]].append(_value(row))
    return min(values, key=lambda label: statistics.median(values[label]))


def _confirmed(rows: list[dict[str, str]], label: str) -> dict[int, float]:
    return {int(row["seed"]): _value(row) for row in rows if row["phase"] == "confirmation" and row["label"] == label}


def test_a_second_run_submits_nothing_and_a_larger_study_only_what_is_new(made: tuple[Service, Path, Result]) -> None:
    running, folder, _ = made
    file, larger = folder / "study.yaml", folder / "larger.yaml"
    larger.write_text(STUDY.replace("confirm_seeds: 7", "confirm_seeds: 8"))

    with running.client() as client:

        def jobs() -> set[str]:
            return {job.id for job in client.jobs.list(project="small") if "absent" not in (job.name or "")}

        before = jobs()
        assert ayla(running, "run", str(file), "-o", str(folder / "again")).exit_code == 0
        assert jobs() == before
        assert ayla(running, "run", str(larger), "-o", str(folder / "larger")).exit_code == 0
        added = [client.jobs.get(number) for number in jobs() - before]
    assert [(job.spec or {})["seeds"] for job in added] == [[1007]] * 2
    page = (folder / "larger" / "report.md").read_text()
    assert "run on 8 fresh seeds" in page


def test_status_and_report_submit_nothing(made: tuple[Service, Path, Result]) -> None:
    running, folder, _ = made
    file = folder / "study.yaml"
    told = ayla(running, "status", str(file)).stdout

    assert [line.split()[:2] for line in told.splitlines()[1:3]] == [["sphere", "complete"], ["booth", "complete"]]
    assert ayla(running, "report", str(file), "-o", str(folder / "told")).exit_code == 0
    assert (folder / "told" / "report.html").is_file()


def test_a_problem_that_is_no_job_is_told_before_anything_is_submitted(made: tuple[Service, Path, Result]) -> None:
    running, folder, _ = made
    wrong = folder / "wrong.yaml"
    wrong.write_text(STUDY.replace("study: small", "study: wrong").replace("steps: 5}", "steps: 0}"))
    result = ayla(running, "run", str(wrong), "-o", str(folder / "wrong"))

    assert result.exit_code == 2
    assert "wrong.yaml#/problems/2" in result.output
    with running.client() as client:
        assert [*client.jobs.list(project="wrong")] == []
