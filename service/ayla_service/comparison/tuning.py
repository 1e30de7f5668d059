"""Tuning of an arm on one problem: its settings on the tuning seeds, and the selection of the best."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ayla_service.comparison.effects import copies
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.query import Metric
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, Runs, independent
from ayla_service.comparison.shown import known_values, medians_of


@dataclass(frozen=True, slots=True)
class TriedSetting:
    """A setting of an arm on the tuning seeds.

    Attributes:
        setting: with its runs on all seeds.
        value: median over its tuning seeds, of which less is better; None where it has none.
        seeds: the tuning seeds that it has a value on.
        diverged: runs among them that diverged.
        confirmed: median over the confirmation seeds that it has a value on; None where it has none.
        copy_of: label of the first setting of the arm with the same course on the tuning seeds.
        can_be_selected: whether it has a value on as many tuning seeds as any setting of its arm.
        rank: among the different settings that can be selected, from 1; None if it cannot.
    """

    setting: ComparedSetting
    value: float | None
    seeds: tuple[int, ...]
    diverged: int
    confirmed: float | None
    copy_of: str | None = None
    can_be_selected: bool = False
    rank: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it is one of the settings that the best was selected among; copies are one."""
        return self.can_be_selected and self.copy_of is None


@dataclass(frozen=True, slots=True)
class TunedArm:
    """An arm on one problem, with the setting that was selected for it.

    Attributes:
        name: of the arm.
        tried: its settings, in the order of the jobs.
        selected: the best of them; None where none has a value on a tuning seed. An arm of one setting needs none.
        confirmation: the selected setting on the confirmation seeds, under the name of the arm.
        missing: confirmation seeds without a result of it.
        is_known: whether its runs on the confirmation seeds are copies of those that it was selected by.
    """

    name: str
    tried: list[TriedSetting]
    selected: TriedSetting | None
    confirmation: ComparedSetting
    missing: tuple[int, ...]
    is_known: bool

    @property
    def is_tuned(self) -> bool:
        """Whether there are several settings to select from."""
        return len(self.tried) > 1

    @property
    def budget(self) -> int:
        """Among how many different settings the best was selected; 1 where there is but one, tuned or not."""
        return max(sum(one.counts for one in self.tried), 0 if self.selected is None else 1)

    @property
    def incomplete(self) -> list[TriedSetting]:
        """Settings that lack a tuning seed that others of the arm have, so that they could not be selected."""
        return [one for one in self.tried if not one.can_be_selected and one is not self.selected]


def tuned_arm(
    problem: ComparedProblem,
    name: str,
    settings: Sequence[ComparedSetting],
    protocol: Protocol,
    metric: Metric,
) -> TunedArm:
    """Select the best setting of an arm: the lowest median over the tuning seeds, the first of equals.

    A setting whose value is not known on each tuning seed that others have is not selected: its median would be
    of other seeds.

    Args:
        problem: that they were run on.
        name: of the arm.
        settings: of the arm, at least one.
        protocol: the seeds.
        metric: what to select by.
    """
    confirmation = protocol.confirm_seeds
    tried = _ranked(_tried(problem, settings, protocol, metric))
    selected = _best(tried)
    if selected is None:
        none = ComparedSetting(name, settings[0].optimizer)
        return TunedArm(name, tried, None, none, tuple(confirmation), is_known=False)
    confirmed = on_seeds(selected.setting, confirmation, name)
    missing = tuple(seed for seed in confirmation if seed not in confirmed.runs.seeds)
    return TunedArm(name, tried, selected, confirmed, missing, is_known=_is_known(selected, confirmed))


def on_seeds(setting: ComparedSetting, seeds: Sequence[int], label: str | None = None) -> ComparedSetting:
    """The setting with what it has on these seeds alone, under another label if one is given."""
    return replace(setting, label=label or setting.label, runs=setting.runs.on(seeds), unfinished=0)


def _tried(
    problem: ComparedProblem, settings: Sequence[ComparedSetting], protocol: Protocol, metric: Metric
) -> list[TriedSetting]:
    every = [setting.runs for setting in settings]
    tuned, confirmed = _on(every, protocol.tuning_seeds), _on(every, protocol.confirm_seeds)
    same = copies(replace(problem, settings=_with_runs(settings, tuned)))
    is_known = [~np.isnan(known_values(problem, runs, metric)) for runs in tuned]
    both = [_medians(problem, some, metric) for some in (tuned, confirmed)]
    return [
        TriedSetting(
            setting=setting,
            value=value,
            seeds=tuple(runs.seeds[recorded].tolist()),
            diverged=int(runs.diverged[recorded].sum()),
            confirmed=other,
            copy_of=same.get(setting.label),
        )
        for setting, runs, recorded, value, other in zip(settings, tuned, is_known, *both, strict=True)
    ]


def _on(every: Sequence[Runs], seeds: Sequence[int]) -> list[Runs]:
    """What each setting has on these seeds; looked up for all at once, as an arm can have thousands of settings."""
    wanted = np.isin(np.concatenate([runs.seeds for runs in every]), np.array(seeds, dtype=np.int64))
    ends = np.cumsum([len(runs) for runs in every])
    masks = [wanted[end - len(runs) : end] for runs, end in zip(every, ends, strict=True)]
    return [runs if mask.all() else runs.at(mask) for runs, mask in zip(every, masks, strict=True)]


def _with_runs(settings: Sequence[ComparedSetting], every: Iterable[Runs]) -> dict[str, ComparedSetting]:
    pairs = zip(settings, every, strict=True)
    return {setting.label: replace(setting, runs=runs, unfinished=0) for setting, runs in pairs}


def _medians(problem: ComparedProblem, every: Sequence[Runs], metric: Metric) -> list[float | None]:
    """The median of each setting over the runs that have the metric; None where none has."""
    found = medians_of(problem, every, metric)
    return [None if missing else value for value, missing in zip(found.tolist(), np.isnan(found), strict=True)]


def _ranked(tried: Sequence[TriedSetting]) -> list[TriedSetting]:
    """The settings with what can be selected of them, and its rank."""
    most = max(len(one.seeds) for one in tried)
    found = [replace(one, can_be_selected=0 < len(one.seeds) == most) for one in tried]
    values = sorted(_order(one) for one in found if one.counts)
    return [replace(one, rank=1 + bisect_left(values, _order(one))) if one.can_be_selected else one for one in found]


def _best(tried: Sequence[TriedSetting]) -> TriedSetting | None:
    """The setting with the lowest median; the only one of an arm that was not tuned."""
    able = [one for one in tried if one.can_be_selected]
    if able:
        return min(able, key=_order)
    return tried[0] if len(tried) == 1 else None


def _order(one: TriedSetting) -> float:
    return math.inf if one.value is None else one.value


def _is_known(selected: TriedSetting, confirmation: ComparedSetting) -> bool:
    """Whether nothing is random in the problem, so that other seeds are the same run again."""
    every = selected.setting.runs
    is_fresh = np.isin(every.seeds, confirmation.runs.seeds) & ~np.isin(every.seeds, selected.seeds)
    is_tuned = np.isin(every.seeds, selected.seeds)
    return bool(is_fresh.any()) and bool(is_tuned.any()) and not independent(every.at(is_fresh | is_tuned))
