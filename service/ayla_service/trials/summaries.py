"""Summary table of a job: one row per trial with its settings, flat, and its result so far."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from ayla_spec.optimizers.base import NAMES, arm_of
from ayla_spec.optimizers.effect import LossCounts, effect_notes
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service.db.models import TrialRow
from ayla_service.states import WITH_RESULT
from ayla_service.trials.metric_columns import METRIC_COLUMNS
from ayla_service.trials.snapshot import TrialsSnapshot

_TRIALS_AT_ONCE = 5000
"""More would be too many parameters for one query."""

_METRICS = tuple(name for names in METRIC_COLUMNS.values() for name in names)
_IDENTITY = {
    "trial_id": pa.string(),
    "trial_index": pa.int32(),
    "label": pa.string(),
    "optimizer_index": pa.int32(),
    "optimizer": pa.string(),
    "arm": pa.string(),
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
    "losses_below_one": pa.int64(),
    "losses_above_one": pa.int64(),
    **{name: pa.int64() if name.endswith("_epoch") else pa.float64() for name in _METRICS},
    "ran_alone": pa.bool_(),
    "wall_seconds": pa.float64(),
    "steps_per_second": pa.float64(),
    "device": pa.string(),
    "notes": pa.string(),
}
_STORED = select(
    TrialRow.id.label("trial_id"),
    TrialRow.index.label("trial_index"),
    TrialRow.label,
    TrialRow.optimizer_index,
    TrialRow.seed,
    TrialRow.state,
    TrialRow.steps_done,
    TrialRow.final_loss,
    TrialRow.best_loss,
    TrialRow.best_step,
    TrialRow.first_nonfinite_step,
    TrialRow.capped_steps,
    TrialRow.losses_below_one,
    TrialRow.losses_above_one,
    *(getattr(TrialRow, name) for name in _METRICS),
    TrialRow.ran_alone,
    TrialRow.wall_seconds,
    TrialRow.device,
)
_NOT_SETTINGS = NAMES | {"name"}


def summary_table(session: Session, snapshot: TrialsSnapshot) -> pa.Table:
    """A table of trials; a setting that a trial's optimizer does not have is null.

    Args:
        session: the unit of work.
        snapshot: the trials.
    """
    rows = _rows(session, snapshot)
    settings = _settings(session, snapshot.job_id)
    flattened = {index: flat(one) for index, one in settings.items()}
    mine = [flattened[row["optimizer_index"]] for row in rows]
    names = dict.fromkeys(name for one in mine for name in one if name not in _NOT_SETTINGS)
    described = [row | _derived(row, settings[row["optimizer_index"]]) for row in rows]
    columns = {name: pa.array([row[name] for row in described], kind) for name, kind in _IDENTITY.items()}
    columns |= {name: _column([one.get(name) for one in mine]) for name in names}
    columns |= {name: pa.array([row[name] for row in described], kind) for name, kind in _RESULT.items()}
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


def _rows(session: Session, snapshot: TrialsSnapshot) -> list[dict[str, Any]]:
    ids, rows = [trial.id for trial in snapshot.trials], list[dict[str, Any]]()
    for first in range(0, len(ids), _TRIALS_AT_ONCE):
        query = _STORED.where(TrialRow.id.in_(ids[first : first + _TRIALS_AT_ONCE])).order_by(TrialRow.index)
        rows += [dict(row) for row in session.execute(query).mappings()]
    return rows


def _settings(session: Session, job_id: str) -> dict[int, dict[str, Any]]:
    """The settings of each optimizer, which its trials share."""
    one_of_each = select(func.min(TrialRow.index)).where(TrialRow.job_id == job_id).group_by(TrialRow.optimizer_index)
    query = select(TrialRow.optimizer_index, TrialRow.settings).where(
        TrialRow.job_id == job_id, TrialRow.index.in_(one_of_each)
    )
    return {row.optimizer_index: row.settings for row in session.execute(query)}


def _derived(row: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that follow from a trial's row and settings."""
    notes = list[str]()
    if row["state"] in WITH_RESULT:
        notes = effect_notes(settings, LossCounts.known(row["losses_below_one"], row["losses_above_one"]))
    arm = arm_of({"label": row["label"], **settings})
    return {"optimizer": settings["name"], "arm": arm, "steps_per_second": _pace(row), "notes": " ".join(notes) or None}


def _pace(row: Mapping[str, Any]) -> float | None:
    return row["steps_done"] / row["wall_seconds"] if row["wall_seconds"] > 0 else None


def _column(values: Sequence[Any]) -> pa.Array:
    """Settings of one name; as texts where they are of several kinds, or lists."""
    if all(isinstance(value, bool | None) for value in values):
        return pa.array(values, pa.bool_())
    if all(isinstance(value, int | float | None) and not isinstance(value, bool) for value in values):
        return pa.array(values, pa.float64())
    texts = [value if isinstance(value, str | None) else json.dumps(value) for value in values]
    return pa.array(texts, pa.string())
