"""What lists of jobs are filtered by, and what a search by text looks through."""

from collections.abc import Iterable
from typing import Any

from ayla_spec import ResolvedJobSpec
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.text import normalized

from ayla_service.states import LabelKind

_AYLA = "ayla"
"""Optimizers that AYLA is applied to are found under its name too."""


def labels_of(resolved: ResolvedJobSpec, tags: Iterable[str], project: str | None) -> list[tuple[LabelKind, str]]:
    """The labels of a job, each once."""
    labels = [(LabelKind.TAG, tag) for tag in tags]
    labels += [(LabelKind.PROJECT, project)] if project is not None else []
    labels += [(LabelKind.PROBLEM, name) for name in _problem_names(resolved)]
    labels += [(LabelKind.OPTIMIZER, name) for name in _optimizer_names(resolved)]
    return list(dict.fromkeys(labels))


def search_text(
    resolved: ResolvedJobSpec, name: str | None, tags: Iterable[str], project: str | None, notes: str | None
) -> str:
    """What a search by text looks through."""
    objective = [resolved.problem.expression] if isinstance(resolved.problem, ExpressionProblem) else []
    optimizers = {settings.label or "" for settings in resolved.optimizers}
    parts = [name, project, *tags, *_problem_names(resolved), *objective, *sorted(optimizers), notes]
    return searchable("\n".join(part for part in parts if part))


def searchable(text: str) -> str:
    """A text as it is looked for, and looked through."""
    return normalized(text.lower())


def new_labels(
    job_id: str, team_id: str, created_at: Any, labels: Iterable[tuple[LabelKind, str]]
) -> list[dict[str, Any]]:
    """Rows of the table of labels."""
    return [
        {"job_id": job_id, "team_id": team_id, "created_at": created_at, "kind": kind, "label": label}
        for kind, label in labels
    ]


def _problem_names(resolved: ResolvedJobSpec) -> list[str]:
    names = [resolved.problem.type, *([resolved.preset] if resolved.preset else [])]
    return [*names, resolved.problem.dataset.name] if isinstance(resolved.problem, DatasetProblem) else list(names)


def _optimizer_names(resolved: ResolvedJobSpec) -> list[str]:
    with_ayla = [_AYLA] if any(settings.ayla is not None for settings in resolved.optimizers) else []
    return [*dict.fromkeys(settings.name for settings in resolved.optimizers), *with_ayla]
