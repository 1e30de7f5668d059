"""Slots of teams: two answers at once, each team for itself, and given back whatever happens."""

import pytest
from ayla_service.errors import TeamBusy
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
