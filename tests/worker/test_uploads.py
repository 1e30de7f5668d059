"""Jobs on uploaded datasets: run as on a file of the same numbers, fetched from the store once, or failing for good."""

from pathlib import Path
from typing import Any

import pytest
from ayla_core.datasets import loading
from ayla_core.datasets.loading import DatasetCache
from ayla_service.datasets import content
from ayla_service.db.models import DatasetPartRow, DatasetRow
from ayla_service.db.session import Database
from ayla_service.jobs.schemas import JobDetail
from ayla_service.settings import Settings
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.service import ResultReader
from ayla_worker import data
from ayla_worker.identity import describe_worker
from ayla_worker.runner import Runner
from sqlalchemy import delete, update

from tests.factories import jobs, submit
from tests.uploaded import FLOWERS, upload, upload_problem

OPTIONS: dict[str, Any] = {"task": "classification", "test_fraction": 0.4, "data_seed": 3}


@pytest.fixture(autouse=True)
def _only_the_newest_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_CACHE", DatasetCache(0))


@pytest.fixture
def runner(database: Database, tmp_path: Path) -> Runner:
    settings = Settings(heartbeat_seconds=0.05, retry_seconds=0, datasets_dir=tmp_path / "datasets")
    return Runner(database, settings, describe_worker(settings), lambda: False)


def _run(database: Database, runner: Runner, dataset: dict[str, Any]) -> tuple[JobDetail, list[dict[str, Any]]]:
    problem = {**upload_problem(), "dataset": dataset, "batch_size": 5}
    job = submit(database, problem=problem, budget={"steps": 8})
    assert runner.run_next()
    trials = jobs(database).trials(job.id).items
    tables = [ResultReader(database).trajectory(LOCAL.team_id, trial.id, TrajectoryQuery()) for trial in trials]
    return jobs(database).get(job.id), [table.to_pydict() for table in tables]


def test_an_upload_is_trained_on_as_a_file_is(
    database: Database, runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "PART_BYTES", 100)
    upload(database)
    done, rows = _run(database, runner, {"name": "upload", "dataset": "flowers", **OPTIONS})
    assert done.state == "succeeded", done.error
    files = tmp_path / "datasets" / "files"
    files.mkdir()
    (files / "flowers.csv").write_bytes(FLOWERS)
    same, expected = _run(database, runner, {"name": "file", "file": "flowers.csv", **OPTIONS})
    assert same.state == "succeeded"
    assert rows == expected
    assert len(rows[0]["step"]) == 9


def test_columns_can_be_chosen(database: Database, runner: Runner) -> None:
    upload(database)
    chosen = {"name": "upload", "dataset": "flowers", "target": "width", "inputs": ["height"], "standardize": False}
    done, _ = _run(database, runner, chosen)
    assert done.state == "succeeded"


def test_it_is_fetched_once(database: Database, runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(database)
    dataset = {"name": "upload", "dataset": "flowers"}
    assert _run(database, runner, dataset)[0].state == "succeeded"
    monkeypatch.setattr(data, "read_part", lambda *_: pytest.fail("fetched again"))
    assert _run(database, runner, {**dataset, "target": "width"})[0].state == "succeeded"


@pytest.mark.parametrize("what", ["the dataset", "its parts"])
def test_a_job_whose_data_are_gone_fails_at_once_and_says_so(database: Database, runner: Runner, what: str) -> None:
    upload(database)
    job = submit(database, problem=upload_problem())
    with database.write() as session:
        session.execute(delete(DatasetPartRow))
        if what == "the dataset":
            session.execute(delete(DatasetRow))
    assert runner.run_next()
    failed = jobs(database).get(job.id)
    assert (failed.state, failed.attempts.total) == ("failed", 1)
    assert failed.error is not None
    assert failed.error.type == "dataset-unusable"
    assert "was deleted" in failed.error.detail


def test_content_that_is_not_what_the_job_is_for_is_not_used(
    database: Database, runner: Runner, tmp_path: Path
) -> None:
    upload(database)
    job = submit(database, problem=upload_problem())
    with database.write() as session:
        session.execute(update(DatasetPartRow).values(data=b"PAR1 something else PAR1"))
    assert runner.run_next()
    failed = jobs(database).get(job.id)
    assert failed.error is not None
    assert failed.error.type == "dataset-unusable"
    assert "not the one that the job is for" in failed.error.detail
    left = [path.name for path in (tmp_path / "datasets" / "uploads").iterdir()]
    assert all(name.endswith(".lock") for name in left)
