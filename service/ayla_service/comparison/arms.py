"""Arms of a comparison: optimizers with several settings each, and which of them is compared with which."""

from collections.abc import Sequence

from ayla_service.comparison.pairs import Match
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting


def arms_of(problems: Sequence[ComparedProblem]) -> dict[str, list[ComparedSetting]]:
    """The settings of every arm, of all problems, in order of appearance."""
    found: dict[str, list[ComparedSetting]] = {}
    for problem in problems:
        for setting in problem.settings.values():
            found.setdefault(setting.arm, []).append(setting)
    return found


def arm_matches(problems: Sequence[ComparedProblem], baseline: str | None) -> list[Match]:
    """Every arm with AYLA and the arm that it is built on, and every arm with the baseline if there is one.

    An arm with AYLA is built on the arm without, of which it has the most settings with AYLA put on them; the first of
    equals.
    """
    arms = arms_of(problems)
    plain = {name: settings for name, settings in arms.items() if not _has_ayla(settings)}
    found: dict[tuple[str, str], Match] = {}
    for name, settings in arms.items():
        base = _built_on(settings, plain) if _has_ayla(settings) else None
        if base is not None:
            found[name, base] = Match(name, base, is_ayla=True)
    for name in arms if baseline in arms else ():
        if baseline is not None and name != baseline:
            found.setdefault((name, baseline), Match(name, baseline, is_ayla=False))
    return list(found.values())


def _has_ayla(settings: Sequence[ComparedSetting]) -> bool:
    return any(setting.has_ayla for setting in settings)


def _built_on(settings: Sequence[ComparedSetting], plain: dict[str, list[ComparedSetting]]) -> str | None:
    bases = {setting.base for setting in settings if setting.has_ayla}
    common = {name: len(bases & {setting.base for setting in others}) for name, others in plain.items()}
    best = max(common, key=common.__getitem__, default=None)
    return best if best is not None and common[best] else None
