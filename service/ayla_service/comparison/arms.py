"""Arms of a comparison: optimizers with several settings each, and which of them is compared with which."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ayla_spec.optimizers.settings import OPTIMIZERS

from ayla_service.comparison.pairs import Match
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting

_TITLES = {kind.model_fields["name"].default: kind.title for kind in OPTIMIZERS}


def optimizer_title(optimizer: Mapping[str, Any]) -> str:
    """Name of an optimizer for people, which is another one with AYLA."""
    title = _TITLES.get(optimizer["name"], str(optimizer["name"]))
    return f"AYLA-{title}" if optimizer.get("ayla") else title


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
    plain = _plain_by_base(arms)
    found: dict[tuple[str, str], Match] = {}
    for name, settings in arms.items():
        base = _built_on(settings, plain)
        if base is not None:
            found[name, base] = Match(name, base, is_ayla=True)
    for name in arms if baseline in arms else ():
        if baseline is not None and name != baseline:
            found.setdefault((name, baseline), Match(name, baseline, is_ayla=False))
    return list(found.values())


def _plain_by_base(arms: Mapping[str, Sequence[ComparedSetting]]) -> dict[str, list[tuple[int, str]]]:
    """Place and name of the arms without AYLA that have a setting, by the setting."""
    found: dict[str, list[tuple[int, str]]] = {}
    for place, (name, settings) in enumerate(arms.items()):
        if not any(setting.has_ayla for setting in settings):
            for base in {setting.base for setting in settings}:
                found.setdefault(base, []).append((place, name))
    return found


def _built_on(settings: Sequence[ComparedSetting], plain: Mapping[str, Sequence[tuple[int, str]]]) -> str | None:
    """The arm that most of these settings are AYLA on, the first of equals; none if none of them is."""
    bases = {setting.base for setting in settings if setting.has_ayla}
    common = Counter(arm for base in bases for arm in plain.get(base, ()))
    best = min(common, key=lambda arm: (-common[arm], arm), default=None)
    return None if best is None else best[1]
