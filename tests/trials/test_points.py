"""Points that a design has drawn are stored once, in pieces, and read as far as they are needed."""

from typing import Any

import numpy as np
import pytest
from ayla_service.db.models import JobPointsRow
from ayla_service.db.session import Database
from ayla_service.jobs import retention
from ayla_service.queue.attempts import record
from ayla_service.queue.claims import claim
from ayla_service.trials import points
from ayla_service.trials.points import stored_space
from ayla_spec.design import plan_points
from ayla_spec.space import Space
from sqlalchemy import delete, func, select

from tests.factories import WORKER, jobs, progress, submit

RATE = {"low": 1e-4, "high": 0.1, "scale": "log"}
SWEEP: dict[str, Any] = {
    "optimizers": [
        {"name": "adam", "learning_rate": RATE},
        {"name": "sgd", "learning_rate": 0.1},
        {"name": "adam", "learning_rate": RATE, "ayla": {"n1": {"low": 0.5, "high": 1.5}, "n2": 1.2}},
    ],
    "search": {"design": "sobol", "settings": 40, "seed": 3, "share": ["learning_rate"]},
    "seeds": [7, 8],
}
SETTINGS = 40 + 1 + 40


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several pieces of an arm, and several shards of a job, whose ends are others."""
    monkeypatch.setattr(points, "SETTINGS_PER_PIECE", 7)
    monkeypatch.setattr("ayla_spec.shards.TRIALS_PER_SHARD", 25)


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(JobPointsRow)) or 0


@pytest.mark.every_store
def test_each_shard_has_the_points_of_its_trials(database: Database) -> None:
    job = submit(database, **SWEEP)
    assert count(database) == 2 * 6, "an arm without axes has none"
    drawn = Space.of(job.resolved, plan_points(job.resolved))
    seen = 0
    while (claimed := claim(database, WORKER, 30)) is not None:
        expected, found = drawn.batch(claimed.range.first, claimed.range.trials), claimed.trials
        assert found.columns.keys() == expected.columns.keys()
        for path, column in expected.columns.items():
            np.testing.assert_array_equal(found.columns[path], column, err_msg=path)
        assert len(claimed.points) <= 4, "no more than its own"
        seen += len(found)
        record(database, claimed, progress(claimed, 0, 10, finished=True), 30)
    assert seen == job.trials.total == 2 * SETTINGS


@pytest.mark.every_store
def test_settings_are_those_that_were_drawn_whatever_would_be_drawn_today(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(database, **SWEEP)
    rates = plan_points(job.resolved)[2]["learning_rate"].tolist()
    monkeypatch.setattr("ayla_spec.design.plan_points", lambda *_: pytest.fail("they are never drawn again"))
    with database.read() as session:
        space = stored_space(session, job.id, job.resolved)
        found = [space.setting(41 + place).learning_rate for place in range(40)]
        columns = space.columns(2, 5, 23)["learning_rate"].tolist()
    assert found == rates
    assert columns == rates[5:23]


@pytest.mark.every_store
def test_points_that_are_lost_are_missed_and_those_of_a_removed_job_go(database: Database) -> None:
    job = submit(database, **SWEEP)
    with database.write() as session:
        session.execute(delete(JobPointsRow).where(JobPointsRow.first_setting == 7))
    with database.read() as session, pytest.raises(LookupError, match="missing in the store"):
        stored_space(session, job.id, job.resolved).columns(0, 0, 40)
    jobs(database).cancel(job.id)
    retention.remove(database, job.id)
    assert count(database) == 0


def test_a_grid_has_no_points(database: Database) -> None:
    job = submit(database, optimizers=[{"name": "sgd", "learning_rate": {"values": [0.1, 0.2]}}])
    assert count(database) == 0
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    assert claimed.points == ()
    assert claimed.trials.numbers("learning_rate").tolist() == [0.1, 0.2]
    assert claimed.range.trials == job.trials.total
