"""Rules of a job's axes and its search. Numbers of settings are known before any setting is listed or drawn."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np

from ayla_spec.arms import ArmSpace, AxisGroup, arms_of, is_variant, pointer_of
from ayla_spec.axes import Axis
from ayla_spec.axis_points import table
from ayla_spec.draft import SpecDraft
from ayla_spec.errors import SpecIssue
from ayla_spec.limits import MAX_AXES, MAX_PROBLEM_VARIANTS, MAX_TRIALS
from ayla_spec.optimizers import AnyOptimizer
from ayla_spec.search import SubmittedSearch
from ayla_spec.setting_labels import SEPARATOR

_SHOWN = 10
"""Most axes that a message lists."""

_READABLE = 10**15
"""Numbers above are as good as infinite, and have too many digits for a sentence."""


def draft_arms(draft: SpecDraft) -> tuple[ArmSpace, ...]:
    """The arms of a draft."""
    return arms_of(draft.problem, draft.optimizers, draft.search)


def search_issues(draft: SpecDraft) -> list[SpecIssue]:
    """Everything that is wrong with the axes of a draft and how settings are chosen from them.

    What follows from others, such as a number of settings, is looked at when those are right.
    """
    arms, search = draft_arms(draft), draft.search
    if not any(arm.axes for arm in arms):
        return [] if search is None else [SpecIssue("/search", _NO_AXES)]
    search = search or SubmittedSearch()
    issues = [*_count_issues(arms), *_path_issues(arms, search), *_label_issues(arms)]
    issues = issues or [*_tie_issues(arms, search)]
    issues = issues or [*_design_issues(arms, search)]
    # What every arm finds in the problem is said once.
    return list(dict.fromkeys(issues or _size_issues(draft, arms, search)))


_NO_AXES = (
    "No number of this job is an axis, so there is nothing to choose; leave this out, or make one an axis, "
    "such as {'learning_rate': {'values': [0.01, 0.1]}}."
)


def _count_issues(arms: Sequence[ArmSpace]) -> Iterator[SpecIssue]:
    for arm in arms:
        if len(arm.axes) > MAX_AXES:
            detail = f"Has {len(arm.axes)} axes, those of the problem among them; at most {MAX_AXES} are allowed."
            yield SpecIssue(f"/optimizers/{arm.entry}", detail)


def _label_issues(arms: Sequence[ArmSpace]) -> Iterator[SpecIssue]:
    """Settings are labelled by their arm's label and what comes after it, so no other label may begin like that."""
    swept = {arm.label for arm in arms if arm.axes and arm.label}
    for arm in arms:
        head = arm.label.partition(SEPARATOR)[0]
        if SEPARATOR in arm.label and head in swept:
            detail = f"Begins like the labels of the settings of '{head}'; choose another, without '{SEPARATOR}'."
            yield SpecIssue(f"/optimizers/{arm.entry}/label", detail)


def _path_issues(arms: Sequence[ArmSpace], search: SubmittedSearch) -> Iterator[SpecIssue]:
    known = list(dict.fromkeys(path for arm in arms for path in arm.axes))
    yield from _unknown(search.share, known, "/search/share")
    seen = set[str]()
    for place, group in enumerate(search.together):
        yield from _unknown(group, known, f"/search/together/{place}")
        for index, path in enumerate(group):
            if path in seen:
                detail = f"'{path}' moves together with others already; name each axis once."
                yield SpecIssue(f"/search/together/{place}/{index}", detail)
            seen.add(path)


def _unknown(paths: Sequence[str], known: Sequence[str], pointer: str) -> Iterator[SpecIssue]:
    more = ", …" if len(known) > _SHOWN else ""
    for index, path in enumerate(paths):
        if path not in known:
            detail = f"No arm has an axis '{path}'; there are {', '.join(known[:_SHOWN])}{more}."
            yield SpecIssue(f"{pointer}/{index}", detail)


def _tie_issues(arms: Sequence[ArmSpace], search: SubmittedSearch) -> Iterator[SpecIssue]:
    for arm in arms:
        for group in arm.groups:
            for path in group.paths[1:]:
                if arm.axes[path].count != group.count:
                    first = group.paths[0]
                    detail = (
                        f"Moves together with '{first}', which has {_points(arm.axes[first])}; this axis has "
                        f"{_points(arm.axes[path])}. Give both the same number."
                    )
                    yield SpecIssue(pointer_of(path, arm.entry), detail)
            yield from _half_shared(group.paths, search)


def _half_shared(paths: Sequence[str], search: SubmittedSearch) -> Iterator[SpecIssue]:
    missing = [path for path in paths if path not in search.share]
    if missing and len(missing) < len(paths):
        place = next(index for index, path in enumerate(search.share) if path in paths)
        yield SpecIssue(f"/search/share/{place}", f"Moves together with '{missing[0]}'; share that axis too.")


def _points(axis: Axis) -> str:
    return "no number of points" if axis.count is None else f"{axis.count} points"


def _design_issues(arms: Sequence[ArmSpace], search: SubmittedSearch) -> Iterator[SpecIssue]:
    if search.design in (None, "grid"):
        yield from _grid_issues(arms, search)
        return
    if search.settings is None:
        yield SpecIssue("/search/settings", f"Required for the design '{search.design}': how many settings an arm has.")
        return
    yield from _share_issues(arms, search)
    for arm in arms:
        possible = prod(group.count or 0 for group in arm.groups)
        if arm.groups and 0 < possible < search.settings:
            detail = f"Optimizer {arm.entry} has only {possible} different settings; ask for at most that many."
            yield SpecIssue("/search/settings", detail)


def _grid_issues(arms: Sequence[ArmSpace], search: SubmittedSearch) -> Iterator[SpecIssue]:
    for arm in arms:
        for path, axis in arm.axes.items():
            if axis.count is None:
                detail = "A grid needs a number of points: add 'count', or ask for another design, such as "
                yield SpecIssue(
                    pointer_of(path, arm.entry), f"{detail}'search': {{'design': 'sobol', 'settings': 64}}."
                )
    if search.settings is not None:
        detail = "A grid has as many settings as its axes give; leave this out, or ask for the design 'random' or"
        yield SpecIssue("/search/settings", f"{detail} 'sobol'.")
    if search.share:
        yield SpecIssue("/search/share", "Arms with the same grid have the same points anyway; leave this out.")


def _share_issues(arms: Sequence[ArmSpace], search: SubmittedSearch) -> Iterator[SpecIssue]:
    for path in search.share:
        having = [arm for arm in arms if path in arm.axes]
        for arm in having[1:]:
            if arm.axes[path] != having[0].axes[path]:
                detail = f"Is shared, so it has to be the same axis as that of optimizer {having[0].entry}."
                yield SpecIssue(pointer_of(path, arm.entry), detail)


def _size_issues(draft: SpecDraft, arms: Sequence[ArmSpace], search: SubmittedSearch) -> Iterator[SpecIssue]:
    settings = sum(arm.settings for arm in arms)
    if settings * len(draft.seeds) > MAX_TRIALS:
        largest = max(arms, key=lambda arm: arm.settings)
        pointer = "/search/settings" if search.settings is not None else f"/optimizers/{largest.entry}"
        trials = _number(settings * len(draft.seeds))
        detail = f"{_number(settings)} settings with {len(draft.seeds)} seeds make {trials} trials; a job has at most"
        yield SpecIssue(pointer, f"{detail} {MAX_TRIALS}.")
        return
    yield from _variant_issues(arms)
    for arm in arms:
        yield from _schedule_issues(draft.optimizers[arm.entry], arm, draft.budget.steps)


def _variant_issues(arms: Sequence[ArmSpace]) -> Iterator[SpecIssue]:
    """Each problem of an arm is computed by itself."""
    variants = sum(min(arm.settings, _variants(arm)) for arm in arms)
    if variants > MAX_PROBLEM_VARIANTS:
        path = next(path for path in arms[0].axes if is_variant(path))
        detail = (
            f"Batch sizes and widths make up to {_number(variants)} different problems over all arms; at most "
            f"{MAX_PROBLEM_VARIANTS} are allowed. Use fewer points."
        )
        yield SpecIssue(pointer_of(path, arms[0].entry), detail)


def _variants(arm: ArmSpace) -> int:
    """The most different problems that an arm can have."""
    return prod(group.count or _whole_numbers(arm, group) for group in arm.groups if group.is_variant)


def _whole_numbers(arm: ArmSpace, group: AxisGroup) -> int:
    return prod(int(arm.axes[path].most - arm.axes[path].least) + 1 for path in group.paths if is_variant(path))


def _schedule_issues(settings: AnyOptimizer, arm: ArmSpace, budget: int) -> Iterator[SpecIssue]:
    """What a schedule with axes cannot do within the budget, at the worst of its points."""
    schedule = settings.schedule
    if schedule is None or not any(path.startswith("schedule.") for path in arm.axes):
        return
    for numbers in _worst(arm):
        names = {path.removeprefix("schedule."): number for path, number in numbers.items()}
        issue = schedule.model_copy(update=names).issue(budget)
        if issue is not None:
            yield SpecIssue(f"/optimizers/{arm.entry}/schedule{issue.pointer}", issue.detail)
            return


def _worst(arm: ArmSpace) -> Iterator[Mapping[str, int]]:
    """Points of the axes in steps at which a schedule ends latest: all at their largest, unless some move as one."""
    latest = {path: int(arm.axes[path].most) for path in _IN_STEPS if path in arm.axes}
    tied = next((group for group in arm.groups if set(_IN_STEPS) <= set(group.paths)), None)
    if tied is None or tied.count is None:
        yield latest
        return
    warm_up, every = (table(arm.axes[path]).astype(int) for path in _IN_STEPS)
    for place in (np.argmax(warm_up), np.argmax(warm_up + every)):
        yield dict(zip(_IN_STEPS, (int(warm_up[place]), int(every[place])), strict=True))


_IN_STEPS = ("schedule.warmup_steps", "schedule.every")


def _number(count: int) -> str:
    return str(count) if count < _READABLE else "more than 10**15"
