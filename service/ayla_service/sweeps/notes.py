"""Notes on answers about sweeps: what was left out, reduced or without effect, and how much of it is luck."""

from collections.abc import Iterator, Sequence

import numpy as np

from ayla_service.sweeps.axes import Places
from ayla_service.sweeps.effects import N1, idle_exponents
from ayla_service.sweeps.heatmap import ArmCells, CellsOverAxes, Reduce
from ayla_service.sweeps.loading import Sweep
from ayla_service.sweeps.table import SweepTable

_ALL_SEEDS = "A diverged seed counts as worse than every number."


def notes_on_table(table: SweepTable, sweep: Sweep) -> Iterator[str]:
    """What was left out of a sweep, and what its settings have in common without saying so."""
    waiting, partial = int(table.waiting.sum()), int(table.partial.sum())
    if waiting == len(table.value):
        yield "No trial has ended with a result, so there is nothing to tell yet."
        return
    if waiting or partial:
        yield f"Left out: {_settings(waiting)} without a result yet, and {_settings(partial)} that lack one on a seed."
    if (table.diverged > 0).any():
        yield _ALL_SEEDS
    if len(set(table.planned.tolist())) > 1:
        least, most = table.planned.min(), table.planned.max()
        yield f"The jobs have {least} to {most} seeds, so that their settings are judged on different ones."
    yield from _notes_on_effects(table)
    if not sweep.is_drawn and table.seeds > 1:
        yield "Nothing in this problem depends on the seed: all seeds of a setting are one run."


def note_on_luck(sweep: Sweep, different: int) -> str:
    """What the value of the best of so many settings is worth."""
    if not sweep.is_drawn:
        return (
            "Nothing is drawn here, so this value comes out again. That the setting is the best of another problem "
            "does not follow."
        )
    if different < 2:
        return "It is the only setting, so nothing was selected."
    return (
        f"The best of {different:,} settings on the seeds that it was selected on: part of its value is luck. Run it "
        "on fresh seeds before it is compared with anything; a comparison takes them as confirm_seeds."
    )


def note_on_bins(places: Places) -> str | None:
    """How values along an axis were put together; None where each is a place of its own."""
    if places.edges is None:
        return None
    why = "was drawn" if places.axis.is_drawn else "has many values"
    return (
        f"{places.axis.path} {why}: it stands in {len(places.centres)} bins of equal width on its {places.axis.scale} "
        "scale."
    )


def notes_on_reduction(
    table: SweepTable, grid: CellsOverAxes, panels: Sequence[ArmCells], reduce: Reduce
) -> Iterator[str]:
    """What stands in a cell, where it has several settings."""
    most = max((int(panel.settings.max(initial=0)) for panel in panels), default=0)
    if most > 1:
        rest = other_axes(table, grid)
        over = f" over {', '.join(rest)}" if rest else ""
        tries = " The best of more settings has had more tries." if reduce == "best" else ""
        yield f"Each cell is the {reduce} of up to {most:,} settings{over}.{tries}"
    several = sum(panel.several_jobs for panel in panels)
    if several:
        yield f"Cells with settings of several jobs: {several:,}."


def note_on_lacking(lacking: Sequence[str], what: str) -> str | None:
    """Which arms are left out, as they lack an axis."""
    if not lacking:
        return None
    named = ", ".join(lacking[:10]) + (" and others" if len(lacking) > 10 else "")
    return f"Left out, as they lack {what}: {named}."


def other_axes(table: SweepTable, grid: CellsOverAxes) -> list[str]:
    """The axes that are reduced, of the arms that are shown."""
    shown = {grid.across.axis.path, grid.up.axis.path}
    return [path for path in table.columns if path not in shown and any(table.varies(arm, path) for arm in grid.arms)]


def _notes_on_effects(table: SweepTable) -> Iterator[str]:
    chosen = ~table.waiting
    for path, count in idle_exponents(table, chosen).items():
        total = int(np.sum(chosen & ~np.isnan(table.columns[path])))
        where = "between 0 and 1" if path == N1 else "above 1"
        yield (
            f"{path} had no effect in {count:,} of {_settings(total)}: no loss there was {where} in size. Settings "
            "that differ in it alone are one."
        )


def _settings(count: int) -> str:
    return f"{count:,} setting{'' if count == 1 else 's'}"
