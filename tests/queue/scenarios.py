"""Mixed loads to play through the queue, and what comes of them: for tests, and for ``benchmarks/fair_share.py``."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ayla_service.db.models import MemberRow, TeamRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue.fair_queue import FAIR, SharePolicy
from ayla_service.teams.principal import LOCAL, Principal
from sqlalchemy import update

from tests.factories import stranger
from tests.queue.simulation import (
    Arrival,
    ShardRun,
    Simulation,
    first_in_first_out,
    noise,
    poisson,
    seconds_of,
)

WORKERS = 4
SWEEP_SHARD = 20.0
"""Seconds of a shard of a large sweep, as jobs are cut."""

SMALL_EVERY = 30.0
"""Seconds between the small jobs of a member, on average."""


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of all workers somebody had, and should have had."""

    name: str
    had: float
    ideal: float


@dataclass(frozen=True, slots=True)
class WaitTimes:
    """How long small jobs waited, in seconds."""

    jobs: int
    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Mixed:
    """What came of a mixed load.

    Attributes:
        shares: of the two teams.
        fair: waits of small jobs.
        fifo: waits of the same jobs if the oldest shard always went first.
        longest_gap: longest time in which nothing of a sweep that waited was started.
    """

    shares: list[Share]
    fair: WaitTimes
    fifo: WaitTimes
    longest_gap: float


def member_of(database: Database, team: Principal, name: str, weight: float = 1.0) -> Principal:
    """Another member of a team."""
    member = str(uuid.uuid4())
    with database.write() as session:
        now = store_now(session)
        row = MemberRow(id=member, team_id=team.team_id, name=name, role=team.role, limits={}, created_at=now)
        row.weight = weight
        session.add(row)
    return Principal(team.team_id, member, name, team.role, team.scopes)


def other_team(database: Database, name: str, weight: float) -> Principal:
    """The first member of another team."""
    first = stranger(database, name)
    with database.write() as session:
        session.execute(update(TeamRow).where(TeamRow.id == first.team_id).values(weight=weight))
    return first


def backlogs(database: Database, seconds: float) -> list[Share]:
    """Two teams of weights 1 and 2, the first with members of weights 1 and 2; all want more than they can get."""
    ada, bob, eve = LOCAL, member_of(database, LOCAL, "bob", weight=2.0), other_team(database, "eve", weight=2.0)
    shards = int(seconds)
    arrivals = [
        Arrival(0.0, ada, (10.0,) * shards),
        Arrival(0.0, bob, (7.0,) * shards),
        Arrival(0.0, eve, (15.0,) * shards),
    ]
    had = seconds_of(Simulation(database, WORKERS, noise(1)).play(arrivals, seconds), 0.0, seconds)
    ideals = {"ada": (ada, 1 / 9), "bob": (bob, 2 / 9), "eve": (eve, 2 / 3)}
    return [Share(name, had[who.member_id] / (WORKERS * seconds), ideal) for name, (who, ideal) in ideals.items()]


def mixed(database: Database, seconds: float) -> Mixed:
    """Ada sweeps 1000 trials, and so does eve of a team of weight 2; their colleagues have small jobs now and then."""
    ada, eve = LOCAL, other_team(database, "eve", weight=2.0)
    few = [member_of(database, ada, name) for name in ("bob", "cleo", "dan")] + [member_of(database, eve, "fay")]
    sweep = (SWEEP_SHARD,) * int(max(1000.0, WORKERS * seconds) / SWEEP_SHARD)
    arrivals = [Arrival(0.0, ada, sweep), Arrival(0.0, eve, sweep)]
    for number, who in enumerate(few):
        arrivals += [Arrival(at, who, (0.1 + at % 2.0,)) for at in poisson(number, 1 / SMALL_EVERY, 0.9 * seconds)]
    runs = Simulation(database, WORKERS, noise(2)).play(arrivals, seconds)
    had = seconds_of(runs, 0.0, seconds)
    ids = {who.member_id for who in few}
    return Mixed(
        [
            Share("team of ada", had[ada.team_id] / (WORKERS * seconds), 1 / 3),
            Share("team of eve", had[eve.team_id] / (WORKERS * seconds), 2 / 3),
        ],
        _waits(runs, ids),
        _waits(first_in_first_out(arrivals, WORKERS, noise(2)), ids),
        max(_longest_gap(runs, who) for who in (ada, eve)),
    )


def newcomer(database: Database, since: float, minutes: int, policy: SharePolicy = FAIR) -> list[float]:
    """Ada has had all workers for so many seconds when bob comes; what bob has of them in each minute from then on."""
    ada, bob, until = LOCAL, member_of(database, LOCAL, "bob"), since + 60.0 * minutes
    shards = int(WORKERS * until / SWEEP_SHARD)
    arrivals = [Arrival(0.0, ada, (SWEEP_SHARD,) * shards), Arrival(since, bob, (SWEEP_SHARD,) * shards)]
    runs = Simulation(database, WORKERS, noise(3), policy).play(arrivals, until)
    spans = [(since + 60.0 * minute, since + 60.0 * (minute + 1)) for minute in range(minutes)]
    return [seconds_of(runs, *span)[bob.member_id] / (WORKERS * 60.0) for span in spans]


def _waits(runs: Sequence[ShardRun], members: Collection[str]) -> WaitTimes:
    waited = [run.waited for run in runs if run.owner.member_id in members]
    return WaitTimes(len(waited), median(waited), max(waited))


def _longest_gap(runs: Sequence[ShardRun], who: Principal) -> float:
    starts = sorted(run.start for run in runs if run.owner.member_id == who.member_id)
    return max(later - earlier for earlier, later in pairwise(starts))
