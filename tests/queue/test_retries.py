"""What follows a failed attempt: pure rules, without a store."""

import pytest
from ayla_service.queue.retries import LONGEST_PAUSE_SECONDS, PERMANENT, ErrorType, RetryPolicy, policy_of
from ayla_service.settings import Settings
from hypothesis import given
from hypothesis import strategies as st

ERRORS = st.sampled_from(list(ErrorType))
POLICIES = st.builds(RetryPolicy, st.integers(1, 10_000), st.floats(0, 100))


@pytest.mark.parametrize("error", sorted(PERMANENT))
def test_what_comes_again_each_time_is_not_tried_again(error: ErrorType) -> None:
    assert RetryPolicy(max_attempts=100, pause_seconds=1.0).pause(error, failures=1) is None


@given(POLICIES, ERRORS, st.integers(1, 10_000))
def test_there_are_never_more_attempts_than_allowed_nor_longer_pauses(
    policy: RetryPolicy, error: ErrorType, failures: int
) -> None:
    pause = policy.pause(error, failures)
    assert (pause is None) == (error in PERMANENT or failures >= policy.max_attempts)
    assert pause is None or 0 <= pause <= LONGEST_PAUSE_SECONDS


@given(POLICIES, ERRORS.filter(lambda error: error not in PERMANENT), st.integers(1, 48))
def test_each_pause_is_at_least_as_long_as_the_one_before(policy: RetryPolicy, error: ErrorType, failures: int) -> None:
    before, after = policy.pause(error, failures), policy.pause(error, failures + 1)
    assert before is None or after is None or before <= after


def test_the_pauses_by_kind_of_error() -> None:
    policy = policy_of(Settings(max_attempts=5, retry_seconds=2.0))

    def pauses(error: ErrorType) -> list[float | None]:
        return [policy.pause(error, failures) for failures in range(1, 6)]

    assert pauses(ErrorType.WORKER_LOST) == [0.0, 4.0, 8.0, 16.0, None], "the lease was the first pause"
    assert pauses(ErrorType.UNEXPECTED) == [2.0, 4.0, 8.0, 16.0, None]
    assert pauses(ErrorType.OUT_OF_MEMORY) == [10.0, 20.0, 40.0, 80.0, None]
