"""What no single field of an optimizer can tell: whether it fits the problem, the budget and the optimizers beside."""

from collections.abc import Iterator

from ayla_spec.draft import Draft
from ayla_spec.errors import SpecIssue
from ayla_spec.optimizers import ConstantSchedule, CosineSchedule, LinearSchedule, Schedule, StepSchedule
from ayla_spec.problems import ExpressionProblem


def optimizer_issues(draft: Draft) -> list[SpecIssue]:
    """What is wrong with the optimizers of a job."""
    return [*_label_issues(draft), *_sample_issues(draft), *_schedule_issues(draft)]


def _label_issues(draft: Draft) -> Iterator[SpecIssue]:
    labels: dict[str, int] = {}
    for index, settings in enumerate(draft.optimizers):
        if settings.label is None:
            continue
        first = labels.setdefault(settings.label, index)
        if first != index:
            detail = f"The label of optimizer {first} again; give each optimizer a label of its own."
            yield SpecIssue(f"/optimizers/{index}/label", detail)


def _sample_issues(draft: Draft) -> Iterator[SpecIssue]:
    if not isinstance(draft.problem, ExpressionProblem):
        return
    for index, settings in enumerate(draft.optimizers):
        if settings.ayla is not None and settings.ayla.transform_on == "sample":
            detail = "An expression has no samples; use 'loss', or a dataset problem."
            yield SpecIssue(f"/optimizers/{index}/ayla/transform_on", detail)


def _schedule_issues(draft: Draft) -> Iterator[SpecIssue]:
    for index, settings in enumerate(draft.optimizers):
        fault = None if settings.schedule is None else _schedule_fault(settings.schedule, draft.budget.steps)
        if fault is not None:
            yield SpecIssue(f"/optimizers/{index}/schedule/{fault.pointer}", fault.detail)


def _schedule_fault(schedule: Schedule, budget: int) -> SpecIssue | None:
    """Why the schedule could not do within the budget what it says; the pointer is the name of its field."""
    left = budget - schedule.warmup_steps
    match schedule:
        case ConstantSchedule() if left < 0:
            return SpecIssue("warmup_steps", f"The warm-up is longer than the budget of {budget} steps; shorten it.")
        case StepSchedule() | CosineSchedule() | LinearSchedule() if left < 1:
            detail = f"The warm-up leaves nothing of the budget of {budget} steps for the schedule; shorten it."
            return SpecIssue("warmup_steps", detail)
        case StepSchedule(every=every) if every >= left:
            return SpecIssue("every", f"Never comes within the {left} steps after the warm-up; make it smaller.")
        case _:
            return None
