"""Arms of a comparison: optimizers with several settings each, and which of them is compared with which."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ayla_spec.optimizers.base import nameless
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
    equals. Arms whose settings were drawn have none in common: then on the first arm without AYLA that has the same
    settings but for the numbers that are tuned in both.
    """
    arms = arms_of(problems)
    plain = _plain_by_base(arms)
    alike = {_fixed(settings): name for name, settings in reversed(arms.items()) if not _any_ayla(settings)}
    found: dict[tuple[str, str], Match] = {}
    for name, settings in arms.items():
        base = _built_on(settings, plain) or (alike.get(_fixed(settings)) if _any_ayla(settings) else None)
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
        if not _any_ayla(settings):
            for base in {setting.base for setting in settings}:
                found.setdefault(base, []).append((place, name))
    return found


def _any_ayla(settings: Sequence[ComparedSetting]) -> bool:
    return any(setting.has_ayla for setting in settings)


def _fixed(settings: Sequence[ComparedSetting]) -> str:
    """What the settings of an arm have in common without AYLA, and the names of what differs between them."""
    every = [dict(_leaves({**nameless(one.optimizer), "ayla": None, "problem": one.numbers})) for one in settings]
    paths = sorted({path for leaves in every for path in leaves})
    found = [(path, {repr(leaves.get(path)) for leaves in every}) for path in paths]
    return repr([(path, *values) if len(values) == 1 else path for path, values in found])


def _leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting by its path."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _built_on(settings: Sequence[ComparedSetting], plain: Mapping[str, Sequence[tuple[int, str]]]) -> str | None:
    """The arm that most of these settings are AYLA on, the first of equals; none if none of them is."""
    bases = {setting.base for setting in settings if setting.has_ayla}
    common = Counter(arm for base in bases for arm in plain.get(base, ()))
    best = min(common, key=lambda arm: (-common[arm], arm), default=None)
    return None if best is None else best[1]
