"""What still waits, counted for reminders."""

from collections.abc import Mapping, Sequence

import pytest
from ayla_service.db.session import Database
from ayla_service.queue.claims import claim
from ayla_service.queue.sweep import SWEEP_LOCK, queued_by_device, sweep
from sqlalchemy import text

from tests.factories import WORKER, submit

pytestmark = pytest.mark.every_store


class Reminded:
    """A wake-up that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, int]] = []

    def notify(self, devices: Sequence[str]) -> None:
        raise AssertionError("a sweep brings no news")

    def remind(self, waiting: Mapping[str, int]) -> None:
        self.told.append(dict(waiting))

    def close(self) -> None:
        raise AssertionError("a sweep closes nothing")


def test_queued_shards_are_counted_by_device_up_to_a_limit(database: Database) -> None:
    for _ in range(4):
        submit(database)
    submit(database, device="cpu")
    assert claim(database, WORKER, 60) is not None  # what runs does not wait
    with database.read() as session:
        assert queued_by_device(session, 100) == {"auto": 3, "cpu": 1}
        assert queued_by_device(session, 2) == {"auto": 2, "cpu": 1}


def test_a_sweep_reminds_of_what_waits(database: Database) -> None:
    submit(database)
    wake_up = Reminded()
    sweep(database, wake_up)
    assert wake_up.told == [{"auto": 1}]


def test_nothing_is_said_where_nothing_waits(database: Database) -> None:
    wake_up = Reminded()
    sweep(database, wake_up)
    assert wake_up.told == []


def test_while_one_process_sweeps_others_pass(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one machine and no such lock")
    submit(database)
    wake_up = Reminded()
    with database.read() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SWEEP_LOCK})
        sweep(database, wake_up)
        assert wake_up.told == []
    sweep(database, wake_up)
    assert wake_up.told == [{"auto": 1}]
