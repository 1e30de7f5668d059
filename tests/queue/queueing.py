"""What the tests of the queue have in common: claims, leases that run out, and looks at what came of them."""

from datetime import timedelta

from ayla_service.db.models import AttemptRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import claim
from ayla_service.queue.retries import RetryPolicy
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.service import ResultReader
from sqlalchemy import select, update

from tests.factories import AT_ONCE, WORKER

LEASE = 30.0
MAX_ATTEMPTS = AT_ONCE.max_attempts
FOR_EVER = RetryPolicy(max_attempts=1000, pause_seconds=0.0)


def claim_one(database: Database) -> Claim:
    """The best queued shard, which there has to be."""
    claimed = claim(database, WORKER, LEASE)
    assert claimed is not None
    return claimed


def expire_leases(database: Database) -> None:
    """Let every lease run out, as if its worker had been silent for long."""
    with database.write() as session:
        past = store_now(session) - timedelta(seconds=1)
        session.execute(update(ShardRow).where(ShardRow.state == "running").values(lease_expires_at=past))


def steps_of(database: Database, trial_id: str) -> list[int]:
    """The recorded steps of a trial."""
    table = ResultReader(database).trajectory(LOCAL.team_id, trial_id, TrajectoryQuery())
    steps: list[int] = table["step"].to_pylist()
    return steps


def outcomes(database: Database) -> list[str]:
    """How the attempts ended, by number."""
    with database.read() as session:
        return list(session.scalars(select(AttemptRow.outcome).order_by(AttemptRow.number)))


def shard_states(database: Database) -> list[str]:
    """The states of all shards."""
    with database.read() as session:
        return list(session.scalars(select(ShardRow.state)))
