"""How large a problem is, as far as its spec tells: parameters of a trial, input values of its dataset."""

from itertools import pairwise

from ayla_spec.datasets import AnyDataset, ClassificationDataset, RegressionDataset, UploadDataset
from ayla_spec.networks import CnnModel, MlpModel
from ayla_spec.problems import DatasetProblem, ExpressionProblem

_KERNEL = 9
"""Weights of a 3 x 3 convolution for one channel."""

_SIDES = {"mnist": 28, "fashion-mnist": 28, "digits": 8}


def image_side(dataset: AnyDataset) -> int | None:
    """Height and width of the dataset's images; None where it holds none."""
    return _SIDES.get(dataset.name)


def parameters(problem: ExpressionProblem | DatasetProblem) -> int:
    """Numbers that one trial optimizes; the least possible where only the data tell the width of the inputs."""
    if isinstance(problem, ExpressionProblem):
        return len(problem.flat_start)
    inputs, outputs = _features(problem.dataset), _outputs(problem.dataset)
    match problem.model:
        case MlpModel(hidden=hidden):
            return _fully_connected([inputs, *hidden, outputs])
        case CnnModel(channels=channels):
            return _convolutions(channels) + _fully_connected([_pooled(problem.dataset, channels), outputs])
        case _:
            return _fully_connected([inputs, outputs])


def input_values(dataset: AnyDataset) -> int:
    """Samples times features of a generated dataset; 0 for the others, whose size is known or is their file's."""
    match dataset:
        case RegressionDataset() | ClassificationDataset():
            return dataset.samples * dataset.feature_count
        case _:
            return 0


def _features(dataset: AnyDataset) -> int:
    match dataset:
        case RegressionDataset() | ClassificationDataset():
            return dataset.feature_count
        case UploadDataset():
            return dataset.feature_count or 1
        case _:
            return dataset.features or 1


def _outputs(dataset: AnyDataset) -> int:
    match dataset:
        case ClassificationDataset() | UploadDataset():
            return dataset.class_count or 1
        case _:
            return dataset.classes or 1


def _fully_connected(widths: list[int]) -> int:
    return sum((before + 1) * after for before, after in pairwise(widths))


def _convolutions(channels: list[int]) -> int:
    return sum((before * _KERNEL + 1) * after for before, after in pairwise([1, *channels]))


def _pooled(dataset: AnyDataset, channels: list[int]) -> int:
    """Numbers that are left of an image after every convolution has halved it."""
    side = (image_side(dataset) or 0) >> len(channels)
    return side * side * channels[-1]
