"""The stores that released versions have left are read and worked on after the upgrade (``stores/fill.py``)."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from ayla_core.devices import set_threads
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.service import ComparisonService
from ayla_service.datasets.service import DatasetService
from ayla_service.db import migrate
from ayla_service.db.models import ApiKeyRow, JobRow, TeamRow, WebhookDeliveryRow, WebhookRow
from ayla_service.db.session import Database
from ayla_service.jobs.schemas import JobSummary
from ayla_service.queue.reaper import reap
from ayla_service.settings import Settings
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.schemas import Trial
from ayla_service.trials.selection import TrajectoryQuery, TrialSelection
from ayla_service.trials.service import ResultReader
from ayla_worker.identity import describe_worker
from ayla_worker.runner import Runner
from sqlalchemy import func, select

from tests.db.stores.fill import RUNNING
from tests.factories import AT_ONCE, Jobs, jobs
from tests.servers.postgres import PostgresServer
from tests.servers.reused import database_name

STORES = Path(__file__).parent / "stores"
STATES = {
    "succeeded": "succeeded",
    "diverged": "succeeded",
    "classified": "succeeded",
    "uploaded": "succeeded",
    "fitted": "succeeded",
    "failed": "failed",
    "running classified": "running",
    "running curve": "running",
    "cancelled": "cancelled",
    "paused": "queued",
    "queued": "queued",
}
RTOL = 1e-9
"""The stores were filled on another machine: products of matrices differ between processors in their last bits, and
expressions since the power of a loss is computed in place (decision 0021)."""
ALL = TrajectoryQuery()

set_threads(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The store of version 0.1.0, upgraded."""
    fixture = _sqlite(tmp_path) if request.param == "sqlite" else _postgres(request.getfixturevalue("postgres_server"))
    for database in fixture:
        migrate.upgrade(database)
        yield database
        database.dispose()


def _sqlite(folder: Path) -> Iterator[Database]:
    path = folder / "ayla.db"
    path.write_bytes(gzip.decompress((STORES / "store-0.1.0.db.gz").read_bytes()))
    yield Database(f"sqlite:///{path}")


def _postgres(server: PostgresServer) -> Iterator[Database]:
    name = database_name("released")
    database = Database(server.create_database(name).render_as_string(hide_password=False))
    loading: Any = database.engine.raw_connection()
    loading.driver_connection.execute(gzip.decompress((STORES / "store-0.1.0.sql.gz").read_bytes()))
    loading.driver_connection.commit()
    loading.invalidate()  # it looks for tables nowhere, as the dump has it
    yield database
    server.drop_database(name)


@pytest.fixture
def runner(store: Database, tmp_path: Path) -> Runner:
    settings = Settings(heartbeat_seconds=0.05, retry_seconds=0, datasets_dir=tmp_path / "datasets")
    return Runner(store, settings, describe_worker(settings), lambda: False)


def _by_name(service: Jobs) -> dict[str | None, JobSummary]:
    return {job.name: job for job in service.list().items}


def _only(service: Jobs, job: JobSummary) -> Trial:
    (trial,) = service.trials(job.id).items
    return trial


def test_everything_is_there(store: Database) -> None:
    service, reader = jobs(store), ResultReader(store)
    found = _by_name(service)
    assert {name: job.state for name, job in found.items()} == STATES
    with store.read() as session:
        counts = [session.scalar(select(func.count()).select_from(row)) for row in (TeamRow, ApiKeyRow, WebhookRow)]
        assert counts == [2, 1, 1]
        assert session.scalar(select(func.count()).select_from(WebhookDeliveryRow)) == 7, "one for each job that ended"
    assert [dataset.name for dataset in DatasetService(store).list(LOCAL).data] == ["flowers"]
    classified = _only(service, found["classified"])
    assert classified.summary is not None
    assert classified.summary.final_loss is not None
    assert (classified.summary.metrics, classified.summary.ran_alone) == ({}, None), "nobody has recorded them"
    metrics = reader.metrics(LOCAL.team_id, classified.id, ALL)
    assert metrics.column_names[:4] == ["step", "epoch", "train_loss", "train_accuracy"]
    assert metrics["step"].to_pylist() == [3, 6, 9, 12]
    assert reader.trajectory(LOCAL.team_id, classified.id, ALL).num_rows == 13
    for name, job in found.items():
        table = reader.summary(reader.of_job(None, LOCAL.team_id, job.id, TrialSelection()))
        assert table.whole(10, 1000)["state"].to_pylist() == [trial.state for trial in service.trials(job.id).items], (
            name
        )
    compared = ComparisonService(store).compare(LOCAL, [found["succeeded"].id], ComparisonQuery())
    assert len(compared.results[0].summaries) == 2


def test_the_work_goes_on(store: Database, runner: Runner) -> None:
    """What was running begins anew, as networks are computed in another way since (decisions 0025 and 0034)."""
    service, reader = jobs(store), ResultReader(store)
    assert reap(store, AT_ONCE) == len(RUNNING), "their worker is long gone"
    before = _by_name(service)
    steps = {name: _only(service, before[f"running {name}"]).steps_done for name in RUNNING}
    assert all(0 < done < 12 for done in steps.values()), steps
    again = {name: service.submit({**spec, "name": f"again {name}"}) for name, spec in RUNNING.items()}
    while runner.run_next():
        pass
    after = _by_name(service)
    went_on = STATES | dict.fromkeys(("running classified", "running curve", "queued"), "succeeded")
    went_on |= {job.name or "": "succeeded" for job in again.values()}
    assert {name: job.state for name, job in after.items()} == went_on
    for name in RUNNING:
        old, new = (_only(service, job) for job in (after[f"running {name}"], after[again[name].name]))
        assert service.attempts(old.job_id).items[-1].first_step == 0
        _require_close(*(reader.trajectory(LOCAL.team_id, trial.id, ALL) for trial in (old, new)))
        assert old.summary is not None
        assert new.summary is not None
        for metric, expected in new.summary.metrics.items():
            found = old.summary.metrics[metric]
            assert found.final == pytest.approx(expected.final, rel=RTOL)
            assert found.best == pytest.approx(expected.best, rel=RTOL)


def test_a_resolved_spec_can_be_submitted_again(store: Database, runner: Runner) -> None:
    service, reader = jobs(store), ResultReader(store)
    found = _by_name(service)
    for name in ("succeeded", "classified", "fitted", "uploaded"):
        with store.read() as session:
            resolved = session.get_one(JobRow, found[name].id).resolved_spec
        again = service.submit({**resolved, "name": f"again {name}"})
        while service.get(again.id).state != "succeeded":
            assert runner.run_next()
        pairs = zip(service.trials(found[name].id).items, service.trials(again.id).items, strict=True)
        for old, new in pairs:
            _require_close(*(reader.trajectory(LOCAL.team_id, trial.id, ALL) for trial in (old, new)))


def _require_close(before: pa.Table, now: pa.Table) -> None:
    assert before.column_names == now.column_names
    for name in before.column_names:
        np.testing.assert_allclose(before[name].to_numpy(), now[name].to_numpy(), rtol=RTOL, err_msg=name)
