"""Summaries of trials as columns: how they are stored, one piece per shard, and how they are read, for a whole job.

A missing number is NaN, or -1 among the integers, none of which can be negative.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ayla_service.states import WITH_RESULT, ShardState, TrialState
from ayla_service.trials.encoding import decode, encode_table, numbers_in
from ayla_service.trials.layout import TrialLayout
from ayla_service.trials.metric_columns import METRIC_COLUMNS
from ayla_service.trials.record import TrialRecord
from ayla_service.trials.trial_ids import trial_id

Column = npt.NDArray[Any]

MISSING = -1
"""Stands for no number among the integers."""

STATES = (
    TrialState.QUEUED,
    TrialState.RUNNING,
    TrialState.COMPLETED,
    TrialState.DIVERGED,
    TrialState.FAILED,
    TrialState.CANCELLED,
)
"""The states by their codes, which are stored."""

CODES: Mapping[TrialState, int] = {state: code for code, state in enumerate(STATES)}

STATE_OF_SHARD: Mapping[ShardState, TrialState] = {
    ShardState.QUEUED: TrialState.QUEUED,
    ShardState.DELAYED: TrialState.QUEUED,
    ShardState.PAUSED: TrialState.QUEUED,
    ShardState.RUNNING: TrialState.RUNNING,
    ShardState.FAILED: TrialState.FAILED,
    ShardState.CANCELLED: TrialState.CANCELLED,
    # Only of a trial whose summary is gone: each has a result when its shard succeeds.
    ShardState.SUCCEEDED: TrialState.CANCELLED,
}
"""The state of a trial that has no result."""

_RESULT_CODES = tuple(CODES[state] for state in WITH_RESULT)
_METRIC_VALUES = tuple(name for names in METRIC_COLUMNS.values() for name in (names.final, names.best))
_METRIC_EPOCHS = tuple(names.best_epoch for names in METRIC_COLUMNS.values())

METRICS = tuple(name for names in METRIC_COLUMNS.values() for name in names)
"""The columns of metrics of whole parts."""

BLANK: Mapping[str, int | float] = {
    "state": CODES[TrialState.QUEUED],
    "steps_done": 0,
    "final_loss": np.nan,
    "best_loss": np.nan,
    "best_step": MISSING,
    "first_nonfinite_step": MISSING,
    "capped_steps": 0,
    "losses_below_one": MISSING,
    "losses_above_one": MISSING,
    **dict.fromkeys(_METRIC_VALUES, np.nan),
    **dict.fromkeys(_METRIC_EPOCHS, MISSING),
    "ran_alone": MISSING,
    "wall_seconds": 0.0,
    "stored_bytes": 0,
    "device": MISSING,
}
"""Every column of a summary, and its value before the first step of a trial. A column of floats holds float64, any
other int64 (int8 where it is ``state`` or ``ran_alone``, int16 where it is ``device``)."""

_SMALL = {"state": np.int8, "ran_alone": np.int8, "device": np.int16}
_DTYPES: Mapping[str, np.dtype[Any]] = {
    name: np.dtype(_SMALL.get(name, np.float64 if isinstance(value, float) else np.int64))
    for name, value in BLANK.items()
}
_CONSTANTS, _DEVICES = b"constants", b"devices"


@dataclass(frozen=True, slots=True)
class Summaries:
    """Summaries of some trials, in order.

    Attributes:
        columns: those of ``BLANK``, of one length each. ``state`` holds the code of completed or diverged, or that of
            queued for a trial that has no result yet; ``ran_alone`` 0 or 1; ``device`` a place in ``devices``.
        devices: where the trials were computed.
    """

    columns: Mapping[str, Column]
    devices: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many trials there are."""
        return len(self.columns["state"])

    def __getitem__(self, name: str) -> Column:
        """The column of this name."""
        return self.columns[name]

    @classmethod
    def blank(cls, count: int) -> "Summaries":
        """Before the first step of so many trials."""
        return cls({name: np.full(count, value, _DTYPES[name]) for name, value in BLANK.items()})

    @property
    def has_result(self) -> npt.NDArray[np.bool_]:
        """Whether a trial has completed or diverged."""
        return np.isin(self.columns["state"], _RESULT_CODES)

    def part(self, places: slice | Column) -> "Summaries":
        """The trials at these places."""
        return Summaries({name: column[places] for name, column in self.columns.items()}, self.devices)


def joined(parts: Sequence[Summaries]) -> Summaries:
    """Several summaries, one after the other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Summaries.blank(0)
    devices = tuple(dict.fromkeys(device for part in parts for device in part.devices))
    names = [name for name in parts[0].columns if name != "device"]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    if "device" in parts[0].columns:
        columns["device"] = np.concatenate([renumbered(part, devices) for part in parts])
    return Summaries(columns, devices)


def renumbered(summaries: Summaries, devices: Sequence[str]) -> Column:
    """The column ``device`` as places in another list, which has all of them."""
    places = [*(devices.index(device) for device in summaries.devices), MISSING]  # -1 takes the last
    return np.array(places, np.int16)[summaries["device"]]


def encode_summaries(summaries: Summaries) -> bytes:
    """One shard's summaries for the store: what is the same for all its trials is kept once, the rest as Arrow."""
    constants: dict[str, int | float] = {}
    columns: dict[str, Column] = {}
    for name, column in summaries.columns.items():
        if not _is_constant(column):
            columns[name] = _shrunk(column)
        elif len(column) and not _is_blank(column[0], BLANK[name]):
            constants[name] = column[0].item()
    heads = {_CONSTANTS: json.dumps(constants), _DEVICES: json.dumps(summaries.devices)}
    return encode_table(pa.table(columns).replace_schema_metadata(heads))


def decode_summaries(data: bytes | None, count: int, names: Collection[str] | None = None) -> Summaries:
    """The summaries of a shard of so many trials.

    Args:
        data: what ``encode_summaries`` made; None before that.
        count: how many trials there are.
        names: of the columns that are needed, beside ``state``; None for all.
    """
    wanted = set(BLANK) if names is None else {"state", *names}
    if data is None:
        return Summaries({name: column for name, column in Summaries.blank(count).columns.items() if name in wanted})
    table = decode(data, None if names is None else wanted)
    heads = table.schema.metadata
    values = dict(BLANK) | json.loads(heads[_CONSTANTS])
    missing = wanted.difference(table.column_names)
    columns = {name: np.full(count, values[name], _DTYPES[name]) for name in missing}
    columns |= {
        name: numbers_in(table.column(name)).astype(_DTYPES[name]) for name in table.column_names if name in BLANK
    }
    return Summaries({name: columns[name] for name in BLANK if name in wanted}, tuple(json.loads(heads[_DEVICES])))


def states_in(summaries: Summaries, shard: ShardState) -> Column:
    """Codes of the states of a shard's trials: of each its own result, or what follows from the shard's state."""
    return np.where(summaries.has_result, summaries["state"], CODES[STATE_OF_SHARD[shard]]).astype(np.int8)


def _is_constant(column: Column) -> bool:
    whole = column.view(np.int64) if column.dtype == np.float64 else column  # by its bits: NaN equals itself
    return bool((whole == whole[:1]).all())


def _is_blank(value: Any, blank: float) -> bool:
    return bool(value == blank or (value != value and blank != blank))  # both are NaN


def _shrunk(column: Column) -> Column:
    """Integers in as few bytes as hold them."""
    if column.dtype.kind != "i":
        return column
    least, most = int(column.min()), int(column.max())
    fitting = (
        kind for kind in (np.int8, np.int16, np.int32) if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max
    )
    return column.astype(next(fitting, np.int64))


@dataclass(frozen=True)
class TrialColumns:
    """Trials of one job, in order, with the summary of each so far.

    Attributes:
        layout: what the job's trials are: seeds, settings, labels.
        index: place of each in the job.
        state: its state, by ``CODES``; that of ``summaries`` does not tell whether it waits, runs or was cancelled.
        attempt: number of the newest attempt at its shard.
        summaries: its numbers.
    """

    layout: TrialLayout
    index: npt.NDArray[np.int64]
    state: npt.NDArray[np.int8]
    attempt: npt.NDArray[np.int32]
    summaries: Summaries = field(default_factory=lambda: Summaries.blank(0))

    def __len__(self) -> int:
        """How many trials there are."""
        return len(self.index)

    def __getitem__(self, name: str) -> Column:
        """A column of the summaries, or ``state``."""
        return self.state if name == "state" else self.summaries[name]

    @cached_property
    def setting(self) -> npt.NDArray[np.int64]:
        """Running number of the setting over all arms."""
        return self.layout.settings_of(self.index)

    @cached_property
    def arm(self) -> npt.NDArray[np.int64]:
        """Number of the arm, which is that of an entry of the spec's optimizers."""
        return self.layout.arms_of(self.setting)

    @cached_property
    def seed(self) -> npt.NDArray[np.int64]:
        """Seed of each."""
        return self.layout.seeds_of(self.index)

    @property
    def has_result(self) -> npt.NDArray[np.bool_]:
        """Whether a trial has completed or diverged."""
        return self.summaries.has_result

    def part(self, places: slice | Column) -> "TrialColumns":
        """The trials at these places: a slice, a mask or places."""
        return TrialColumns(
            self.layout, self.index[places], self.state[places], self.attempt[places], self.summaries.part(places)
        )

    def trial(self, place: int) -> TrialRecord:
        """The trial at a place of these columns, by itself."""
        index, setting = int(self.index[place]), int(self.setting[place])
        numbers = {name: _number(self.summaries[name][place]) for name in BLANK if name not in ("state", "device")}
        alone, device = numbers.pop("ran_alone"), int(self.summaries["device"][place])
        return TrialRecord(
            id=trial_id(self.layout.job_id, index),
            job_id=self.layout.job_id,
            index=index,
            optimizer_index=setting,
            label=self.layout.label(setting),
            settings=self.layout.settings(setting),
            seed=int(self.seed[place]),
            state=STATES[self.state[place]],
            ran_alone=None if alone is None else bool(alone),
            device=None if device == MISSING else self.summaries.devices[device],
            **numbers,
        )

    def trials(self) -> list[TrialRecord]:
        """Each by itself; for pages and other small numbers of them."""
        return [self.trial(place) for place in range(len(self))]


def _number(value: Any) -> Any:
    """A number of a column in plain Python; None for one that is missing."""
    number = value.item()
    missing = number != number if isinstance(number, float) else number == MISSING  # NaN
    return None if missing else number
