"""Numbers of the service's answers about sweeps: best settings, sensitivity, heat maps; nothing is computed here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ayla._formatting import text_table
from ayla.frames import Rows
from ayla.models.base import ResponseModel


def _nan(value: object) -> object:
    return math.nan if value is None else value


Number = Annotated[float, BeforeValidator(_nan)]
"""A number; NaN where the service has none, or an infinite one."""


class SweepAxis(ResponseModel):
    """An axis of a sweep.

    Attributes:
        path: where the number stands, such as ``learning_rate`` or ``ayla.n1``.
        scale: "linear", "log" or "reverse-log".
        drawn: whether its values were drawn.
        values: how many different ones there are.
        low: the lowest.
        high: the highest.
    """

    path: str
    scale: str = "linear"
    drawn: bool = False
    values: int = 0
    low: Number = math.nan
    high: Number = math.nan


class SweepSetting(ResponseModel):
    """A setting of a sweep.

    Attributes:
        job_id: its job.
        setting: its number there, the ``optimizer_index`` of its trials.
        arm: name of its arm.
        label: its own.
        axes: its value on each axis that it has.
        optimizer: all of it, as the spec of a next job takes it.
        trial_ids: its trials, one for each seed.
    """

    job_id: str
    setting: int
    arm: str
    label: str = ""
    axes: dict[str, Number] = Field(default_factory=dict)
    optimizer: dict[str, Any] = Field(default_factory=dict)
    trial_ids: tuple[str, ...] = ()


class BestSetting(ResponseModel):
    """The best setting of an arm, or of all, and what it was selected among.

    Attributes:
        arm: name of the arm; None for all arms, where nothing has a finite value.
        setting: None where nothing has a finite value.
        value: over its seeds.
        best_seed: its value on its best seed.
        worst_seed: on its worst; NaN where that diverged.
        seeds: that it was judged on.
        diverged_seeds: of these, those on which it diverged.
        selected_among: settings with a value on each of their seeds.
        different: different ones of them.
        diverged: those of them without a finite value.
        partial: settings left out, as they lack a value on a seed.
        waiting: settings without a result yet.
        tied: other settings that are exactly as good.
        tied_settings: the first of these.
        at_ends: axes on which it has the "lowest" or "highest" value that was tried.
        values: of the settings it was selected among, the best first: all, or of many those at 101 evenly spaced
            ranks; NaN where they diverged.
        luck: how sure its value is, in words.
    """

    arm: str | None
    setting: SweepSetting | None
    value: Number
    best_seed: Number = math.nan
    worst_seed: Number = math.nan
    seeds: int = 0
    diverged_seeds: int = 0
    selected_among: int = 0
    different: int = 0
    diverged: int = 0
    partial: int = 0
    waiting: int = 0
    tied: int = 0
    tied_settings: tuple[SweepSetting, ...] = ()
    at_ends: dict[str, str] = Field(default_factory=dict)
    values: tuple[Number, ...] = ()
    luck: str = ""


class SweepAnswer(ResponseModel):
    """What all answers about sweeps tell.

    Attributes:
        metric: by which settings are judged.
        more_is_better: its direction.
        over_seeds: how values on several seeds become one.
        settings: how many there are.
        seeds: how many there are.
        arms: their names.
        axes: along which settings differ.
        notes: what a reader should know.
    """

    metric: str
    more_is_better: bool = False
    over_seeds: str = "median"
    settings: int = 0
    seeds: int = 0
    arms: tuple[str, ...] = ()
    axes: tuple[SweepAxis, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def over(self) -> str:
        """By what settings are judged, in words."""
        seeds = f", {self.over_seeds} over {self.seeds} seeds" if self.seeds > 1 else ""
        return f"{self.metric.replace('_', ' ')}{seeds}"


class BestSettings(SweepAnswer, Rows):
    """The best setting of each arm, or of all arms; ``str`` is a table for reading.

    Attributes:
        best: one of each arm, or one of all.
    """

    best: tuple[BestSetting, ...] = ()

    def __getitem__(self, arm: str) -> BestSetting:
        """The best setting of an arm.

        Raises:
            KeyError: there is no such arm.
        """
        for one in self.best:
            if one.arm == arm:
                return one
        raise KeyError(f"no arm {arm!r}; there are {', '.join(repr(one.arm) for one in self.best)}")

    def rows(self) -> list[dict[str, object]]:
        """A row for each arm."""
        return [self._row(one) for one in self.best]

    def _row(self, one: BestSetting) -> dict[str, object]:
        setting = one.setting
        own: dict[str, object] = {} if setting is None else {**setting.axes}
        return (
            {"arm": one.arm}
            | own
            | {
                "value": one.value,
                "best_seed": one.best_seed,
                "worst_seed": one.worst_seed,
                "seeds": one.seeds,
                "selected_among": one.selected_among,
                "diverged": one.diverged,
                "tied": one.tied,
            }
        )

    @property
    def lines(self) -> list[list[str]]:
        """The table for reading: a heading, and a row for each arm."""
        paths = [axis.path for axis in self.axes]
        heads = ["arm", *paths, self.metric.replace("_", " "), "best seed", "worst seed", "best of", "diverged", "ties"]
        rows = [
            [
                one.arm or "all",
                *("-" if one.setting is None else number_text(one.setting.axes.get(path)) for path in paths),
                *map(number_text, (one.value, one.best_seed, one.worst_seed)),
                *map(str, (one.selected_among, one.diverged, one.tied)),
            ]
            for one in self.best
        ]
        return [heads, *rows]

    def __str__(self) -> str:
        return "\n".join([*text_table(self.lines), "", *self.statements])

    @property
    def statements(self) -> tuple[str, ...]:
        """What a reader should know, in words."""
        return tuple(self._said())

    def _said(self) -> Iterator[str]:
        yield f"Judged by the {self.over}."
        for one in self.best:
            if one.at_ends:
                ends = ", ".join(f"{end} {path}" for path, end in one.at_ends.items())
                yield f"{one.arm} is best at an end of what was tried: {ends}."
        yield from self.notes
        yield from dict.fromkeys(one.luck for one in self.best if one.luck and one.selected_among > 1)


class Places(ResponseModel):
    """Places along an axis.

    Attributes:
        path: the axis.
        scale: of its values.
        binned: whether values were put into bins.
        values: the values, or the middles of the bins.
        edges: of the bins; None for values.
    """

    path: str
    scale: str = "linear"
    binned: bool = False
    values: tuple[Number, ...] = ()
    edges: tuple[Number, ...] | None = None


class ArmSensitivity(ResponseModel):
    """An arm along an axis; an entry for each place.

    Attributes:
        arm: its name.
        best: of the settings there; NaN where all diverged or nothing has ended.
        median: of the settings there.
        settings: how many were judged.
        finite: those of them that have a finite value.
        left_out: those without a value on a seed, or without a result yet.
    """

    arm: str
    best: tuple[Number, ...] = ()
    median: tuple[Number, ...] = ()
    settings: tuple[int, ...] = ()
    finite: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()


class SensitivityNumbers(SweepAnswer):
    """What each arm reaches along one axis."""

    axis: Places
    sensitivity: tuple[ArmSensitivity, ...] = ()
    lacking: tuple[str, ...] = ()


class BestCell(ResponseModel):
    """The best cell of a panel.

    Attributes:
        x: its value along the columns.
        y: along the rows.
        value: of the cell.
        tied: other cells that are exactly as good.
        setting: the best one there.
    """

    x: float
    y: float
    value: float
    tied: int = 0
    setting: SweepSetting


class ArmCells(ResponseModel):
    """Cells of an arm: rows by y, columns by x, the lowest first.

    Attributes:
        arm: its name.
        cells: NaN where there is no finite value.
        settings: how many were judged in each cell; with some and NaN they diverged.
        best: None without a finite cell.
    """

    arm: str
    cells: tuple[tuple[Number, ...], ...] = ()
    settings: tuple[tuple[int, ...], ...] = ()
    left_out: int = 0
    best: BestCell | None = None


class HeatMapNumbers(SweepAnswer):
    """A heat map over two axes, a panel for each arm."""

    x: Places
    y: Places
    reduce: str = "best"
    panels: tuple[ArmCells, ...] = ()
    lacking: tuple[str, ...] = ()


def number_text(value: float | None) -> str:
    """A number for reading; ``-`` where there is none."""
    return "-" if value is None or math.isnan(value) else f"{value:.4g}"
