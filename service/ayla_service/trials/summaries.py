"""Summary table of a job: one row per trial with its settings, flat, and its result so far, read piece by piece."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from ayla_service.computing_time import ComputingTime
from ayla_service.db.models import JobRow
from ayla_service.errors import JobNotFound
from ayla_service.trials.chunks import Units
from ayla_service.trials.columns import METRICS, MISSING, STATES, Column, TrialColumns
from ayla_service.trials.conditions import Order
from ayla_service.trials.layout import TrialLayout
from ayla_service.trials.numbers import numbers_of, pace
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.snapshot import TrialsSnapshot
from ayla_service.trials.table import NUMBERS_AT_ONCE, TOO_LONG, refuse_crowd
from ayla_service.trials.trial_ids import trial_id
from ayla_service.trials.trial_notes import notes_of

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
    **{name: pa.int64() if name.endswith("_epoch") else pa.float64() for name in METRICS},
    "ran_alone": pa.bool_(),
    "wall_seconds": pa.float64(),
    "steps_per_second": pa.float64(),
    "device": pa.string(),
    "notes": pa.string(),
}
_NAME = "name"
"""The setting that is told as ``optimizer``."""

_ADVICE = "Ask for some of the trials with where, arm, states or trials, or, as CSV, Arrow or Parquet, for all of them"


@dataclass(frozen=True)
class SummaryTable:
    """The table of trials; a setting that a trial's optimizer does not have is null.

    Attributes:
        units: opens a unit of work for each piece.
        snapshot: the trials.
        order: of the rows; None for that of the job.
    """

    units: Units
    snapshot: TrialsSnapshot
    order: Order | None = None

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns."""
        settings = [(name, column.type) for name, column in self._constants.items()]
        return pa.schema([*_IDENTITY.items(), *settings, *_RESULT.items()])

    def pieces(self) -> Iterator[pa.Table]:
        """The rows, some at a time.

        Raises:
            JobNotFound: if the job is deleted meanwhile.
        """
        rows_at_once = NUMBERS_AT_ONCE // len(self.schema)
        if self.order is not None:
            columns = self._read(self.snapshot.indexes)
            places = np.argsort(self.order.keys(numbers_of(columns, self.order.column)), kind="stable")
            for first in range(0, len(places), rows_at_once):
                yield self._table(columns.part(places[first : first + rows_at_once]))
            return
        for first in range(0, len(self.snapshot.indexes), rows_at_once):
            yield self._table(self._read(self.snapshot.indexes[first : first + rows_at_once]))

    def stored(self) -> None:
        """Nothing is stored as it is sent."""

    def whole(self, max_rows: int, max_numbers: int) -> pa.Table:
        """All rows at once.

        Raises:
            InvalidQuery: if they are more than that.
            JobNotFound: if the job is deleted meanwhile.
            TableTooLarge: if it takes too long.
        """
        refuse_crowd(len(self.snapshot.indexes), max_rows, len(self.schema), max_numbers, ("where", _ADVICE))
        return pa.concat_tables([self.schema.empty_table(), *ComputingTime(TOO_LONG).over(self.pieces())])

    def _read(self, indexes: Column) -> TrialColumns:
        with self.units() as session:
            job = session.get(JobRow, self.snapshot.job_id)
            if job is None:
                raise JobNotFound(self.snapshot.job_id)
            return TrialReader(session).among(job, indexes)

    def _table(self, columns: TrialColumns) -> pa.Table:
        entries = columns.arm
        made = _identity(columns) | {
            name: self._setting(columns, name, constants, entries) for name, constants in self._constants.items()
        }
        made |= {name: _result(columns, name, kind) for name, kind in _RESULT.items()}
        return pa.table(made, schema=self.schema)

    def _setting(self, columns: TrialColumns, name: str, constants: pa.Array, entries: Column) -> pa.Array:
        if name in columns.layout.axis_names:
            return _floats(columns.layout.numbers(name, columns.setting))
        return constants.take(pa.array(entries))

    @cached_property
    def _constants(self) -> Mapping[str, pa.Array]:
        """The settings of the trials by name, of each entry; null of an entry that has no trial here."""
        layout = self.snapshot.layout
        present = np.unique(layout.arms_of(layout.settings_of(self.snapshot.indexes))).tolist()
        names = dict.fromkeys(name for entry in present for name in layout.flat_settings[entry] if name != _NAME)
        return {name: _constant(layout, name, present) for name in names}


def _constant(layout: TrialLayout, name: str, present: Sequence[int]) -> pa.Array:
    if name in layout.axis_names:
        return pa.nulls(len(layout.optimizers), pa.float64())
    values: list[Any] = [None] * len(layout.optimizers)
    for entry in present:
        values[entry] = layout.flat_settings[entry].get(name)
    return _column(values)


def _identity(columns: TrialColumns) -> dict[str, pa.Array]:
    layout, indexes = columns.layout, columns.index.tolist()
    settings, places = np.unique(columns.setting, return_inverse=True)
    labels = pa.array(layout.labels(settings), pa.string())
    names = pa.array([settings["name"] for settings in layout.optimizers], pa.string())
    arms = pa.array(layout.arm_names, pa.string())
    return {
        "trial_id": pa.array([trial_id(layout.job_id, index) for index in indexes], pa.string()),
        "trial_index": pa.array(columns.index.astype(np.int32)),
        "label": labels.take(pa.array(places)),
        "optimizer_index": pa.array(columns.setting.astype(np.int32)),
        "optimizer": names.take(pa.array(columns.arm)),
        "arm": arms.take(pa.array(columns.arm)),
    }


def _result(columns: TrialColumns, name: str, kind: pa.DataType) -> pa.Array:
    match name:
        case "seed":
            return pa.array(columns.seed)
        case "state":
            return pa.array([state.value for state in STATES], pa.string()).take(pa.array(columns.state))
        case "device":
            places = columns["device"]
            return pa.array(columns.summaries.devices, pa.string()).take(pa.array(places, mask=places == MISSING))
        case "notes":
            texts, places = notes_of(columns)
            return pa.array(texts, pa.string()).take(pa.array(places))
        case "steps_per_second":
            return _floats(pace(columns))
        case "ran_alone":
            return pa.array(columns[name] == 1, mask=columns[name] == MISSING)
    values = columns[name]
    return _floats(values) if pa.types.is_floating(kind) else pa.array(values, mask=values == MISSING)


def _floats(values: Column) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _column(values: Sequence[Any]) -> pa.Array:
    """Settings of one name; as texts where they are of several kinds, or lists."""
    if all(isinstance(value, bool | None) for value in values):
        return pa.array(values, pa.bool_())
    if all(isinstance(value, int | float | None) and not isinstance(value, bool) for value in values):
        return pa.array(values, pa.float64())
    texts = [value if isinstance(value, str | None) else json.dumps(value) for value in values]
    return pa.array(texts, pa.string())
