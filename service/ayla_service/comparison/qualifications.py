"""What makes a comparison of tuned arms unequal or weak, in words that its verdict begins with."""

import math
from collections.abc import Callable, Iterator, Sequence

from ayla_service.comparison.pairs import Match
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.tuning import TunedArm

_NAMED = 5

Found = tuple[TunedArm, TunedArm]
"""The two arms of a pair on one problem."""


def qualifications(match: Match, found: Sequence[Found], protocol: Protocol) -> list[str]:
    """What a verdict on two arms must say.

    Args:
        match: the arms.
        found: both of them on every problem of the verdict.
        protocol: by which they were tuned.
    """
    said = [*_budgets(match, found), *_same_seeds(found, protocol)]
    for name, arms in ((match.label, [ours for ours, _ in found]), (match.base_label, [base for _, base in found])):
        said += _of_several(name, arms, protocol) if len(arms) > 1 else weaknesses(arms[0], protocol)
    return list(dict.fromkeys(said))


def with_qualifications(said: Sequence[str], verdict: str) -> str:
    """The verdict with what qualifies it at its head."""
    return f"With {'; '.join(said)}: {verdict}" if said else verdict


def weaknesses(arm: TunedArm, protocol: Protocol) -> list[str]:
    """What weakens everything that is said about an arm on one problem."""
    return [words for _, words in _weaknesses(arm, protocol)]


def _budgets(match: Match, found: Sequence[Found]) -> Iterator[str]:
    if all(ours.budget == base.budget for ours, base in found):
        return
    ours, base = (_range([pair[side].budget for pair in found]) for side in (0, 1))
    if not any(arm.is_tuned for _, arm in found):
        yield f"{match.label} tuned over {ours} settings and {match.base_label} not tuned"
    elif not any(arm.is_tuned for arm, _ in found):
        yield f"{match.base_label} tuned over {base} settings and {match.label} not tuned"
    else:
        yield f"unequal budgets ({ours} settings of {match.label}, {base} of {match.base_label})"


def _same_seeds(found: Sequence[Found], protocol: Protocol) -> Iterator[str]:
    tuned = [arm for pair in found for arm in pair if arm.budget > 1]
    if tuned and protocol.both:
        yield f"selection and test on the same seeds ({numbers(protocol.both)})"
    if any(arm.is_known for arm in tuned):
        yield "test runs that repeat those of the selection, as the seeds make no difference"


def _of_several(name: str, arms: Sequence[TunedArm], protocol: Protocol) -> Iterator[str]:
    """The kinds of weaknesses of an arm over several problems, with on how many of them."""
    counts: dict[str, int] = {}
    for arm in arms:
        for kind in dict(_weaknesses(arm, protocol)):
            counts[kind] = counts.get(kind, 0) + 1
    for kind, count in counts.items():
        yield f"{_KINDS[kind](name)} on {count} of {len(arms)} problems"


_KINDS: dict[str, Callable[[str], str]] = {
    "nothing": lambda name: f"no setting of {name} selected",
    "seeds": lambda name: f"{name} tuned on fewer seeds than asked for",
    "settings": lambda name: f"settings of {name} left out of the selection",
    "infinite": lambda name: f"no setting of {name} finite on the tuning seeds",
    "missing": lambda name: f"confirmation seeds of {name} missing",
    "varies": lambda name: f"different settings of {name} under one label",
}


def _weaknesses(arm: TunedArm, protocol: Protocol) -> Iterator[tuple[str, str]]:
    """Kind and words of each."""
    if arm.selected is None:
        yield "nothing", f"no setting of {arm.name} selected, as none has a value on a tuning seed"
        return
    asked, had = len(protocol.tuning_seeds), len(arm.selected.seeds)
    if arm.is_tuned and had < asked:
        yield "seeds", f"{arm.name} tuned on {had} of {asked} tuning seeds"
    if arm.incomplete:
        left_out = f"{len(arm.incomplete)} of {len(arm.tried)} settings of {arm.name}"
        yield "settings", f"{left_out} left out of the selection for lack of tuning seeds"
    if arm.selected.value == math.inf:
        yield "infinite", f"no setting of {arm.name} finite on the tuning seeds"
    if arm.missing:
        seeds = f"confirmation seed{'s' if len(arm.missing) > 1 else ''} {numbers(arm.missing)}"
        yield "missing", f"{seeds} of {arm.name} missing (to be run with '{arm.selected.setting.label}')"
    if arm.selected.setting.varies:
        yield "varies", f"different settings under the label '{arm.selected.setting.label}' in different jobs"


def numbers(seeds: Sequence[int]) -> str:
    """Numbers as a list in words, the first few of many."""
    *others, last = map(str, seeds)
    if len(seeds) > _NAMED + 1:
        others, last = [str(seed) for seed in seeds[:_NAMED]], f"{len(seeds) - _NAMED} more"
    return f"{', '.join(others)} and {last}" if others else last


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"
