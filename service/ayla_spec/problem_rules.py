"""Rules of a problem as a whole: parts that go together, and defaults that depend on others."""

from dataclasses import replace

from ayla_spec.errors import SpecIssue
from ayla_spec.expression import ExpansionQuota, ExpressionError, parse
from ayla_spec.expression.points import element
from ayla_spec.float32 import constant_issues
from ayla_spec.jobspec import Dtype
from ayla_spec.limits import MAX_INPUT_VALUES, MAX_PARAMETERS
from ayla_spec.networks import LOSSES_OF_CLASSES, CnnModel, usual_loss
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.starts import Scalar


def with_loss(problem: DatasetProblem) -> DatasetProblem:
    """The problem with its loss filled in."""
    loss = problem.loss or usual_loss(has_classes=problem.dataset.has_classes)
    return problem.model_copy(update={"loss": loss})


def usual_dtype(problem: ExpressionProblem | DatasetProblem) -> Dtype:
    """float32 for images, as is usual there, else float64."""
    is_image = isinstance(problem, DatasetProblem) and problem.dataset.image_side is not None
    return "float32" if is_image else "float64"


def problem_issues(
    problem: ExpressionProblem | DatasetProblem, dtype: Dtype = "float64", quota: ExpansionQuota | None = None
) -> list[SpecIssue]:
    """Issues of a problem as a whole.

    Args:
        problem: to check.
        dtype: what it is computed in.
        quota: of its expression.
    """
    if isinstance(problem, ExpressionProblem):
        return _expression_issues(problem, dtype, quota)
    return _dataset_issues(problem)


def _expression_issues(problem: ExpressionProblem, dtype: Dtype, quota: ExpansionQuota | None) -> list[SpecIssue]:
    try:
        expression = parse(problem.expression, problem.shape, quota)
    except ExpressionError as error:
        return [SpecIssue("/problem/expression", str(error))]
    if not expression.variables:
        return [SpecIssue("/problem/expression", "The expression uses no variable, so there is nothing to optimize.")]
    used = set(expression.variables)
    shape = problem.shape
    unused = [issue for name, start in problem.start.items() for issue in _unused(name, start, shape[name], used)]
    return unused + (constant_issues(expression, "/problem/expression") if dtype == "float32" else [])


def _unused(name: str, start: Scalar | list[Scalar], length: int | None, used: set[str]) -> list[SpecIssue]:
    """Issues of what would never move: a variable that does not occur, or single elements of a vector."""
    pointer = f"/problem/start/{name}"
    if length is None:
        missing = [] if name in used else [pointer]
    else:
        missing = [f"{pointer}/{index}" for index in range(length) if element(name, index) not in used]
    if missing and len(missing) == (length or 1):
        return [SpecIssue(pointer, "The expression does not use this variable; remove it.")]
    if missing and not isinstance(start, list):
        first = missing[0].rpartition("/")[2]
        detail = f"The expression does not use all of these elements, {name}[{first}] for one; lower the dimension."
        return [SpecIssue(f"{pointer}/dimension", detail)]
    return [SpecIssue(place, "The expression does not use this element; leave it out.") for place in missing]


def _dataset_issues(problem: DatasetProblem) -> list[SpecIssue]:
    return [
        *_loss_issues(problem),
        *_model_issues(problem),
        *_batch_issues(problem),
        *_size_issues(problem),
        *(replace(issue, pointer=f"/problem/dataset{issue.pointer}") for issue in problem.dataset.issues()),
    ]


def _loss_issues(problem: DatasetProblem) -> list[SpecIssue]:
    has_classes = problem.dataset.has_classes
    if has_classes == (problem.loss in LOSSES_OF_CLASSES):
        return []
    fitting = "'cross-entropy' or 'mse-softmax'" if has_classes else "'mse' or 'huber'"
    kind = "classes" if has_classes else "numbers"
    return [SpecIssue("/problem/loss", f"The targets of this dataset are {kind}; use {fitting}.")]


def _model_issues(problem: DatasetProblem) -> list[SpecIssue]:
    if isinstance(problem.model, CnnModel):
        side = problem.dataset.image_side
        if side is None:
            return [SpecIssue("/problem/model/name", "A cnn takes images: mnist, fashion-mnist or digits.")]
        if side >> len(problem.model.channels) == 0:
            detail = f"Each convolution halves the {side} x {side} image, and nothing is left of it; use fewer."
            return [SpecIssue("/problem/model/channels", detail)]
    count = problem.parameters
    if count > MAX_PARAMETERS:
        detail = f"The model would have {count} parameters; at most {MAX_PARAMETERS} are allowed. Make it smaller."
        return [SpecIssue("/problem/model", detail)]
    return []


def _batch_issues(problem: DatasetProblem) -> list[SpecIssue]:
    samples = problem.dataset.training_samples
    if problem.batch_size is None or samples is None or problem.batch_size <= samples:
        return []
    detail = f"There are {samples} training samples; use at most that, or null for all of them."
    return [SpecIssue("/problem/batch_size", detail)]


def _size_issues(problem: DatasetProblem) -> list[SpecIssue]:
    if problem.dataset.generated_values <= MAX_INPUT_VALUES:
        return []
    detail = f"Samples times features are more than {MAX_INPUT_VALUES} values; make one of them smaller."
    return [SpecIssue("/problem/dataset/samples", detail)]
