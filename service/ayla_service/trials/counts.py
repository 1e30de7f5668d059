"""Numbers of the trials of jobs by state, from what their shards' rows say."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service.db.models import ShardRow
from ayla_service.states import ShardState, TrialState
from ayla_service.trials.columns import STATE_OF_SHARD

StateCounts = Mapping[TrialState, tuple[int, int]]
"""The number of a job's trials and their steps done, by state; only states that there are."""


def trial_counts(session: Session, job_ids: Sequence[str]) -> dict[str, dict[TrialState, tuple[int, int]]]:
    """The number of each job's trials and their steps done, by state; one query however many jobs there are."""
    counts: dict[str, dict[TrialState, tuple[int, int]]] = {job_id: {} for job_id in job_ids}
    sums = [func.sum(column) for column in _COUNTED]
    query = select(ShardRow.job_id, ShardRow.state, *sums).where(ShardRow.job_id.in_(job_ids))
    for job_id, state, *numbers in session.execute(query.group_by(ShardRow.job_id, ShardRow.state)):
        for of_state, (trials, steps) in _by_state(ShardState(state), *map(int, numbers)):
            before = counts[job_id].get(of_state, (0, 0))
            counts[job_id][of_state] = (before[0] + trials, before[1] + steps)
    return counts


_COUNTED = (
    ShardRow.trials,
    ShardRow.steps_done,
    ShardRow.completed,
    ShardRow.completed_steps,
    ShardRow.diverged,
    ShardRow.diverged_steps,
)


def _by_state(
    state: ShardState, trials: int, steps: int, completed: int, completed_steps: int, diverged: int, diverged_steps: int
) -> list[tuple[TrialState, tuple[int, int]]]:
    """The trials of shards in one state, by their own."""
    others = (trials - completed - diverged, steps - completed_steps - diverged_steps)
    found = [
        (TrialState.COMPLETED, (completed, completed_steps)),
        (TrialState.DIVERGED, (diverged, diverged_steps)),
        (STATE_OF_SHARD[state], others),
    ]
    return [(one, numbers) for one, numbers in found if numbers[0]]
