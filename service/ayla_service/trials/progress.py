"""Progress of trials, written in the caller's transaction. Writing the same again changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, Boolean, Double, String, and_, bindparam, case, func, or_, type_coerce, update
from sqlalchemy.orm import Session

from ayla_service.db.models import TrialRow
from ayla_service.states import UNFINISHED_TRIAL, TrialState
from ayla_service.trials.metric_columns import METRIC_COLUMNS


@dataclass(frozen=True, slots=True)
class TrialProgress:
    """Progress of a trial after a block of steps; the fields are those of its summary.

    Attributes:
        seconds: computing time of the block.
        device: where it ran; None leaves what is stored.
        metrics: value of each column of ``METRIC_COLUMNS`` that has one.
        ran_alone: whether nothing else was computed beside it in its process; None: nobody knows.
    """

    trial_id: str
    state: TrialState
    steps_done: int
    final_loss: float | None
    best_loss: float | None
    best_step: int | None
    first_nonfinite_step: int | None
    capped_steps: int
    seconds: float
    device: str | None = None
    losses_below_one: int | None = None
    losses_above_one: int | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    ran_alone: bool | None = None


_METRICS = tuple(name for names in METRIC_COLUMNS.values() for name in names)
_COLUMNS = (
    "state", "steps_done", "final_loss", "best_loss", "best_step", "first_nonfinite_step", "capped_steps",
    "losses_below_one", "losses_above_one",
)  # fmt: skip

_IS_NEW = and_(TrialRow.steps_done == 0, TrialRow.wall_seconds == 0)
_ALONE = bindparam("alone", type_=Boolean)

# One statement for all trials: as many statements of their own took longer than computing the block.
_UPDATE = (
    update(TrialRow)
    .where(TrialRow.id == bindparam("this_trial"), or_(*(TrialRow.state == state for state in UNFINISHED_TRIAL)))
    .values(
        wall_seconds=TrialRow.wall_seconds
        + case((TrialRow.steps_done < bindparam("new_steps_done"), bindparam("seconds", type_=Double)), else_=0.0),
        stored_bytes=TrialRow.stored_bytes
        + case((TrialRow.steps_done < bindparam("new_steps_done"), bindparam("bytes", type_=BigInteger)), else_=0),
        device=func.coalesce(bindparam("new_device", type_=String), TrialRow.device),
        # Of all its attempts; where one is not known (null) it is at most known that it was not alone in another.
        ran_alone=case((_IS_NEW, _ALONE), else_=and_(type_coerce(TrialRow.ran_alone, Boolean), _ALONE)),
        **{name: bindparam(f"new_{name}") for name in (*_COLUMNS, *_METRICS)},
    )
)


def update_trials(session: Session, trials: Sequence[TrialProgress], sizes: Mapping[str, int]) -> None:
    """Write the progress of trials. Those that have ended keep their row as it is: a result never changes.

    Time and size are added for new steps only, so that writing a block again does not count it twice.

    Args:
        session: the unit of work.
        trials: the progress of each.
        sizes: bytes of results that were written for each (``NewResults.sizes``).
    """
    rows = [
        {
            "this_trial": trial.trial_id,
            "seconds": trial.seconds,
            "bytes": sizes.get(trial.trial_id, 0),
            "new_device": trial.device,
            "alone": trial.ran_alone,
        }
        | {f"new_{name}": getattr(trial, name) for name in _COLUMNS}
        | {f"new_{name}": trial.metrics.get(name) for name in _METRICS}
        for trial in trials
    ]
    if rows:
        session.connection().execute(_UPDATE, rows)
