"""Fair queue: pure rules, no store."""

import random

import pytest
from ayla_service.queue.fair_queue import FAIR, FairClocks, FairQueue, ResourceUsage, VirtualClock

TEAMS = {"x": ("ada", "bob"), "y": ("cleo",), "z": ("dan", "eve", "fay")}
TEAM_OF = {member: team for team, members in TEAMS.items() for member in members}


def clock(one: str, draw: random.Random) -> VirtualClock:
    return VirtualClock(one, draw.choice([0.5, 1.0, 3.0]), draw.choice([0.0, 7.0, 200.0]), 0.0, draw.choice([0.0, 5.0]))


def test_a_queue_and_clocks_that_are_looked_up_agree_on_who_is_next_and_on_what_is_charged() -> None:
    """The first is what claims use, and the second the forecast: in another order it would tell what does not come."""
    for seed in range(50):
        draw = random.Random(seed)  # no secret
        teams = {team: clock(team, draw) for team in TEAMS}
        members = {team: [clock(member, draw) for member in some] for team, some in TEAMS.items()}
        queue = FairQueue(teams.values(), members, FAIR)
        clocks = FairClocks(queue.clocks())
        used = []
        for _ in range(30):
            first = min(TEAM_OF, key=lambda member: clocks.rank(TEAM_OF[member], member))
            assert queue.first() == first
            used.append(ResourceUsage(first, TEAM_OF[first], draw.choice([1.0, 20.0])))
            queue.serve_first(used[-1].seconds)
            clocks.serve(used[-1].team_id, first, used[-1].seconds)
        found = {one.id: one for one in queue.clocks()}
        stored = {one.id: one for some in ([*teams.values()], *members.values()) for one in some}
        for deltas in queue.deltas(used):
            for one, delta in deltas.items():
                assert stored[one].virtual_time + delta.virtual_time == pytest.approx(found[one].virtual_time)
                assert stored[one].virtual_time + delta.last_start == pytest.approx(found[one].last_start)
                assert delta.seconds == sum(use.seconds for use in used if one in use)
