"""Specs meant to break something: each is refused at the right field, stores nothing, harms nothing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ayla_service.app import create_app
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from tests.cases import each
from tests.factories import spec
from tests.http.helpers import BASE_URL, pointers, problem_of, set_at, spec_with, spec_without, with_shared_routes

EXPRESSIONS = {
    "an import": "__import__('os').system('true')",
    "a built-in": "open('/etc/passwd')",
    "a dunder chain": "x.__class__.__bases__[0].__subclasses__()",
    "an attribute": "x.real",
    "an index of a scalar": "x[0]",
    "a million terms": "sum(x for i in range(1000000))",
    "sums in sums": "sum(sum(sum(x for i in range(999)) for j in range(999)) for k in range(999))",
    "a huge range": "sum(x for i in range(10**9))",
    "a range of a variable": "sum(x for i in range(x))",
    "a range in a list": "sum([x for i in range(2)])",
    "an index of text": "sum(x for __class__ in range(2))",
    "a condition in a sum": "sum(x for i in range(3) if i)",
    "a chain of comparisons": "where(0 < x < 1, x, x)",
    "a comparison of texts": "where('a' < x, x, x)",
    "a tower of powers": "9**9**9",
    "a power of a power": "x**9**9**9",
    "a huge exponent": "x**(10**9)",
    "a huge negative exponent": "x**-1e9",
    "nested parentheses": "(" * 1500 + "x" + ")" * 1500,
    "nested calls": "sin(" * 400 + "x" + ")" * 400,
    "nested minus": "-" * 2000 + "x",
    "a long sum": "+".join(["x"] * 600),
    "a tower of x": "**".join(["x"] * 100),
    "an unknown name": "x + y",
    "an unknown function": "gamma(x)",
    "no variable": "3 + 4",
    "nothing": "",
    "blanks": "   ",
    "a look-alike letter": "х**2",
    "a full-width digit": "x**２",
    "a superscript": "x²",
    "a NUL byte": "x\x00",
    "a line break": "x\n+1",
    "a tab": "x\t+1",
    "a right-to-left mark": "x\u202e+1",
    "a lambda": "(lambda: x)()",
    "a walrus": "(y := x)",
    "an f-string": "f'{x}'",
    "a string": "'x'",
    "bytes": "b'x'",
    "a list": "[x]",
    "a comprehension": "[x for x in (1,)]",
    "a comparison": "x < 1",
    "a condition": "x if x else 1",
    "an assignment": "x = 1",
    "two statements": "x; x",
    "a comment": "# x",
    "and": "x and x",
    "not": "not x",
    "a bit operation": "x ^ 2",
    "a shift": "x << 2",
    "a floor division": "x // 2",
    "a matrix product": "x @ x",
    "a complex number": "x + 1j",
    "a truth value": "x + True",
    "none": "None",
    "an ellipsis": "...",
    "an await": "await x",
    "a yield": "(yield x)",
    "unpacking": "min(*x)",
    "a keyword argument": "min(x, b=x)",
    "too few arguments": "min(x)",
    "a function as a value": "sin + x",
    "a constant called": "pi(x)",
    "an octal literal": "x + 0777",
    "an overflowing constant": "x + 1e999",
    "an overflowing product": "x + 1e308*10",
    "a division by zero": "x + 1/0",
    "a root of a negative": "x + sqrt(-1)",
    "a long literal": "x + " + "1" * 4000,
    "an open parenthesis": "(x",
    "just operators": "+-*/",
    "the longest garbage": "$" * 4096,
}

FIELDS: dict[str, tuple[str, Any]] = {
    "an expression of a megabyte": ("/problem/expression", "x+" * 500_000 + "x"),
    "ten thousand parentheses": ("/problem/expression", "(" * 10_000 + "x" + ")" * 10_000),
    "an expression that is a number": ("/problem/expression", 4),
    "an expression that is an object": ("/problem/expression", {"$gt": ""}),
    "half of a surrogate pair": ("/problem/expression", "x\ud800"),
    "a NaN start": ("/problem/start/x", float("nan")),
    "an infinite start": ("/problem/start/x", float("inf")),
    "a start beyond floats": ("/problem/start/x", 10**400),
    "a start of text": ("/problem/start/x", "1.0"),
    "a start of nothing": ("/problem/start/x", None),
    "a start of truth": ("/problem/start/x", True),
    "a start of no numbers": ("/problem/start/x", []),
    "a start of 1001 numbers": ("/problem/start/x", [1.0] * 1001),
    "a start of an object": ("/problem/start/x", {"0": 1.0}),
    "no start values": ("/problem/start", {}),
    "a start that is a list": ("/problem/start", [1.0]),
    "a variable that is not used": ("/problem/start/y", 1.0),
    "a variable named like a function": ("/problem/start/sin", 1.0),
    "a variable named like a keyword": ("/problem/start/lambda", 1.0),
    "a dunder variable": ("/problem/start/__class__", 1.0),
    "an empty variable": ("/problem/start/", 1.0),
    "a variable with a line break": ("/problem/start/x\n", 1.0),
    "a variable of 10^5 letters": ("/problem/start/" + "v" * 100_000, 1.0),
    "an unknown kind of problem": ("/problem/type", "python"),
    "a kind of problem that is an object": ("/problem/type", {"a": [1]}),
    "a problem that is text": ("/problem", "x**2"),
    "an unknown field of the problem": ("/problem/eval", "1"),
    "an unknown field": ("/command", "rm -rf /"),
    "a dunder field": ("/__proto__", {"admin": True}),
    "an initial momentum of text": ("/optimizers/0/momentum", "0.9"),
    "a dampening above 1": ("/optimizers/0/dampening", 1.5),
    "a decay below 0": ("/optimizers/0/weight_decay", -1.0),
    "clipping to 0": ("/optimizers/0/clip_norm", 0.0),
    "a schedule of text": ("/optimizers/0/schedule", "cosine"),
    "no optimizers": ("/optimizers", []),
    "too many optimizers": ("/optimizers", [{"name": "sgd", "learning_rate": 1.0}] * 101),
    "an optimizer of text": ("/optimizers/0", "sgd"),
    "an unknown optimizer": ("/optimizers/0/name", "sdg"),
    "an optimizer of another's fields": ("/optimizers/0/beta1", 0.9),
    "a negative learning rate": ("/optimizers/0/learning_rate", -0.1),
    "a learning rate of zero": ("/optimizers/0/learning_rate", 0),
    "a NaN learning rate": ("/optimizers/0/learning_rate", float("nan")),
    "a negative exponent N1": ("/optimizers/1/ayla/n1", -1.0),
    "a huge exponent N2": ("/optimizers/1/ayla/n2", 1e9),
    "samples of an expression": ("/optimizers/1/ayla/transform_on", "sample"),
    "zero steps": ("/budget/steps", 0),
    "negative steps": ("/budget/steps", -5),
    "10^12 steps": ("/budget/steps", 10**12),
    "steps of 400 digits": ("/budget/steps", 10**400),
    "half a step": ("/budget/steps", 1.5),
    "steps with a point": ("/budget/steps", 10.0),
    "steps of text": ("/budget/steps", "10"),
    "steps of truth": ("/budget/steps", True),
    "a million seeds": ("/seeds", list(range(100_000))),
    "no seeds": ("/seeds", []),
    "a seed twice": ("/seeds", [1, 1]),
    "a negative seed": ("/seeds/0", -1),
    "a seed of 400 digits": ("/seeds/0", 10**400),
    "a seed of text": ("/seeds/0", "0; DROP TABLE jobs"),
    "recording every zeroth step": ("/record/every", 0),
    "predictions of an expression": ("/record/predictions_at", [1]),
    "a name of blanks": ("/name", "   "),
    "a name of two lines": ("/name", "a\nb"),
    "a name with a NUL": ("/name", "a\x00b"),
    "a name with an escape sequence": ("/name", "\x1b[2J"),
    "a name of 10^5 letters": ("/name", "n" * 100_000),
    "a name of half a pair": ("/name", "\udfff"),
    "too many tags": ("/tags", ["t"] * 21),
    "a tag of a number": ("/tags/0", 7),
    "an unknown device": ("/device", "tpu"),
    "an unknown dtype": ("/dtype", "float16"),
}

ELSEWHERE: dict[str, tuple[str, Any, str]] = {
    "a list of lists": ("/problem/start/x", [[[[1]]]], "/problem/start/x/0"),
    "a NaN in a list": ("/problem/start/x", [1.0, float("nan")], "/problem/start/x/1"),
    "a text in a list": ("/problem/start/x", [1.0, 2.0, "3"], "/problem/start/x/2"),
    "a number of 400 digits in a list": ("/problem/start/x", [10**400], "/problem/start/x/0"),
    "many vectors": ("/problem/start", {f"v{n}": [1.0] * 100 for n in range(11)}, "/problem/start"),
    "a distribution without a name": ("/problem/start/x", {"low": 0, "high": 1}, "/problem/start/x"),
    "a distribution of texts": ("/problem/start/x", {"uniform": [0, "1"]}, "/problem/start/x/uniform/1"),
    "an empty interval": ("/problem/start/x", {"uniform": [1, 1]}, "/problem/start/x/uniform"),
    "an interval of one end": ("/problem/start/x", {"uniform": [1]}, "/problem/start/x/uniform"),
    "an infinite interval": ("/problem/start/x", {"uniform": [-1e308, 1e308]}, "/problem/start/x/uniform"),
    "an interval to NaN": ("/problem/start/x", {"uniform": [0, float("nan")]}, "/problem/start/x/uniform/1"),
    "no deviation": ("/problem/start/x", {"normal": [0, 0]}, "/problem/start/x/normal"),
    "an infinite deviation": ("/problem/start/x", {"normal": [0, 1e308]}, "/problem/start/x/normal"),
    "10^9 draws": ("/problem/start/x", {"uniform": [0, 1], "dimension": 10**9}, "/problem/start/x/dimension"),
    "many drawn vectors": (
        "/problem/start",
        {f"v{n}": {"uniform": [0, 1], "dimension": 1000} for n in range(50)},
        "/problem/start",
    ),
    "an unknown field of a distribution": ("/problem/start/x", {"uniform": [0, 1], "n": 2}, "/problem/start/x/n"),
    "a vector in a list": ("/problem/start/x", [{"uniform": [0, 1], "dimension": 2}], "/problem/start/x/0"),
    "a list in a distribution in a list": ("/problem/start/x", [{"normal": [0, [1]]}], "/problem/start/x/0/normal/1"),
    "a drawn vector that is used as a number": (
        "/problem/start/x",
        {"uniform": [0, 1], "dimension": 2},
        "/problem/expression",
    ),
    "no noise": ("/problem/noise", 0, "/problem/noise"),
    "negative noise": ("/problem/noise", -1.0, "/problem/noise"),
    "infinite noise": ("/problem/noise", 1e301, "/problem/noise"),
    "noise with a name": ("/problem/noise", {"gaussian": 0.1}, "/problem/noise"),
    "a vector that is used as a number": ("/problem/start/x", [1.0, 2.0], "/problem/expression"),
    "Nesterov without momentum": ("/optimizers/0/nesterov", True, "/optimizers/0"),
    "an unknown schedule": ("/optimizers/0/schedule", {"name": "cos"}, "/optimizers/0/schedule/name"),
    "a schedule of nothing": ("/optimizers/0/schedule", {}, "/optimizers/0/schedule/name"),
    "a step schedule without steps": ("/optimizers/0/schedule", {"name": "step"}, "/optimizers/0/schedule/every"),
    "a warm-up beyond the budget": (
        "/optimizers/0/schedule",
        {"name": "constant", "warmup_steps": 11},
        "/optimizers/0/schedule/warmup_steps",
    ),
    "no budget in the budget": ("/budget", {}, "/budget"),
    "steps and epochs": ("/budget", {"steps": 1, "epochs": 1}, "/budget"),
    "epochs of an expression": ("/budget", {"epochs": 1}, "/budget/epochs"),
    "metrics of an expression": ("/record", {"metrics_every": 2}, "/record/metrics_every"),
    "a megabyte of batch": ("/problem/batch_size", 1, "/problem/batch_size"),
}

DATASETS: dict[str, tuple[dict[str, Any], str]] = {
    "no dataset": ({"dataset": None}, "/problem/dataset"),
    "an unknown dataset": ({"dataset": {"name": "imagenet"}}, "/problem/dataset/name"),
    "a dataset of text": ({"dataset": "mnist"}, "/problem/dataset"),
    "a file of the system": ({"dataset": {"name": "file", "file": "/etc/passwd"}}, "/problem/dataset/file"),
    "a file above": ({"dataset": {"name": "file", "file": "../secret.csv"}}, "/problem/dataset/file"),
    "a file in a folder": ({"dataset": {"name": "file", "file": "a/b.csv"}}, "/problem/dataset/file"),
    "a file behind a backslash": ({"dataset": {"name": "file", "file": "..\\a.csv"}}, "/problem/dataset/file"),
    "a file with a NUL": ({"dataset": {"name": "file", "file": "a\x00.csv"}}, "/problem/dataset/file"),
    "a file with a line break": ({"dataset": {"name": "file", "file": "a.csv\n"}}, "/problem/dataset/file"),
    "a hidden file": ({"dataset": {"name": "file", "file": ".csv"}}, "/problem/dataset/file"),
    "a pickle": ({"dataset": {"name": "file", "file": "a.pkl"}}, "/problem/dataset/file"),
    "an address": ({"dataset": {"name": "file", "file": "http://a/b.csv"}}, "/problem/dataset/file"),
    "a name of 10^5 letters": ({"dataset": {"name": "file", "file": "a" * 100_000 + ".csv"}}, "/problem/dataset/file"),
    "a file without a name": ({"dataset": {"name": "file"}}, "/problem/dataset/file"),
    "the target as input": (
        {"dataset": {"name": "file", "file": "a.csv", "inputs": ["target"]}},
        "/problem/dataset/inputs/0",
    ),
    "a file with another's field": ({"dataset": {"name": "file", "file": "a.csv", "low": 1}}, "/problem/dataset/low"),
    "10^12 samples": ({"dataset": {"name": "curve", "samples": 10**12}}, "/problem/dataset/samples"),
    "one sample": ({"dataset": {"name": "regression", "samples": 1}}, "/problem/dataset/samples"),
    "samples of text": ({"dataset": {"name": "regression", "samples": "1"}}, "/problem/dataset/samples"),
    "10^12 features": ({"dataset": {"name": "regression", "feature_count": 10**12}}, "/problem/dataset/feature_count"),
    "80 GB of samples": (
        {"dataset": {"name": "regression", "samples": 10**6, "feature_count": 10**4}},
        "/problem/dataset/samples",
    ),
    "no training part": ({"dataset": {"name": "digits", "test_fraction": 1.0}}, "/problem/dataset/test_fraction"),
    "a curve upside down": ({"dataset": {"name": "curve", "low": 5.0}}, "/problem/dataset/high"),
    "infinite coefficients": (
        {"dataset": {"name": "curve", "coefficients": [float("inf")]}},
        "/problem/dataset/coefficients/0",
    ),
    "a wrong loss for classes": ({"dataset": {"name": "digits"}, "loss": "mse"}, "/problem/loss"),
    "a wrong loss for numbers": ({"dataset": {"name": "curve"}, "loss": "cross-entropy"}, "/problem/loss"),
    "an unknown loss": ({"loss": "hinge"}, "/problem/loss"),
    "an unknown model": ({"model": {"name": "transformer"}}, "/problem/model/name"),
    "a layer of no neurons": ({"model": {"name": "mlp", "hidden": [0]}}, "/problem/model/hidden/0"),
    "a layer of 10^9 neurons": ({"model": {"name": "mlp", "hidden": [10**9]}}, "/problem/model/hidden/0"),
    "no hidden layer": ({"model": {"name": "mlp", "hidden": []}}, "/problem/model/hidden"),
    "a thousand layers": ({"model": {"name": "mlp", "hidden": [1] * 1000}}, "/problem/model/hidden"),
    "a network beyond memory": ({"model": {"name": "mlp", "hidden": [8192] * 16}}, "/problem/model"),
    "convolutions of a curve": ({"dataset": {"name": "curve"}, "model": {"name": "cnn"}}, "/problem/model/name"),
    "convolutions of a pixel": (
        {"dataset": {"name": "digits"}, "model": {"name": "cnn", "channels": [1, 1, 1, 1]}},
        "/problem/model/channels",
    ),
    "an unknown activation": ({"model": {"name": "mlp", "activation": "exec"}}, "/problem/model/activation"),
    "an unknown initialization": (
        {"model": {"name": "mlp", "initialization": {"name": "zeros"}}},
        "/problem/model/initialization/name",
    ),
    "a batch of nothing": ({"batch_size": 0}, "/problem/batch_size"),
    "a batch larger than the data": ({"dataset": {"name": "curve"}, "batch_size": 101}, "/problem/batch_size"),
    "a batch of 10^12": ({"batch_size": 10**12}, "/problem/batch_size"),
    "an unknown field": ({"path": "/etc"}, "/problem/path"),
}

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def database(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One store for all of them."""
    path = tmp_path_factory.mktemp("hostile") / "ayla.db"
    shutil.copy(migrated_store, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def client(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service that meets them all, one after the other."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    with TestClient(with_shared_routes(create_app(settings, database)), BASE_URL) as client:
        yield client


def stored(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(JobRow)) or 0


@pytest.fixture(autouse=True)
def _nothing_is_stored_and_the_service_lives(client: TestClient, database: Database) -> Iterator[None]:
    before = stored(database)
    yield
    assert stored(database) == before
    assert client.get("/readyz").status_code == 200
    assert client.post("/v1/jobs", json=spec()).status_code == 202


def refused(client: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    """The problem with a spec; NaN, huge numbers and half pairs are sent as Python writes them."""
    answer = client.post("/v1/jobs", content=json.dumps(body), headers=JSON)
    problem = problem_of(answer, 422, "invalid-request")
    assert len(answer.content) < 20_000, "an answer must not echo a hostile body"
    for error in problem["errors"]:
        assert error["in"] == "body"
        assert error["detail"].isprintable()
        assert not error["detail"][0].islower()
        assert error["detail"].endswith((".", "?"))
    return problem


@each("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_a_hostile_expression_is_refused(client: TestClient, expression: str) -> None:
    problem = refused(client, spec_with("/problem/expression", expression))
    assert pointers(problem) == ["/problem/expression"]
    assert len(problem["errors"][0]["detail"]) < 300


@each(("pointer", "value"), FIELDS.values(), ids=FIELDS.keys())
def test_a_hostile_field_is_refused(client: TestClient, pointer: str, value: object) -> None:
    body = {"seeds": [0], "record": {}, "tags": ["t"], "name": "n"} | spec()
    [found] = pointers(refused(client, set_at(body, pointer, value)))
    assert found == pointer or (len(found) < 100 and pointer.startswith(found.removesuffix("…")))


@each(("pointer", "value", "reported"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_fault_is_reported_where_it_is(client: TestClient, pointer: str, value: object, reported: str) -> None:
    assert pointers(refused(client, spec_with(pointer, value))) == [reported]


@each(("changes", "reported"), DATASETS.values(), ids=DATASETS.keys())
def test_a_hostile_dataset_is_refused(client: TestClient, changes: dict[str, Any], reported: str) -> None:
    problem = {"type": "dataset", "dataset": {"name": "digits"}} | changes
    assert pointers(refused(client, spec(problem=problem))) == [reported]


def test_epochs_of_a_file_are_not_known_beforehand(client: TestClient) -> None:
    problem = {"type": "dataset", "dataset": {"name": "file", "file": "a.csv"}, "batch_size": 10}
    refusal = refused(client, spec(problem=problem, budget={"epochs": 2}))
    assert pointers(refusal) == ["/budget/epochs"]
    assert "steps" in refusal["detail"]


def test_a_start_that_is_no_number_is_told_every_form(client: TestClient) -> None:
    refusal = refused(client, spec_with("/problem/start/x", "1"))
    assert refusal["errors"][0]["detail"] == (
        'Must be a number, an object or a list, such as 0.01, {"uniform": [-5, 5]} or [0.01, 2]; got a string.'
    )
    refusal = refused(client, spec_with("/problem/start/x", {"uniform": [2, 1]}))
    assert refusal["errors"][0]["detail"] == "Must be [low, high] with low below high."
    refusal = refused(client, spec_with("/problem/start/x", [None]))
    assert refusal["errors"][0]["detail"] == (
        'Must be a number or an object, such as 0.01 or {"uniform": [-5, 5]}; got null.'
    )


def test_a_rule_over_several_fields_names_them(client: TestClient) -> None:
    refusal = refused(client, spec_with("/optimizers/0/nesterov", True))
    assert refusal["errors"][0]["detail"] == "Nesterov needs momentum above 0 and dampening 0."


def test_a_thousand_unused_elements_are_not_all_told(client: TestClient) -> None:
    problem = {"type": "expression", "expression": "x[0]", "start": {"x": [1.0] * 1000}}
    refusal = refused(client, spec(problem=problem))
    assert len(refusal["errors"]) == 50
    assert "949 more" in refusal["detail"]


@each(
    "pointer",
    [
        "/problem",
        "/problem/type",
        "/problem/expression",
        "/problem/start",
        "/optimizers",
        "/optimizers/1/name",
        "/optimizers/1/learning_rate",
        "/budget",
    ],
)
def test_a_missing_field_is_asked_for(client: TestClient, pointer: str) -> None:
    problem = refused(client, spec_without(pointer))
    assert pointers(problem) == [pointer]
    assert problem["errors"][0]["detail"].startswith("Required")


def test_a_missing_start_value_is_an_unknown_name(client: TestClient) -> None:
    problem = refused(client, spec_with("/problem/expression", "x*z"))
    assert "unknown name 'z'" in problem["detail"]
    assert "x" in problem["detail"]


@pytest.mark.parametrize("body", [[], "spec", 1, None, True, [spec()]])
def test_a_body_that_is_no_object_is_refused(client: TestClient, body: object) -> None:
    answer = client.post("/v1/jobs", content=json.dumps(body), headers=JSON)
    assert pointers(problem_of(answer, 422, "invalid-request")) == [""]


@pytest.mark.parametrize("name", ["\ud800", "a/b~c", "\x00", "x" * 5000, "[key]", "sgd"])
def test_a_hostile_field_name_is_refused(client: TestClient, name: str) -> None:
    refused(client, spec() | {name: 1})


def test_deep_nesting_in_a_field_is_refused(client: TestClient) -> None:
    for depth in (100, 900):
        nested = "[" * depth + "]" * depth
        for pointer in ("/problem/type", "/problem/start", "/name", "/seeds", "/unknown"):
            body = json.dumps(spec_with(pointer, "HERE")).replace('"HERE"', nested)
            answer = client.post("/v1/jobs", content=body, headers=JSON)
            assert answer.status_code in (400, 422), (depth, pointer)


def test_a_crowd_of_fields_is_refused_as_a_whole(client: TestClient) -> None:
    start = {f"_{place}": "v" for place in range(60_000)}
    problem = refused(client, spec_with("/problem/start", start))
    assert pointers(problem) == [""]
    assert "more than 5000 fields" in problem["detail"]


def test_the_first_of_many_faults_are_told(client: TestClient) -> None:
    problem = refused(client, spec_with("/problem/start", {f"_{place}": "v" for place in range(100)}))
    assert len(problem["errors"]) == 50


def test_too_much_work_is_refused_with_what_would_fit(client: TestClient) -> None:
    body = spec(budget={"steps": 10_000_000}, seeds=list(range(1000)))
    problem = refused(client, body)
    assert pointers(problem) == ["/budget/steps"]
    assert "at most 500000 steps fit" in problem["detail"]


def test_too_many_rows_are_refused_with_what_would_fit(client: TestClient) -> None:
    problem = refused(client, spec(budget={"steps": 10_000_000}))
    assert pointers(problem) == ["/record/every"]
    assert "Use every >= 5" in problem["detail"]


def test_several_faults_are_told_at_once(client: TestClient) -> None:
    body = spec_with("/optimizers/0/learning_rate", -1.0) | {"budget": {"steps": 0}, "device": "tpu"}
    assert set(pointers(refused(client, body))) == {"/optimizers/0/learning_rate", "/budget/steps", "/device"}
