"""A worker without progress ends itself."""

import threading

from ayla_worker.watchdog import Watchdog

from tests.waiting import PATIENCE_SECONDS


def test_a_hungry_watchdog_ends_the_worker() -> None:
    ended = threading.Event()
    Watchdog(0.1, ended.set).start()
    assert ended.wait(PATIENCE_SECONDS)


def test_a_fed_watchdog_does_nothing() -> None:
    ended = threading.Event()
    dog = Watchdog(1.0, ended.set)
    dog.start()
    for _ in range(15):
        dog.feed()
        assert not ended.wait(0.1)
