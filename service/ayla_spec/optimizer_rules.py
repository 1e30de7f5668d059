"""Rules of an optimizer among the other parts of a job: problem, budget, the other optimizers."""

from collections.abc import Iterator
from dataclasses import replace

from ayla_spec.axes import axes_of
from ayla_spec.draft import SpecDraft
from ayla_spec.errors import SpecIssue
from ayla_spec.problems import ExpressionProblem


def optimizer_issues(draft: SpecDraft) -> list[SpecIssue]:
    """Issues of the optimizers of a job."""
    return [*_label_issues(draft), *_arm_issues(draft), *_sample_issues(draft), *_schedule_issues(draft)]


def _label_issues(draft: SpecDraft) -> Iterator[SpecIssue]:
    labels: dict[str, int] = {}
    for index, settings in enumerate(draft.optimizers):
        if settings.label is None:
            continue
        first = labels.setdefault(settings.label, index)
        if first != index:
            detail = f"The label of optimizer {first} again; give each optimizer a label of its own."
            yield SpecIssue(f"/optimizers/{index}/label", detail)


def _arm_issues(draft: SpecDraft) -> Iterator[SpecIssue]:
    """An entry without an arm is one under its label, so that must not be the arm of others."""
    arms: dict[str, int] = {}
    for index, settings in enumerate(draft.optimizers):
        if settings.arm is not None:
            arms.setdefault(settings.arm, index)
    for index, settings in enumerate(draft.optimizers):
        first = arms.get(settings.label or "") if settings.arm is None else None
        if first is not None:
            detail = f"Is the arm of optimizer {first}; give this one that arm too, or another label."
            yield SpecIssue(f"/optimizers/{index}/label", detail)


def _sample_issues(draft: SpecDraft) -> Iterator[SpecIssue]:
    if not isinstance(draft.problem, ExpressionProblem):
        return
    for index, settings in enumerate(draft.optimizers):
        if settings.ayla is not None and settings.ayla.transform_on == "sample":
            detail = "An expression has no samples; use 'loss', or a dataset problem."
            yield SpecIssue(f"/optimizers/{index}/ayla/transform_on", detail)


def _schedule_issues(draft: SpecDraft) -> Iterator[SpecIssue]:
    for index, settings in enumerate(draft.optimizers):
        # Schedules with axes are looked at with the other axes.
        is_fixed = settings.schedule is not None and not any(axes_of(settings.schedule))
        issue = settings.schedule.issue(draft.budget.steps) if settings.schedule is not None and is_fixed else None
        if issue is not None:
            yield replace(issue, pointer=f"/optimizers/{index}/schedule{issue.pointer}")
