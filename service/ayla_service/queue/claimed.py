"""Claims as their attempts have them: the shard that was taken, and what its attempt needs of the store.

That can be large, so it is read once the shard has been taken, when nobody waits for it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ayla_spec import ResolvedJobSpec
from ayla_spec.batch import TrialBatch
from ayla_spec.space import Space
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ayla_service.db.models import CheckpointRow, JobRow
from ayla_service.db.session import Database
from ayla_service.trials.points import PointsPiece, has_points, read_points, with_pieces
from ayla_service.trials.progress import read_summaries
from ayla_service.trials.writer import TrialRange


@dataclass(frozen=True, slots=True)
class SavedState:
    """A checkpoint of the shard, as the core packed it."""

    step: int
    data: bytes


@dataclass(frozen=True, slots=True)
class TakenShard:
    """A shard that a worker has taken.

    Attributes:
        shard_id: the shard.
        attempt: fencing token; a write with an older one is refused.
        worker: name of the worker.
        range: its trials.
    """

    shard_id: str
    attempt: int
    worker: str
    range: TrialRange

    @property
    def is_first(self) -> bool:
        """Whether it is tried for the first time: nothing of it is stored."""
        return self.attempt == 1


@dataclass(frozen=True)
class Claim:
    """One attempt at one shard, to be presented with every write.

    Attributes:
        shard_id: the shard.
        job_id: its job.
        attempt: fencing token; a write with an older one is refused.
        worker: name of the worker that claimed.
        resolved_spec: the job as resolved, as the store has it.
        range: its trials.
        saved: checkpoints of earlier attempts, newest first.
        seconds_used: computing time of earlier attempts that was recorded.
        origin: id of the first of the trials of another job that its job computes again; None of any other job.
        points: those of its settings, where the job's design has drawn them.
    """

    shard_id: str
    job_id: str
    attempt: int
    worker: str
    resolved_spec: Mapping[str, Any]
    range: TrialRange
    saved: tuple[SavedState, ...] = ()
    seconds_used: float = 0.0
    origin: str | None = None
    points: tuple[PointsPiece, ...] = ()

    @cached_property
    def spec(self) -> ResolvedJobSpec:
        """The job. Read when it is needed, so that one this version cannot read fails its attempt, not the claim.

        Raises:
            pydantic.ValidationError: if another version wrote what this one does not know.
        """
        return ResolvedJobSpec.model_validate(self.resolved_spec)

    @cached_property
    def trials(self) -> TrialBatch:
        """The shard's trials, in order."""
        space = Space.of(self.spec)
        return (with_pieces(space, self.points) if self.points else space).batch(self.range.first, self.range.trials)


def claims_of(database: Database, taken: Sequence[TakenShard]) -> tuple[Claim, ...]:
    """The claims of shards that have been taken, with what is stored of them; those of deleted jobs are left out.

    Raises:
        sqlalchemy.exc.DBAPIError: if the store does not answer; it can be asked again.
    """
    if not taken:
        return ()
    with database.read() as session:
        return tuple(_claims(session, taken))


def _claims(session: Session, taken: Sequence[TakenShard]) -> Iterator[Claim]:
    jobs = _jobs(session, {shard.range.job_id for shard in taken})
    again = {shard.shard_id: shard.range.trials for shard in taken if not shard.is_first}
    saved, seconds = _saved(session, again), _seconds(session, again)
    for shard in taken:
        if (job := jobs.get(shard.range.job_id)) is not None:
            yield Claim(
                shard_id=shard.shard_id,
                job_id=job.id,
                attempt=shard.attempt,
                worker=shard.worker,
                resolved_spec=job.resolved_spec,
                range=shard.range,
                saved=tuple(saved[shard.shard_id]),
                seconds_used=seconds.get(shard.shard_id, 0.0),
                origin=job.origin,
                points=_points(session, shard.range, job.resolved_spec),
            )


def _jobs(session: Session, ids: Collection[str]) -> dict[str, Row[Any]]:
    rows = session.execute(select(JobRow.id, JobRow.resolved_spec, JobRow.origin).where(JobRow.id.in_(ids)))
    return {row.id: row for row in rows}


def _points(session: Session, trials: TrialRange, spec: Mapping[str, Any]) -> tuple[PointsPiece, ...]:
    # What another version wrote fails its attempt, not the claim.
    seeds, end = len(spec.get("seeds", ())), trials.first + trials.trials
    if not seeds or not has_points(spec):
        return ()
    return read_points(session, trials.job_id, trials.first // seeds, -(-end // seeds))


def _seconds(session: Session, shards: Mapping[str, int]) -> dict[str, float]:
    """The computing time that was recorded of each shard, given the number of its trials."""
    if not shards:
        return {}
    found = read_summaries(session, shards)
    # Those that have ended have used no more than the others, unless these were tried again from their start.
    seconds = {shard_id: trials["wall_seconds"][~trials.has_result] for shard_id, trials in found.items()}
    return {shard_id: float(of_shard.max(initial=0.0)) for shard_id, of_shard in seconds.items()}


def _saved(session: Session, shard_ids: Collection[str]) -> dict[str, list[SavedState]]:
    found: dict[str, list[SavedState]] = defaultdict(list)
    if shard_ids:
        rows = select(CheckpointRow).where(CheckpointRow.shard_id.in_(shard_ids)).order_by(CheckpointRow.step.desc())
        for row in session.scalars(rows):
            found[row.shard_id].append(SavedState(row.step, row.data))
    return found
