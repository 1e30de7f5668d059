"""Which parts of a problem go together, and what an expression leaves unused."""

from typing import Any

import pytest
from ayla_spec.limits import MAX_INPUT_VALUES, MAX_PARAMETERS
from ayla_spec.problem_rules import problem_issues, usual_dtype, with_loss
from ayla_spec.problems import DatasetProblem, ExpressionProblem


def _dataset(name: str, model: dict[str, Any] | None = None, **changes: Any) -> DatasetProblem:
    settings = {key: value for key, value in changes.items() if key not in {"loss", "batch_size"}}
    rest = {key: value for key, value in changes.items() if key in {"loss", "batch_size"}}
    document = {"dataset": {"name": name, **settings}, "model": model or {"name": "mlp"}, **rest}
    return with_loss(DatasetProblem.model_validate(document))


def _pointers(problem: ExpressionProblem | DatasetProblem) -> list[str]:
    return [issue.pointer for issue in problem_issues(problem)]


@pytest.mark.parametrize(
    ("name", "settings", "loss"),
    [
        ("curve", {}, "mse"),
        ("regression", {}, "mse"),
        ("classification", {}, "cross-entropy"),
        ("digits", {}, "cross-entropy"),
        ("mnist", {}, "cross-entropy"),
        ("fashion-mnist", {}, "cross-entropy"),
        ("file", {"file": "a.csv"}, "mse"),
        ("file", {"file": "A.CSV", "header": True}, "mse"),
        ("file", {"file": "a.csv", "task": "classification"}, "cross-entropy"),
    ],
)
def test_every_dataset_has_its_usual_loss_and_no_issue(name: str, settings: dict[str, Any], loss: str) -> None:
    problem = _dataset(name, **settings)
    assert problem.loss == loss
    assert problem_issues(problem) == []


@pytest.mark.parametrize(
    ("problem", "pointer"),
    [
        (_dataset("mnist", loss="mse"), "/problem/loss"),
        (_dataset("mnist", loss="huber"), "/problem/loss"),
        (_dataset("curve", loss="cross-entropy"), "/problem/loss"),
        (_dataset("file", file="a.csv", loss="mse-softmax"), "/problem/loss"),
        (_dataset("curve", {"name": "cnn"}), "/problem/model/name"),
        (_dataset("file", {"name": "cnn"}, file="a.npz"), "/problem/model/name"),
        (_dataset("digits", {"name": "cnn", "channels": [2, 2, 2, 2]}), "/problem/model/channels"),
        (_dataset("mnist", {"name": "mlp", "hidden": [8192, 8192]}), "/problem/model"),
        (_dataset("curve", batch_size=101), "/problem/batch_size"),
        (_dataset("digits", batch_size=1439), "/problem/batch_size"),
        (_dataset("regression", {"name": "linear"}, samples=1_000_000, feature_count=101), "/problem/dataset/samples"),
        (_dataset("curve", low=1.0, high=1.0), "/problem/dataset/high"),
        (_dataset("regression", feature_count=3, informative=4), "/problem/dataset/informative"),
        (_dataset("classification", samples=10, class_count=9), "/problem/dataset/class_count"),
        (_dataset("file", file="a.csv", target="y", inputs=["x", "y"]), "/problem/dataset/inputs/1"),
        (_dataset("file", file="a.csv", inputs=["x", "x"]), "/problem/dataset/inputs/1"),
        (_dataset("file", file="a.npz", header=True), "/problem/dataset/header"),
        (_dataset("file", file="A.PARQUET", header=True), "/problem/dataset/header"),
    ],
)
def test_parts_that_do_not_go_together(problem: DatasetProblem, pointer: str) -> None:
    assert _pointers(problem) == [pointer]


@pytest.mark.parametrize(
    "problem",
    [
        _dataset("curve", batch_size=100),
        _dataset("digits", batch_size=1438),
        _dataset("digits", {"name": "cnn", "channels": [2, 2, 2]}),
        _dataset("mnist", {"name": "cnn", "channels": [2, 2, 2, 2]}),
        _dataset("file", file="a.csv", batch_size=1_000_000),
        _dataset("regression", {"name": "linear"}, samples=1_000_000, feature_count=100),
        _dataset("classification", class_count=2, loss="mse-softmax"),
    ],
)
def test_parts_at_their_limits_go_together(problem: DatasetProblem) -> None:
    assert problem_issues(problem) == []


@pytest.mark.parametrize(
    ("expression", "start", "pointers"),
    [
        ("x", {"x": 1.0, "y": 2.0}, ["/problem/start/y"]),
        ("x", {"x": 1.0, "y": [1.0, 2.0]}, ["/problem/start/y"]),
        ("x[0] + x[2]", {"x": [1.0, 2.0, 3.0, 4.0]}, ["/problem/start/x/1", "/problem/start/x/3"]),
        ("sum(x[i]**2 for i in range(1, len(x)))", {"x": [1.0, 2.0]}, ["/problem/start/x/0"]),
        ("x + y[0]", {"x": 1.0, "y": [1.0], "z": [1.0]}, ["/problem/start/z"]),
        ("sum(x) + y", {"x": [1.0, 2.0], "y": 1.0}, []),
        ("len(x)", {"x": [1.0, 2.0]}, ["/problem/expression"]),
        ("x[2]", {"x": [1.0, 2.0]}, ["/problem/expression"]),
        ("x[0] + x[2]", {"x": {"uniform": [0.0, 1.0], "dimension": 4}}, ["/problem/start/x/dimension"]),
        ("y", {"x": {"uniform": [0.0, 1.0], "dimension": 4}, "y": {"normal": [0.0, 1.0]}}, ["/problem/start/x"]),
        ("sum(x)*y", {"x": {"uniform": [0.0, 1.0], "dimension": 4}, "y": {"normal": [0.0, 1.0]}}, []),
    ],
)
def test_what_an_expression_never_uses(expression: str, start: dict[str, Any], pointers: list[str]) -> None:
    problem = ExpressionProblem.model_validate({"expression": expression, "start": start})
    assert _pointers(problem) == pointers


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (_dataset("curve"), True),
        (_dataset("regression", feature_count=1), True),
        (_dataset("regression"), False),
        (_dataset("file", file="a.csv"), True),
        (_dataset("file", file="a.csv", inputs=["x"]), True),
        (_dataset("file", file="a.csv", inputs=["x", "y"]), False),
        (_dataset("file", file="a.csv", task="classification"), False),
        (_dataset("digits"), False),
    ],
)
def test_only_one_number_from_one_makes_a_curve(problem: DatasetProblem, *, expected: bool) -> None:
    assert problem.dataset.may_be_one_dimensional is expected


def test_images_alone_are_float32() -> None:
    assert usual_dtype(_dataset("digits")) == "float32"
    assert usual_dtype(_dataset("curve")) == "float64"
    assert usual_dtype(ExpressionProblem(expression="x", start={"x": 1.0})) == "float64"


@pytest.mark.parametrize(
    ("problem", "count"),
    [
        (ExpressionProblem(expression="x*sum(y)", start={"x": 1.0, "y": [1.0, 2.0]}), 3),
        (_dataset("mnist"), 785 * 128 + 129 * 10),
        (_dataset("mnist", {"name": "linear"}), 785 * 10),
        (_dataset("curve"), 2 * 128 + 129),
        (_dataset("classification", {"name": "linear"}, feature_count=4, class_count=3), 15),
        (_dataset("mnist", {"name": "cnn"}), 8 * 10 + 16 * 73 + (7 * 7 * 16 + 1) * 10),
        (_dataset("file", {"name": "linear"}, file="a.csv"), 2),
    ],
)
def test_parameters_are_counted(problem: ExpressionProblem | DatasetProblem, count: int) -> None:
    assert problem.parameters == count


def test_the_limits_leave_room_for_what_is_usual() -> None:
    assert _dataset("mnist", {"name": "mlp", "hidden": [2048, 2048, 1024]}).parameters < MAX_PARAMETERS
    assert _dataset("classification").dataset.generated_values * 1000 < MAX_INPUT_VALUES
