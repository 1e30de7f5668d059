"""When a worker with a broker looks for work by itself."""

from collections.abc import Mapping, Sequence

import pytest
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from ayla_worker.timers import SweepTimer

from tests.factories import submit


class Told:
    """A broker that delivers nothing."""

    def __init__(self) -> None:
        self.reminders: list[Mapping[str, int]] = []

    def notify(self, devices: Sequence[str]) -> None:
        raise AssertionError(devices)

    def remind(self, waiting: Mapping[str, int]) -> None:
        self.reminders.append(waiting)

    def close(self) -> None:
        pass


@pytest.fixture
def told() -> Told:
    return Told()


def timer(database: Database, told: Told, *, listening: bool) -> SweepTimer:
    return SweepTimer(Settings(sweep_seconds=7), database, told, lambda: listening)


def test_without_a_broker_it_looks_every_second(database: Database, told: Told) -> None:
    looks = timer(database, told, listening=False)
    assert (looks.seconds(), looks.is_due()) == (1.0, True)
    assert told.reminders == []


def test_what_waits_is_told_first_and_claimed_if_nothing_comes_of_it(database: Database, told: Told) -> None:
    looks = timer(database, told, listening=True)
    assert (looks.seconds(), looks.is_due()) == (7.0, False)
    submit(database)
    assert not looks.is_due()
    assert told.reminders == [{"auto": 1}]
    assert looks.is_due()


def test_a_task_shows_that_messages_arrive(database: Database, told: Told) -> None:
    looks = timer(database, told, listening=True)
    submit(database)
    assert not looks.is_due()
    looks.worked()
    assert not looks.is_due()
    assert len(told.reminders) == 3
