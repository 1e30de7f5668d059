"""Requests: each is answered once, in order, whoever ends first."""

import threading
from collections.abc import Callable

from ayla_worker.report import WorkReport
from ayla_worker.requests import Requests

from tests.waiting import PATIENCE_SECONDS


def in_thread(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def test_requests_are_taken_in_their_order() -> None:
    requests = Requests()
    first, second = requests.put(), requests.put()
    assert requests.next(0.0) is first
    assert requests.next(0.0) is second
    assert requests.next(0.0) is None


def test_the_asker_gets_the_answer() -> None:
    requests = Requests()
    request = requests.put()
    in_thread(lambda: request.finish(WorkReport(shards=3)))
    assert request.answer().shards == 3


def test_a_wait_ends_with_a_request_at_once() -> None:
    requests, put = Requests(), []
    timer = threading.Timer(0.05, lambda: put.append(requests.put()))
    timer.start()
    assert requests.next(PATIENCE_SECONDS) is not None
    timer.join()


def test_a_wait_ends_with_a_wake_up_and_without_a_request() -> None:
    requests = Requests()
    timer = threading.Timer(0.05, requests.wake)
    timer.start()
    assert requests.next(PATIENCE_SECONDS) is None


def test_only_the_request_that_is_worked_on_is_handed_back() -> None:
    requests = Requests()
    first, second = requests.put(), requests.put()
    second.hand_back()
    assert requests.next(0.0) is first
    assert not requests.is_handed_back()
    first.hand_back()
    assert requests.is_handed_back()


def test_nobody_waits_for_a_worker_that_has_ended() -> None:
    requests = Requests()
    waiting = requests.put()
    requests.close()
    assert waiting.answer() == WorkReport()
    assert requests.put().answer() == WorkReport()
