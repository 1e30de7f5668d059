"""One row per trial: its settings, flat, and its result so far."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import Trial
from ayla_service.results.standing import Standing

_TRIALS_AT_ONCE = 5000
"""More would be too many parameters for one query."""

_IDENTITY = {
    "trial_id": pa.string(),
    "trial_index": pa.int32(),
    "label": pa.string(),
    "optimizer_index": pa.int32(),
    "optimizer": pa.string(),
}
_RESULT = {
    "seed": pa.int64(),
    "state": pa.string(),
    "steps_done": pa.int64(),
    "final_loss": pa.float64(),
    "best_loss": pa.float64(),
    "best_step": pa.int64(),
    "first_nonfinite_step": pa.int64(),
    "capped_steps": pa.int64(),
    "wall_seconds": pa.float64(),
    "steps_per_second": pa.float64(),
    "device": pa.string(),
}
_NOT_SETTINGS = frozenset({"name", "label"})


def summary_table(session: Session, stood: Standing) -> pa.Table:
    """A table of trials; a setting that a trial's optimizer does not have is null.

    Args:
        session: the unit of work.
        stood: the trials.
    """
    trials = list(_trials(session, stood))
    settings = [flat(trial.settings) for trial in trials]
    names = dict.fromkeys(name for one in settings for name in one if name not in _NOT_SETTINGS)
    columns = {name: pa.array([_of(trial, name) for trial in trials], kind) for name, kind in _IDENTITY.items()}
    columns |= {name: _column([one.get(name) for one in settings]) for name in names}
    columns |= {name: pa.array([_of(trial, name) for trial in trials], kind) for name, kind in _RESULT.items()}
    return pa.table(columns)


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their path: ``{"ayla": {"n1": 1}}`` becomes ``{"ayla.n1": 1}``; null is left out."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[prefix + name] = value
    return found


def _trials(session: Session, stood: Standing) -> Iterable[Trial]:
    ids = [trial.id for trial in stood.trials]
    for first in range(0, len(ids), _TRIALS_AT_ONCE):
        query = select(Trial).where(Trial.id.in_(ids[first : first + _TRIALS_AT_ONCE]))
        yield from session.scalars(query.order_by(Trial.index))


def _of(trial: Trial, name: str) -> Any:
    match name:
        case "trial_id":
            return trial.id
        case "trial_index":
            return trial.index
        case "optimizer":
            return trial.settings["name"]
        case "steps_per_second":
            return trial.steps_done / trial.wall_seconds if trial.wall_seconds > 0 else None
        case _:
            return getattr(trial, name)


def _column(values: Sequence[Any]) -> pa.Array:
    """Settings of one name; as texts where they are of several kinds, or lists."""
    if all(isinstance(value, bool | None) for value in values):
        return pa.array(values, pa.bool_())
    if all(isinstance(value, int | float | None) and not isinstance(value, bool) for value in values):
        return pa.array(values, pa.float64())
    texts = [value if isinstance(value, str | None) else json.dumps(value) for value in values]
    return pa.array(texts, pa.string())
