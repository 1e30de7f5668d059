"""Service that answers about sweeps: the best setting, the sensitivity to an axis and the heat map over two."""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ayla_service import __version__, cursors
from ayla_service.comparison.metrics import more_is_better
from ayla_service.computing_time import ComputingTime
from ayla_service.db.session import Database
from ayla_service.errors import InvalidQuery, SweepTooLarge, SweepUnavailable
from ayla_service.sweeps.best import BestSetting, best_settings
from ayla_service.sweeps.heatmap import ArmCells, CellsOverAxes, Reduce, grid_over, panels_of
from ayla_service.sweeps.kept import KeptTables
from ayla_service.sweeps.loading import Sweep, open_sweep, version_of
from ayla_service.sweeps.query import MOST_TRIALS, TOO_LONG, SweepQuery
from ayla_service.sweeps.ranking import RankedPage, ranked_page
from ayla_service.sweeps.sensitivity import ArmAlong, PlacesOfArms, along, places_of_arms
from ayla_service.sweeps.table import SweepTable, table_of
from ayla_service.team_slots import TeamSlots
from ayla_service.teams.principal import Principal
from ayla_service.trials.conditions import Condition


@dataclass(frozen=True, slots=True)
class WantedSweep:
    """Jobs and how their settings are judged.

    Attributes:
        principal: who asks.
        job_ids: each once.
        query: how to judge.
    """

    principal: Principal
    job_ids: tuple[str, ...]
    query: SweepQuery


@dataclass(frozen=True, slots=True)
class WantedSettings:
    """A page of the settings of a sweep.

    Attributes:
        sweep: jobs and how their settings are judged.
        arm: name of the only arm; None for all.
        conditions: on the axes.
        limit: settings of the page.
        cursor: where the page before ended; None for the first page.
    """

    sweep: WantedSweep
    arm: str | None
    conditions: tuple[Condition, ...]
    limit: int
    cursor: str | None

    @property
    def order(self) -> str:
        """The order that cursors are of: another metric has another."""
        query = self.sweep.query
        return f"{query.metric} {query.over_seeds} {query.minimum}"


@dataclass(frozen=True, slots=True)
class SweptTable:
    """A sweep that has been read.

    Attributes:
        sweep: its jobs and problem.
        table: its settings.
        query: how they are judged.
    """

    sweep: Sweep
    table: SweepTable
    query: SweepQuery

    @property
    def more_is_better(self) -> bool:
        """Whether larger values of the metric are better."""
        return more_is_better(self.sweep.problem.metric)

    def arms(self, names: Sequence[str] | None) -> list[int]:
        """Numbers of the arms with these names, each once; of all if none are named.

        Raises:
            InvalidQuery: if there is no such arm.
        """
        known = self.table.arms
        for name in names or ():
            if name not in known:
                there = ", ".join(f"'{one}'" for one in known[:20]) + (", …" if len(known) > 20 else "")
                raise InvalidQuery("arm", f"There is no arm '{name[:64]}'; there are {there}.")
        return [place for place, name in enumerate(known) if names is None or name in names]

    def axis(self, parameter: str, path: str) -> str:
        """A path that is one of the axes.

        Raises:
            InvalidQuery: if it is not; the parameter is that of the query.
        """
        if path not in self.table.columns:
            known = ", ".join(self.table.columns) or "none: all settings have the same numbers"
            raise InvalidQuery(parameter, f"'{path[:64]}' is no axis of these jobs; there are {known}.")
        return path


@dataclass(frozen=True, slots=True)
class BestResult:
    """The best settings of a sweep, one of each arm or one of all."""

    swept: SweptTable
    best: list[BestSetting]
    per_arm: bool


@dataclass(frozen=True, slots=True)
class SensitivityResult:
    """The sensitivity of the arms of a sweep to one axis."""

    swept: SweptTable
    found: PlacesOfArms
    arms: list[ArmAlong]


@dataclass(frozen=True, slots=True)
class HeatMapResult:
    """The heat map of the arms of a sweep over two axes."""

    swept: SweptTable
    grid: CellsOverAxes
    panels: list[ArmCells]
    reduce: Reduce


@dataclass(frozen=True, slots=True)
class RankingResult:
    """A page of the settings of a sweep."""

    swept: SweptTable
    page: RankedPage
    order: str


class SweepService:
    """Answers about sweeps; changes nothing.

    Args:
        database: the store.
        slots: of the teams, which bound how many answers are computed at once.
    """

    def __init__(self, database: Database, slots: TeamSlots) -> None:
        self._database = database
        self._slots = slots
        self._kept: KeptTables[SweptTable] = KeptTables(MOST_TRIALS)

    def version(self, wanted: WantedSweep, asked: object) -> str:
        """Changes whenever the answer to this does; no trial is read for it.

        Args:
            wanted: the jobs.
            asked: everything else that the answer depends on.

        Raises:
            JobNotFound: if the caller's team lacks one of the jobs.
            SpecUnreadable: if another version of the service wrote the spec of one.
            SweepTooLarge: if they have more trials than one answer is made from.
            InvalidQuery: if the jobs have different problems, or no value of the metric.
        """
        with self._database.read() as session:
            found = version_of(session, _opened(session, wanted))
        return hashlib.sha256(repr((__version__, found, wanted.query, asked)).encode()).hexdigest()

    def best(self, wanted: WantedSweep, *, per_arm: bool) -> BestResult:
        """The best setting of each arm, or of all; raises as ``version``, and ``TeamBusy``."""
        with self._computing(wanted) as time:
            swept = self._read(wanted, time)
            return BestResult(swept, list(time.over(best_settings(swept.table, per_arm=per_arm))), per_arm)

    def sensitivity(
        self, wanted: WantedSweep, path: str | None, arms: Sequence[str] | None, bins: int | None, most: int
    ) -> SensitivityResult:
        """What each arm reaches along an axis.

        Args:
            wanted: the jobs.
            path: of the axis; None for the first that varies.
            arms: names; None for all.
            bins: along the axis; None for the rule.
            most: places of all arms together.

        Raises:
            TeamBusy: if the team has as many answers computed as it may have; others as ``version``.
        """
        with self._computing(wanted) as time:
            swept = self._read(wanted, time)
            numbers = swept.arms(arms)
            axis = swept.axis("axis", path) if path is not None else _varying(swept.table, numbers, 1)[0]
            found = places_of_arms(swept.table, axis, numbers, bins)
            _refuse_crowd(len(found.places.centres) * len(found.arms), most, "places")
            return SensitivityResult(swept, found, list(time.over(along(swept.table, found))))

    def heatmap(
        self,
        wanted: WantedSweep,
        paths: tuple[str | None, str | None],
        reduce: Reduce,
        arms: Sequence[str] | None,
        bins: int | None,
        most: int,
        most_panels: int | None = None,
    ) -> HeatMapResult:
        """The heat map over two axes.

        Args:
            wanted: the jobs.
            paths: of the axes along the columns and rows; None for those with the most values.
            reduce: which of the settings in one cell counts.
            arms: names; None for all.
            bins: along each axis; None for the rule.
            most: cells of all arms together.
            most_panels: arms that have both axes; None: any number.

        Raises:
            TeamBusy: if the team has as many answers computed as it may have; others as ``version``.
        """
        with self._computing(wanted) as time:
            swept = self._read(wanted, time)
            numbers = swept.arms(arms)
            grid = grid_over(swept.table, _axes(swept, paths, numbers), numbers, bins)
            _refuse_crowd(grid.total, most, "cells")
            _refuse_panels(swept.table, grid, most_panels)
            return HeatMapResult(swept, grid, list(time.over(panels_of(swept.table, grid, reduce))), reduce)

    def settings(self, wanted: WantedSettings) -> RankingResult:
        """A page of the settings, the best first; raises as ``sensitivity``."""
        after = None if wanted.cursor is None else cursors.sorted_trial(wanted.cursor, wanted.order)
        with self._computing(wanted.sweep) as time:
            swept = self._read(wanted.sweep, time)
            for condition in wanted.conditions:
                swept.axis("where", condition.column)
            arms = swept.arms(None if wanted.arm is None else [wanted.arm])
            page = ranked_page(swept.table, arms, wanted.conditions, after, wanted.limit)
            return RankingResult(swept, page, wanted.order)

    def forget_unused(self) -> None:
        """Free the memory of what was read for answers and is not asked for any more."""
        self._kept.forget_unused()

    def _computing(self, wanted: WantedSweep) -> AbstractContextManager[ComputingTime]:
        return self._slots.computing(wanted.principal.team_id, TOO_LONG)

    def _read(self, wanted: WantedSweep, time: ComputingTime) -> SweptTable:
        """The settings as they are now; those of the answer before where nothing has changed since."""
        with self._database.read() as session:
            sweep = _opened(session, wanted)
            key = (version_of(session, sweep), wanted.query)
            kept = self._kept.get(key)
            if kept is not None:
                return kept
            sweep = sweep.with_points(session)
            trials = sweep.trials(session, time)
        found = SweptTable(sweep, table_of(trials, wanted.query.over_seeds), wanted.query)
        time.check()
        self._kept.put(key, found, sum(job.space.trials_total for job in sweep.jobs))
        return found


def _opened(session: Session, wanted: WantedSweep) -> Sweep:
    return open_sweep(session, wanted.principal, wanted.job_ids, wanted.query)


def _refuse_crowd(found: int, most: int, what: str) -> None:
    if found > most:
        advice = "Name arms, or ask for fewer with bins."
        raise SweepTooLarge(f"{found:,} {what} of all arms", f"{most:,} {what}", advice)


def _refuse_panels(table: SweepTable, grid: CellsOverAxes, most: int | None) -> None:
    if most is not None and len(grid.arms) > most:
        named = ", ".join(f"'{table.arms[arm]}'" for arm in grid.arms[:8])
        detail = f"Each arm has a panel, and {len(grid.arms)} have both axes: {named}; name {most} or fewer."
        raise InvalidQuery("arm", detail)


def _axes(swept: SweptTable, paths: tuple[str | None, str | None], arms: Sequence[int]) -> tuple[str, str]:
    """The axes of a heat map: those asked for, else those with the most values along which one arm varies."""
    x, y = (path if path is None else swept.axis(name, path) for name, path in zip("xy", paths, strict=True))
    if x is not None and x == y:
        raise InvalidQuery("y", "Is the same as x; name another axis.")
    if x is not None and y is not None:
        return x, y
    given = {path for path in (x, y) if path is not None}
    varying = _varying(swept.table, arms, 2)
    # A map over axes that vary in different arms only would have a single row or column of each.
    together = _varying_together(swept.table, arms, given)
    free = [path for path in varying if path not in given and path in together] or [
        path for path in varying if path not in given
    ]
    if x is y:
        x, y = sorted(free[:2], key=list(swept.table.columns).index)
    return x or free[0], y or free[0]


def _varying_together(table: SweepTable, arms: Sequence[int], given: set[str]) -> set[str]:
    """The axes of the arms that vary along two at least, and along the given ones."""
    found = ({path for path in table.columns if table.varies(arm, path)} for arm in arms)
    return {path for paths in found if len(paths) > 1 and given <= paths for path in paths}


def _varying(table: SweepTable, arms: Sequence[int], least: int) -> list[str]:
    """The axes along which some arm varies, those with the most values first.

    Raises:
        SweepUnavailable: if there are fewer than so many.
    """
    found = [path for path in table.columns if any(table.varies(arm, path) for arm in arms)]
    if len(found) < least:
        what = "a heat map" if least > 1 else "a sensitivity"
        there = f"only '{found[0]}' does" if found else "none does"
        raise SweepUnavailable(f"For {what} settings of one arm have to differ along {least} axes, and here {there}.")
    return sorted(found, key=lambda path: -table.values_along(path))
