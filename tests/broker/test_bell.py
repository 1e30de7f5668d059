"""The bell: whoever rings waits for a look that begins after the ring."""

import threading
import time
from collections.abc import Callable

from ayla_worker.bell import Bell

from tests.worker.processes import wait_for


def in_thread(act: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def test_a_ring_is_answered_by_the_next_look() -> None:
    bell = Bell()
    ringing = in_thread(bell.ring)
    bell.pause(30)
    assert ringing.is_alive()
    bell.look()
    bell.rest(0.001)
    ringing.join(30)
    assert not ringing.is_alive()


def test_a_ring_during_a_look_needs_another_one() -> None:
    """The look may have passed the place where the work appeared."""
    bell = Bell()
    bell.look()
    ringing = in_thread(bell.ring)
    wait_for(lambda: bell._rung == 1)
    bell.rest(30)
    ringing.join(0.1)
    assert ringing.is_alive()
    bell.look()
    bell.rest(0.001)
    ringing.join(30)
    assert not ringing.is_alive()


def test_a_rest_ends_with_a_ring_at_once() -> None:
    bell = Bell()
    bell.look()
    timer = threading.Timer(0.05, bell.wake)
    timer.start()
    begun = time.monotonic()
    bell.rest(60)
    assert time.monotonic() - begun < 30


def test_nobody_waits_for_a_loop_that_has_ended() -> None:
    bell = Bell()
    ringing = in_thread(bell.ring)
    bell.close()
    ringing.join(30)
    assert not ringing.is_alive()


def test_it_tells_whether_there_is_use_in_ringing() -> None:
    bell = Bell()
    told: list[bool] = []
    bell.when_at_rest(lambda: told.append(bell.is_at_work))
    assert bell.is_at_work
    bell.look()
    assert bell.is_at_work
    bell.rest(0.001)
    assert told == [False]
