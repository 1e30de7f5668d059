"""Uploaded datasets in a spec: what of them is known before and after the store was asked."""

from typing import Any

import pytest
from ayla_spec import JobSpec, SpecError, resolve
from ayla_spec.datasets import FileDataset, UploadDataset
from ayla_spec.problem_rules import problem_issues, with_loss
from ayla_spec.problems import DatasetProblem
from pydantic import ValidationError

FACTS: dict[str, Any] = {"id": "0" * 36, "digest": "a" * 64, "rows": 100, "feature_count": 4}


def _problem(model: str = "linear", batch_size: int | None = None, **settings: Any) -> DatasetProblem:
    dataset = {"name": "upload", "dataset": "flowers", **settings}
    document = {"dataset": dataset, "model": {"name": model}, "batch_size": batch_size}
    return with_loss(DatasetProblem.model_validate(document))


@pytest.mark.parametrize(
    ("settings", "loss"), [({}, "mse"), (FACTS, "mse"), ({"task": "classification", "class_count": 3}, "cross-entropy")]
)
def test_it_has_its_usual_loss_and_no_issue(settings: dict[str, Any], loss: str) -> None:
    problem = _problem(**settings)
    assert problem.loss == loss
    assert problem_issues(problem) == []


def test_its_size_is_known_once_it_is_filled_in() -> None:
    assert _problem().dataset.training_samples is None
    assert _problem(**FACTS).dataset.training_samples == 80
    assert _problem().parameters == 2
    assert _problem(**FACTS).parameters == 5
    assert _problem(**FACTS, task="classification", class_count=3).parameters == 15


def test_epochs_need_its_size() -> None:
    spec = {
        "problem": _problem(batch_size=40).model_dump(mode="json"),
        "optimizers": [{"name": "sgd", "learning_rate": 0.1}],
        "budget": {"epochs": 2},
    }
    with pytest.raises(SpecError, match="only the file tells"):
        resolve(JobSpec.model_validate(spec))
    spec["problem"] = _problem(batch_size=40, **FACTS).model_dump(mode="json")
    assert resolve(JobSpec.model_validate(spec)).budget.steps == 4


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, True),
        ({"feature_count": 1}, True),
        ({"feature_count": 2}, False),
        ({"feature_count": 1, "task": "classification"}, False),
    ],
)
def test_predictions_are_of_one_number_from_one(settings: dict[str, Any], *, expected: bool) -> None:
    assert _problem(**settings).dataset.may_be_one_dimensional is expected


@pytest.mark.parametrize(
    ("problem", "pointer"),
    [
        (_problem(**FACTS, batch_size=81), "/problem/batch_size"),
        (_problem(target="y", inputs=["x", "y"]), "/problem/dataset/inputs/1"),
        (_problem(inputs=["x", "x"]), "/problem/dataset/inputs/1"),
        (_problem("cnn"), "/problem/model/name"),
        (_problem(rows=3, test_fraction=0.9), "/problem/dataset/test_fraction"),
        (_problem(rows=9, task="classification", class_count=8), "/problem/dataset/test_fraction"),
    ],
)
def test_what_does_not_fit_is_told(problem: DatasetProblem, pointer: str) -> None:
    assert [issue.pointer for issue in problem_issues(problem)] == [pointer]


@pytest.mark.parametrize(
    "settings",
    [
        {"dataset": ""},
        {"dataset": "../x"},
        {"dataset": "a\x00b"},
        {"dataset": "a" * 101},
        {"id": "x"},
        {"id": "\x00" * 36},
        {"digest": "A" * 64},
        {"rows": 0},
        {"class_count": 1},
        {"file": "a.csv"},
    ],
)
def test_what_no_dataset_can_have_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UploadDataset.model_validate({"dataset": "flowers", **settings})


def test_that_there_are_names_is_said_or_left_out() -> None:
    for value in (False, 1, "true"):
        with pytest.raises(ValidationError):
            FileDataset.model_validate({"name": "file", "file": "a.csv", "header": value})
    with pytest.raises(ValidationError, match="must be true, or left out"):
        FileDataset(file="a.csv", header=False)
    assert FileDataset(file="a.csv").header is None
