"""What no single field of a problem can tell: which parts go together, and what is filled in."""

from ayla_spec.datasets import (
    AnyDataset,
    ClassificationDataset,
    CurveDataset,
    FileDataset,
    RegressionDataset,
    UploadDataset,
)
from ayla_spec.errors import SpecIssue
from ayla_spec.expression import ExpansionQuota, ExpressionError, parse
from ayla_spec.expression.points import element
from ayla_spec.float32 import constant_issues
from ayla_spec.jobspec import Dtype
from ayla_spec.limits import MAX_INPUT_VALUES, MAX_PARAMETERS
from ayla_spec.networks import LOSSES_OF_CLASSES, CnnModel
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.sizes import image_side, input_values, parameters

_LEAST_SAMPLES = 2


def with_loss(problem: DatasetProblem) -> DatasetProblem:
    """The problem with its loss filled in."""
    usual = "cross-entropy" if problem.dataset.has_classes else "mse"
    return problem.model_copy(update={"loss": problem.loss or usual})


def usual_dtype(problem: ExpressionProblem | DatasetProblem) -> Dtype:
    """float32 for images, as is usual there, else float64."""
    is_image = isinstance(problem, DatasetProblem) and image_side(problem.dataset) is not None
    return "float32" if is_image else "float64"


def may_be_one_dimensional(problem: DatasetProblem) -> bool:
    """Whether the data may have one input and one output, so that predictions make a curve."""
    match problem.dataset:
        case CurveDataset():
            return True
        case FileDataset(inputs=inputs):
            return not problem.dataset.has_classes and (inputs is None or len(inputs) == 1)
        case UploadDataset(feature_count=count):
            return not problem.dataset.has_classes and count in (None, 1)
        case RegressionDataset():
            return problem.dataset.feature_count == 1
        case _:
            return False


def problem_issues(
    problem: ExpressionProblem | DatasetProblem, dtype: Dtype = "float64", quota: ExpansionQuota | None = None
) -> list[SpecIssue]:
    """What is wrong with a problem as a whole.

    Args:
        problem: to check.
        dtype: what it is computed in.
        quota: what its expression is parsed by.
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
    unused = [issue for name, length in problem.shape.items() for issue in _unused(name, length, used)]
    return unused + (constant_issues(expression, "/problem/expression") if dtype == "float32" else [])


def _unused(name: str, length: int | None, used: set[str]) -> list[SpecIssue]:
    """What would never move: a variable that does not occur, or single elements of a vector."""
    pointer = f"/problem/start/{name}"
    if length is None:
        missing = [] if name in used else [pointer]
    else:
        missing = [f"{pointer}/{index}" for index in range(length) if element(name, index) not in used]
    if missing and len(missing) == (length or 1):
        return [SpecIssue(pointer, "The expression does not use this variable; remove it.")]
    return [SpecIssue(place, "The expression does not use this element; leave it out.") for place in missing]


def _dataset_issues(problem: DatasetProblem) -> list[SpecIssue]:
    return [
        *_loss_issues(problem),
        *_model_issues(problem),
        *_batch_issues(problem),
        *_size_issues(problem.dataset),
        *_setting_issues(problem.dataset),
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
        side = image_side(problem.dataset)
        if side is None:
            return [SpecIssue("/problem/model/name", "A cnn takes images: mnist, fashion-mnist or digits.")]
        if side >> len(problem.model.channels) == 0:
            detail = f"Each convolution halves the {side} x {side} image, and nothing is left of it; use fewer."
            return [SpecIssue("/problem/model/channels", detail)]
    count = parameters(problem)
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


def _size_issues(dataset: AnyDataset) -> list[SpecIssue]:
    if input_values(dataset) <= MAX_INPUT_VALUES:
        return []
    detail = f"Samples times features are more than {MAX_INPUT_VALUES} values; make one of them smaller."
    return [SpecIssue("/problem/dataset/samples", detail)]


def _setting_issues(dataset: AnyDataset) -> list[SpecIssue]:
    match dataset:
        case CurveDataset(low=low, high=high) if low >= high:
            return [SpecIssue("/problem/dataset/high", "Must be above 'low'.")]
        case RegressionDataset(informative=count) if count is not None and count > dataset.feature_count:
            detail = f"Must be at most 'feature_count', which is {dataset.feature_count}."
            return [SpecIssue("/problem/dataset/informative", detail)]
        case ClassificationDataset() if dataset.class_count > dataset.training_samples:
            detail = f"Must be at most the number of training samples, which is {dataset.training_samples}."
            return [SpecIssue("/problem/dataset/class_count", detail)]
        case FileDataset():
            return [*_column_issues(dataset), *_file_issues(dataset)]
        case UploadDataset():
            return [*_column_issues(dataset), *_upload_issues(dataset)]
        case _:
            return []


def _upload_issues(dataset: UploadDataset) -> list[SpecIssue]:
    """What the split of an upload cannot give."""
    samples, classes = dataset.training_samples, dataset.class_count
    if samples is not None and samples < max(_LEAST_SAMPLES, classes or 0):
        needed = f"one for each of the {classes} classes" if classes else f"at least {_LEAST_SAMPLES}"
        detail = f"It leaves {samples} of {dataset.rows} samples to train on; {needed} are needed. Make it smaller."
        return [SpecIssue("/problem/dataset/test_fraction", detail)]
    return []


def _file_issues(dataset: FileDataset) -> list[SpecIssue]:
    if dataset.header is None or dataset.file.lower().endswith(".csv"):
        return []
    return [SpecIssue("/problem/dataset/header", "Only CSV has a line of names; leave this out.")]


def _column_issues(dataset: FileDataset | UploadDataset) -> list[SpecIssue]:
    """Input columns that cannot be meant: the target itself, or one that stands twice."""
    issues = []
    earlier: set[str] = set()
    for index, column in enumerate(dataset.inputs or []):
        pointer = f"/problem/dataset/inputs/{index}"
        if column == dataset.target:
            issues.append(SpecIssue(pointer, "This column is the target; predict it from others."))
        elif column in earlier:
            issues.append(SpecIssue(pointer, "This column stands twice; list each once."))
        earlier.add(column)
    return issues
