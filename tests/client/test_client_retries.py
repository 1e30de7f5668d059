"""What is sent again, how often, and when."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import ayla
import httpx2
import pytest
from ayla._retry import FIRST_DELAY, LONGEST_DELAY, LONGEST_RETRY_AFTER, is_transient_status, retry_after, retry_delay
from hypothesis import example, given
from hypothesis import strategies as st

from tests.client.fake_service import FakeService, Reply, problem

PASSING_FAILURES: list[Reply] = [
    httpx2.ConnectError("refused"),
    httpx2.ReadTimeout("too slow"),
    httpx2.RemoteProtocolError("closed"),
    problem(408, "timeout", "Too slow."),
    problem(429, "too-many", "Slow down."),
    problem(500, "internal-error", "Our fault."),
    problem(503, "not-ready", "Starting."),
]


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.mark.parametrize("failure", PASSING_FAILURES, ids=str)
def test_a_get_is_sent_again_after_a_passing_failure(service: FakeService, failure: Reply) -> None:
    service.replies = [failure, failure]

    assert [*service.client().jobs.list()] == []

    assert len(service.requests) == 3


@pytest.mark.parametrize("failure", PASSING_FAILURES, ids=str)
def test_a_submit_is_sent_again_with_the_same_key_and_body(service: FakeService, failure: Reply) -> None:
    service.replies = [failure, failure]

    job = service.client().jobs.submit(problem=ayla.preset("poly-sgd"))

    assert job.id in service.jobs
    assert len({request.headers["Idempotency-Key"] for request in service.requests}) == 1
    assert len({request.content for request in service.requests}) == 1
    assert len(service.requests) == 3


def test_each_submit_has_a_key_of_its_own(service: FakeService) -> None:
    client = service.client()
    for _ in range(2):
        client.jobs.submit(problem=ayla.preset("poly-sgd"))

    first, second = (request.headers["Idempotency-Key"] for request in service.requests)
    assert first != second


def test_a_given_key_is_used(service: FakeService) -> None:
    service.client().jobs.submit(problem=ayla.preset("poly-sgd"), idempotency_key="mine")

    assert service.requests[0].headers["Idempotency-Key"] == "mine"


def test_a_cancel_is_sent_again_because_twice_is_the_same_as_once(service: FakeService) -> None:
    job = service.client().jobs.submit(problem=ayla.preset("poly-sgd"))
    service.replies = [httpx2.ReadError("reset")]

    assert service.client().jobs.cancel(job).state == "cancelled"


def test_a_post_that_is_not_repeatable_is_sent_once(service: FakeService) -> None:
    service.replies = [httpx2.ReadTimeout("too slow")]
    transport = service.client()._transport

    with pytest.raises(ayla.APITimeoutError):
        transport.post("/v1/jobs", {})

    assert len(service.requests) == 1


def test_after_the_last_retry_the_failure_is_raised(service: FakeService) -> None:
    service.replies = [problem(503, "not-ready", "Starting.")] * 3

    with pytest.raises(ayla.ServerError, match="Starting"):
        service.client().jobs.get("job-0")

    assert len(service.requests) == 3


def test_the_number_of_retries_is_an_option(service: FakeService) -> None:
    service.replies = [httpx2.ConnectError("refused")] * 9
    client = service.client(max_retries=4)

    with pytest.raises(ayla.APIConnectionError):
        client.with_options(max_retries=0).jobs.get("job-0")
    assert len(service.requests) == 1

    with pytest.raises(ayla.APIConnectionError):
        client.jobs.get("job-0")
    assert len(service.requests) == 6


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_a_lasting_refusal_is_not_sent_again(service: FakeService, status: int) -> None:
    service.replies = [problem(status, "no", "No.")]

    with pytest.raises(ayla.APIStatusError):
        service.client().jobs.get("job-0")

    assert len(service.requests) == 1
    assert service.time.sleeps == []


def test_retry_after_is_honoured(service: FakeService) -> None:
    service.replies = [problem(429, "too-many", "Slow down.", Retry_After="7")]

    service.client().catalogue()

    assert service.time.sleeps == [7.0]


def test_a_service_that_asks_for_a_long_wait_is_reported_instead(service: FakeService) -> None:
    service.replies = [problem(503, "not-ready", "Back tomorrow.", Retry_After="86400")]

    with pytest.raises(ayla.ServerError):
        service.client().catalogue()

    assert service.time.sleeps == []


def test_the_delay_grows_and_is_jittered(service: FakeService) -> None:
    service.replies = [httpx2.ConnectError("refused")] * 2

    service.client().catalogue()

    first, second = service.time.sleeps
    assert FIRST_DELAY / 2 <= first <= FIRST_DELAY
    assert FIRST_DELAY <= second <= 2 * FIRST_DELAY


@given(st.integers(min_value=0, max_value=2000))
def test_no_delay_is_longer_than_the_longest(attempt: int) -> None:
    delay = retry_delay(attempt, {})

    assert delay is not None
    assert 0 < delay <= LONGEST_DELAY


def test_retry_after_may_be_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(seconds=30), usegmt=True)

    seconds = retry_after(soon)

    assert seconds is not None
    assert 0 < seconds <= 30
    assert retry_after(past) == 0


@given(st.text())
@example("0\x1f")
def test_any_retry_after_is_survived(value: str) -> None:
    seconds = retry_after(value)

    assert seconds is None or seconds >= 0


def test_nonsense_in_retry_after_falls_back_to_the_usual_delay() -> None:
    delay = retry_delay(0, {"Retry-After": "soon"})

    assert delay is not None
    assert delay <= FIRST_DELAY


def test_the_longest_wait_a_service_may_ask_for() -> None:
    assert retry_delay(0, {"Retry-After": f"{LONGEST_RETRY_AFTER:.0f}"}) == LONGEST_RETRY_AFTER
    assert retry_delay(0, {"Retry-After": f"{LONGEST_RETRY_AFTER + 1:.0f}"}) is None


@given(st.integers(min_value=100, max_value=499))
def test_only_passing_client_errors_are_retried(status: int) -> None:
    assert is_transient_status(status, "") == (status in {408, 429})


def test_a_damaged_store_is_not_asked_again() -> None:
    assert is_transient_status(503, "store-unavailable")
    assert not is_transient_status(503, "store-damaged")
