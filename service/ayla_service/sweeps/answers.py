"""Answers about sweeps as the API gives them."""

import base64
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ayla_service.comparison.protocol_answers import shown
from ayla_service.cursors import encode_sorted_trial
from ayla_service.sweeps.axes import Places
from ayla_service.sweeps.best import BestSetting
from ayla_service.sweeps.effects import different_settings
from ayla_service.sweeps.groups import Floats, Integers
from ayla_service.sweeps.heatmap import ArmCells
from ayla_service.sweeps.notes import (
    note_on_bins,
    note_on_lacking,
    note_on_luck,
    notes_on_reduction,
    notes_on_table,
)
from ayla_service.sweeps.schemas import (
    AxisOfSweep,
    BestAnswer,
    BestCell,
    BestOfSweep,
    CellsOfArm,
    HeatMapAnswer,
    JobOfSweep,
    PlacesAlong,
    RankedSetting,
    SensitivityAnswer,
    SensitivityOfArm,
    SettingOfSweep,
    SettingPage,
)
from ayla_service.sweeps.sensitivity import ArmAlong
from ayla_service.sweeps.service import (
    BestResult,
    HeatMapResult,
    RankingResult,
    SensitivityResult,
    SweptTable,
)
from ayla_service.trials.trial_ids import trial_id

_MOST_TRIAL_IDS = 100


def best_answer(result: BestResult) -> BestAnswer:
    """The answer about the best settings."""
    return BestAnswer(
        **_common(result.swept),
        per_arm=result.per_arm,
        best=[_best(result.swept, one) for one in result.best],
    )


def sensitivity_answer(result: SensitivityResult) -> SensitivityAnswer:
    """The answer about the sensitivity to an axis."""
    places = result.found.places
    notes = [
        note_on_bins(places),
        note_on_lacking(result.found.lacking, places.axis.path),
        _note_on_tries([one.settings for one in result.arms]),
    ]
    return SensitivityAnswer(
        **_common(result.swept, notes),
        axis=_places(places),
        sensitivity=[_along(result.swept, one) for one in result.arms],
        lacking=list(result.found.lacking),
    )


def heatmap_answer(result: HeatMapResult, *, packed: bool = False) -> HeatMapAnswer:
    """The answer about a heat map; packed, its cells are base64 of their bytes."""
    of_panel = _packed_panel if packed else _panel
    grid, table = result.grid, result.swept.table
    notes = [
        *notes_on_reduction(table, grid, result.panels, result.reduce),
        note_on_bins(grid.across),
        note_on_bins(grid.up),
        note_on_lacking(grid.lacking, "an axis"),
        _note_on_cells(result),
    ]
    return HeatMapAnswer(
        **_common(result.swept, notes),
        x=_places(grid.across),
        y=_places(grid.up),
        reduce=result.reduce,
        panels=[of_panel(result, panel) for panel in result.panels],
        lacking=list(grid.lacking),
    )


def setting_page(result: RankingResult) -> SettingPage:
    """The answer with a page of settings."""
    swept, page = result.swept, result.page
    data = [_ranked(swept, place, rank) for place, rank in zip(page.places.tolist(), page.ranks.tolist(), strict=True)]
    cursor = None
    if page.has_more:
        last = int(page.places[-1])
        cursor = encode_sorted_trial(result.order, float(swept.table.judged[last]), last)
    return SettingPage(
        metric=swept.sweep.problem.metric,
        more_is_better=swept.more_is_better,
        over_seeds=swept.query.over_seeds,
        minimum=swept.sweep.problem.minimum,
        total=page.total,
        data=data,
        next_cursor=cursor,
    )


def _ranked(swept: SweptTable, place: int, rank: int) -> RankedSetting:
    table, setting = swept.table, _setting(swept, place)
    numbers = [float(column[place]) if rank else np.nan for column in (table.value, table.low, table.high)]
    value, low, high = (_shown(swept, number) for number in numbers)
    return RankedSetting(
        rank=rank or None,
        **setting.model_dump(include={"job_id", "setting", "arm", "label", "axes"}),
        value=value,
        best_seed=low,
        worst_seed=high,
        seeds=int(table.planned[place]),
        known_seeds=int(table.known[place]),
        diverged_seeds=int(table.diverged[place]),
        first_nonfinite_step=None if np.isnan(table.first_nonfinite[place]) else int(table.first_nonfinite[place]),
        failed_seeds=int(table.failed[place]),
        cancelled_seeds=int(table.cancelled[place]),
        first_trial_id=setting.trial_ids[0],
    )


def _note_on_tries(counts: Sequence[Integers]) -> str | None:
    """Where places have different numbers of settings, the best of more had more tries."""
    several = {int(count) for column in counts for count in np.unique(column[column > 0])}
    if max(several, default=0) < 2:
        return None
    most = f"{min(several):,} to {max(several):,}" if len(several) > 1 else f"{max(several):,}"
    return f"The best and the median at a place are of {most} settings; the best of more has had more tries."


def _note_on_cells(result: HeatMapResult) -> str | None:
    """How much the best cell says."""
    table = result.swept.table
    if not any(panel.best for panel in result.panels):
        return None
    chosen = table.complete & (result.grid.cell >= 0)
    return note_on_luck(result.swept.sweep, different_settings(table, chosen))


def _common(swept: SweptTable, notes: Iterable[str | None] = ()) -> dict[str, Any]:
    problem, table = swept.sweep.problem, swept.table
    return {
        "jobs": [
            JobOfSweep(
                id=job.id,
                name=job.name,
                state=job.state,
                settings=job.space.settings_total,
                seeds=len(job.space.spec.seeds),
            )
            for job in swept.sweep.jobs
        ],
        "metric": problem.metric,
        "more_is_better": swept.more_is_better,
        "metrics": swept.sweep.metrics,
        "over_seeds": swept.query.over_seeds,
        "minimum": problem.minimum,
        "settings": len(table.value),
        "seeds": table.seeds,
        "arms": list(table.arms),
        "axes": [_axis(swept, path) for path in table.columns],
        "notes": [note for note in itertools.chain(notes_on_table(table, swept.sweep), notes) if note],
    }


def _axis(swept: SweptTable, path: str) -> AxisOfSweep:
    axis, known = swept.table.axes[path], swept.table.distinct(path)
    low, high = (float(known[0]), float(known[-1])) if len(known) else (np.nan, np.nan)
    return AxisOfSweep(path=path, scale=axis.scale, drawn=axis.is_drawn, values=len(known), low=low, high=high)


def _best(swept: SweptTable, one: BestSetting) -> BestOfSweep:
    table, place = swept.table, one.place
    value, low, high = (
        (np.nan, np.nan, np.nan)
        if place is None
        else (float(column[place]) for column in (table.value, table.low, table.high))
    )
    return BestOfSweep(
        arm=None if one.arm is None else table.arms[one.arm],
        setting=None if place is None else _setting(swept, place),
        value=_shown(swept, value),
        best_seed=_shown(swept, low),
        worst_seed=_shown(swept, high),
        seeds=0 if place is None else int(table.known[place]),
        diverged_seeds=0 if place is None else int(table.diverged[place]),
        selected_among=one.settings,
        different=one.different,
        diverged=one.diverged,
        partial=one.partial,
        waiting=one.waiting,
        tied=one.tied_total,
        tied_settings=[_setting(swept, tied) for tied in one.tied],
        at_ends=one.at_ends,
        values=_numbers(swept, one.values),
        luck=note_on_luck(swept.sweep, one.different),
    )


def _setting(swept: SweptTable, place: int) -> SettingOfSweep:
    table = swept.table
    job, number = swept.sweep.jobs[int(table.job[place])], int(table.number[place])
    optimizer, seeds = job.space.setting(number), len(job.space.spec.seeds)
    values = {path: float(column[place]) for path, column in table.columns.items()}
    return SettingOfSweep(
        job_id=job.id,
        setting=number,
        arm=table.arms[int(table.arm[place])],
        label=optimizer.label or "",
        axes={path: value for path, value in values.items() if not np.isnan(value)},
        optimizer=optimizer,
        trial_ids=[trial_id(job.id, number * seeds + seed) for seed in range(min(seeds, _MOST_TRIAL_IDS))],
    )


def _along(swept: SweptTable, one: ArmAlong) -> SensitivityOfArm:
    known = one.best_place >= 0
    jobs, numbers = (np.where(known, column[one.best_place], -1) for column in (swept.table.job, swept.table.number))
    return SensitivityOfArm(
        arm=swept.table.arms[one.arm],
        best=_numbers(swept, one.best),
        median=_numbers(swept, one.median),
        settings=one.settings.tolist(),
        finite=one.finite.tolist(),
        left_out=one.left_out.tolist(),
        best_job=[job if job >= 0 else None for job in jobs.tolist()],
        best_setting=[number if number >= 0 else None for number in numbers.tolist()],
    )


def _panel(result: HeatMapResult, panel: ArmCells) -> CellsOfArm:
    swept = result.swept
    return CellsOfArm(
        arm=swept.table.arms[panel.arm],
        cells=[_numbers(swept, row) for row in panel.cells],
        settings=panel.settings.tolist(),
        left_out=int(panel.left_out.sum()),
        best=_best_cell(result, panel),
    )


def _packed_panel(result: HeatMapResult, panel: ArmCells) -> CellsOfArm:
    return CellsOfArm(
        arm=result.swept.table.arms[panel.arm],
        cells=[],
        settings=[],
        packed_cells=_base64(_as_float32(shown_values(result.swept, panel.cells))),
        packed_settings=_base64(panel.settings.astype("<u4")),
        left_out=int(panel.left_out.sum()),
        best=_best_cell(result, panel),
    )


def _as_float32(values: Floats) -> npt.NDArray[np.float32]:
    """As little-endian float32, in which finite numbers stay finite and others than 0 do not become 0."""
    ends = np.finfo(np.float32)
    size = np.clip(np.abs(values), ends.tiny, ends.max)
    kept = ~np.isfinite(values) | (values == 0)
    return np.where(kept, values, np.copysign(size, values)).astype("<f4")


def _base64(values: npt.NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _best_cell(result: HeatMapResult, panel: ArmCells) -> BestCell | None:
    if panel.best is None or panel.best_place is None:
        return None
    row, column = panel.best
    return BestCell(
        x=float(result.grid.across.centres[column]),
        y=float(result.grid.up.centres[row]),
        value=_shown(result.swept, float(panel.cells[panel.best])),
        tied=panel.tied,
        setting=_setting(result.swept, panel.best_place),
    )


def _places(places: Places) -> PlacesAlong:
    return PlacesAlong(
        path=places.axis.path,
        scale=places.axis.scale,
        binned=places.edges is not None,
        values=places.centres.tolist(),
        edges=None if places.edges is None else places.edges.tolist(),
    )


def shown_values(swept: SweptTable, values: Floats) -> Floats:
    """Values as they are shown: accuracies, of which less is better inside, are negated back."""
    return -values if swept.more_is_better else values


def _numbers(swept: SweptTable, values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in shown_values(swept, values)]


def _shown(swept: SweptTable, value: float) -> float:
    found = shown(value, swept.sweep.problem.metric)
    return np.nan if found is None else found
