"""Slots of teams: two answers at once, each with a bound of its computing time, given back whatever happens."""

import time

import pytest
from ayla_service import computing_time
from ayla_service.computing_time import MOST_SECONDS, ComputingTime
from ayla_service.errors import SweepTooLarge, TeamBusy
from ayla_service.sweeps.query import TOO_LONG
from ayla_service.team_slots import MOST_PER_TEAM, TeamSlots


def test_a_team_has_two_slots_and_other_teams_their_own() -> None:
    slots = TeamSlots()
    assert MOST_PER_TEAM == 2
    with slots.slot("one"), slots.slot("one"):
        with pytest.raises(TeamBusy) as refused, slots.slot("one"):
            pass
        assert refused.value.status == 429
        assert refused.value.headers == {"Retry-After": "1"}
        with slots.slot("other"):
            pass
    with slots.slot("one"):
        pass


def test_a_slot_is_given_back_when_the_computation_fails() -> None:
    slots = TeamSlots(most=1)
    with pytest.raises(ZeroDivisionError), slots.slot("one"):
        raise ZeroDivisionError
    with slots.slot("one"):
        pass


class Thread:
    """Computing time of a thread, which the test lets pass."""

    def __init__(self) -> None:
        self.spent = 7.0

    def thread_time(self) -> float:
        return self.spent


def _let_pass(thread: Thread, spent: ComputingTime) -> None:
    for _ in spent.over("ab"):
        thread.spent += MOST_SECONDS + 1


def test_an_answer_may_compute_up_to_the_bound_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    thread, slots = Thread(), TeamSlots(most=1)
    monkeypatch.setattr(computing_time, "time", thread)
    with slots.computing("one", TOO_LONG) as spent:
        thread.spent += MOST_SECONDS
        assert list(spent.over("ab")) == ["a", "b"]
    with pytest.raises(SweepTooLarge) as refused, slots.computing("one", TOO_LONG) as spent:
        _let_pass(thread, spent)
    assert "31 s of computing are too many for one answer, which takes at most 30 s" in refused.value.detail
    with slots.computing("one", TOO_LONG):
        pass


def test_waiting_is_no_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing_time, "MOST_SECONDS", 0.02)
    with TeamSlots().computing("one", TOO_LONG) as spent:
        time.sleep(0.05)
        spent.check()
