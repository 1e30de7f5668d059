"""The wake event: a notification is answered by a check that begins after it."""

import threading
import time
from collections.abc import Callable

from ayla_worker.wake_event import WakeEvent

from tests.waiting import PATIENCE_SECONDS, wait_until


def in_thread(act: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def test_a_notification_is_answered_by_the_next_check() -> None:
    wake_event = WakeEvent()
    notifying = in_thread(wake_event.notify)
    wake_event.sleep(30)
    assert notifying.is_alive()
    wake_event.begin_check()
    wake_event.wait(0.001)
    notifying.join(PATIENCE_SECONDS)
    assert not notifying.is_alive()


def test_a_notification_during_a_check_needs_another_one() -> None:
    """The check may have passed the place where the work appeared."""
    wake_event = WakeEvent()
    wake_event.begin_check()
    notifying = in_thread(wake_event.notify)
    wait_until(lambda: wake_event._notified == 1)
    wake_event.wait(PATIENCE_SECONDS)
    notifying.join(0.1)
    assert notifying.is_alive()
    wake_event.begin_check()
    wake_event.wait(0.001)
    notifying.join(PATIENCE_SECONDS)
    assert not notifying.is_alive()


def test_a_wait_ends_with_a_wake_up_at_once() -> None:
    wake_event = WakeEvent()
    wake_event.begin_check()
    timer = threading.Timer(0.05, wake_event.wake)
    timer.start()
    begun = time.monotonic()
    wake_event.wait(PATIENCE_SECONDS)
    assert time.monotonic() - begun < PATIENCE_SECONDS


def test_nobody_waits_for_a_loop_that_has_ended() -> None:
    wake_event = WakeEvent()
    notifying = in_thread(wake_event.notify)
    wake_event.close()
    notifying.join(PATIENCE_SECONDS)
    assert not notifying.is_alive()


def test_it_says_whether_the_loop_is_busy() -> None:
    wake_event = WakeEvent()
    told: list[bool] = []
    wake_event.on_idle(lambda: told.append(wake_event.is_busy))
    assert wake_event.is_busy
    wake_event.begin_check()
    assert wake_event.is_busy
    wake_event.wait(0.001)
    assert told == [False]
