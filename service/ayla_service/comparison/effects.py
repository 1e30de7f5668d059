"""Exponents of AYLA that had no effect, and settings that are copies of each other because of that."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ayla_spec.optimizers.effect import effective

from ayla_service.comparison.runs import ComparedProblem
from ayla_service.comparison.schemas import ComparedOptimizer

_LABELS_NAMED = 3
_GROUPS_NAMED = 5


def copies(problem: ComparedProblem) -> dict[str, str]:
    """Settings that are copies of an earlier one: the label of the first, by the label of each copy.

    They have the same seeds, and differ only in exponents that acted in none of their runs.
    """
    first: dict[str, str] = {}
    found: dict[str, str] = {}
    for label, setting in problem.settings.items():
        if (counts := setting.loss_counts) is not None:
            own = [setting.runs.seeds.tolist(), effective(setting.optimizer, counts), dict(setting.numbers)]
            key = json.dumps(own, sort_keys=True)
            found[label] = first.setdefault(key, label)
    return {label: other for label, other in found.items() if label != other}


def notes_on_effects(summaries: Sequence[ComparedOptimizer]) -> Iterator[str]:
    """Notes on the settings of one problem: whose exponents had no effect, and which are copies."""
    idle: dict[str, list[str]] = defaultdict(list)
    groups: dict[str, list[str]] = {}
    for summary in summaries:
        if summary.notes:
            idle[" ".join(summary.notes)].append(summary.label)
        if summary.copy_of is not None:
            groups.setdefault(summary.copy_of, [summary.copy_of]).append(summary.label)
    for notes, labels in idle.items():
        yield f"{_named(labels)}: {notes}"
    if groups:
        yield _copies(list(groups.values()), len(summaries))


def _copies(groups: list[list[str]], total: int) -> str:
    count = sum(len(group) - 1 for group in groups)
    are = "is a copy" if count == 1 else "are copies"
    named = [f"({_named(group)})" for group in groups[:_GROUPS_NAMED]]
    if left_out := len(groups) - len(named):
        named.append(f"and {left_out} more groups, of which 'copy_of' tells")
    return (
        f"{count} of {total} optimizers {are} of another one, as they differ only in exponents that had no effect: "
        f"{', '.join(named)}."
    )


def _named(labels: Sequence[str]) -> str:
    """The labels as a list in words; the first few of many."""
    *others, last = labels
    if len(labels) > _LABELS_NAMED:
        others, last = [*labels[:_LABELS_NAMED]], f"{len(labels) - _LABELS_NAMED} more"
    return f"{', '.join(others)} and {last}" if others else last
