"""Numbers in queries are written as JSON writes them, and cursors are ours, in every route of the contract."""

import base64
import json
from typing import Annotated, Any

import pytest
from ayla_service.db.session import Database
from ayla_service.http.query_numbers import refuse_loose_numbers
from fastapi import Depends, FastAPI, Query
from fastapi.testclient import TestClient

from tests.http.helpers import problem_of
from tests.webhooks.hooks import add_webhook

LOOSE = ["1_0", " 1", "1 ", "+1", "01", "-01", "0x1", "\u0661", "1\n", "", "true", "null", "1,0", "--1"]
LOOSE_INTEGERS = [*LOOSE, "1.0", "1e1", "1."]
LOOSE_NUMBERS = [*LOOSE, "1_0.5", ".5", "1.", "inf", "-Infinity", "nan", "NaN", "1e", "1e1.0", "1d3"]


def _numbers(document: dict[str, Any]) -> list[tuple[str, str, str, Any]]:
    """Path, name, type and a proper value of every parameter in a query that is a number."""
    return [
        (path, parameter["name"], kind["type"], kind["type"] == "boolean" or kind.get("maximum", 1))
        for path, methods in document["paths"].items()
        for parameter in methods.get("get", {}).get("parameters", [])
        for kind in (parameter["schema"], *parameter["schema"].get("anyOf", []))
        if parameter["in"] == "query" and kind.get("type") in ("integer", "number", "boolean")
    ]


def test_a_number_in_a_query_is_one_of_json(client: TestClient) -> None:
    parameters = _numbers(client.get("/openapi.json").json())
    assert len(parameters) > 20
    assert {name for _, name, _, _ in parameters} >= {"limit", "max_points", "width", "dpi", "target", "rows"}
    some = {"limit": LOOSE_INTEGERS, "width": LOOSE_NUMBERS}
    for template, name, kind, proper in parameters:
        path = template.replace("{kind}", "loss")
        for text in some.pop(name, ["1_0", "+1"]):  # all forms once, as there is one rule for all parameters
            problem = problem_of(client.get(path, params={name: text}), 422, "invalid-request")
            assert [(error["in"], error["pointer"]) for error in problem["errors"]] == [("query", f"/{name}")], text
            wanted = "Must be true or false" if kind == "boolean" else "Must be a"
            assert wanted in problem["errors"][0]["detail"], (path, name, text)
        errors = client.get(path, params={name: json.dumps(proper)}).json().get("errors") or []
        assert not [error for error in errors if "Must be" in error["detail"]], (path, name)


def test_every_loose_number_is_named(client: TestClient) -> None:
    problem = problem_of(client.get("/v1/jobs/x/trajectories?every=1_0&from_step=+2&limit=3"), 422, "invalid-request")
    assert problem["errors"][0]["pointer"] == "/limit"  # unknown parameters come first
    problem = problem_of(client.get("/v1/jobs/x/trajectories?every=1_0&from_step=+2"), 422, "invalid-request")
    assert {error["pointer"]: error["detail"] for error in problem["errors"]} == {
        "/every": "Must be a whole number, such as 100; got '1_0'.",
        "/from_step": "Must be a whole number, such as 100; got ' 2'.",
    }


def test_a_number_of_a_list_in_a_query_is_one_of_json(client: TestClient, job_id: str) -> None:
    """Blanks beside a comma are the list's."""
    paths = {"trials": f"/v1/jobs/{job_id}/summary", "optimizers": f"/v1/jobs/{job_id}/figures/loss"}
    for name, path in paths.items():
        for text in ("00", "01", "0,00", "0, 01", "+0", "1_0", "0.0", "-0", "1e0", "٠", "0x0", "0,"):
            problem = problem_of(client.get(path, params={name: text}), 422, "invalid-request")
            assert [error["pointer"] for error in problem["errors"]] == [f"/{name}"], (name, text)
            assert "as in 0," in problem["errors"][0]["detail"], (name, text)
    assert client.get(paths["trials"], params={"trials": "0, 0-0"}).status_code == 200
    problem_of(client.get(paths["trials"], params={"trials": "0-00"}), 422, "invalid-request")


@pytest.mark.parametrize("text", ["True", "1", "0", "yes", "on", "t", "", " true"])
def test_a_truth_value_is_one_of_json(text: str) -> None:
    """No route has one yet; the next one is not to be read loosely."""
    app = FastAPI(dependencies=[Depends(refuse_loose_numbers)])

    @app.get("/")
    def _(flag: bool, several: Annotated[list[int] | None, Query()] = None) -> list[Any]:
        return [flag, several]

    with TestClient(app) as client:
        assert client.get("/?flag=true&several=1&several=-2").json() == [True, [1, -2]]
        assert client.get("/?flag=false").json() == [False, None]
        for query, name in ({"flag": text}, "flag"), ({"flag": "true", "several": ["1", "+2"]}, "several"):
            answer = client.get("/", params=query)
            assert answer.status_code == 422
            assert [error["loc"] for error in answer.json()["detail"]] == [["query", name]]


NO_CURSORS = [True, [True], [[True]], ["x", True, False], [TIME := "2026-01-02T03:04:05+00:00", True], [TIME, True, 1]]
NO_CURSORS += [
    [TIME, 1.0, 1],
    [TIME, "a", 1],
    [TIME, None],
    {},
    {"0": 1},
    "x",
    1,
    None,
    [],
    [-1],
    [2**31],
    ["\0", TIME, "a"],
]
NO_CURSORS += [["-created_at", TIME, True], ["-created_at", True, "a"], [True, TIME, "a"], [True, "a"], [float("nan")]]


def test_a_cursor_that_is_none_of_ours_is_named_by_every_list(
    client: TestClient, database: Database, job_id: str
) -> None:
    webhook = add_webhook(database)
    lists = [
        path.format(job_id=job_id, webhook_id=webhook)
        for path, methods in client.get("/openapi.json").json()["paths"].items()
        if "cursor" in [parameter["name"] for parameter in methods.get("get", {}).get("parameters", [])]
    ]
    assert len(lists) == 10
    texts = [base64.urlsafe_b64encode(json.dumps(parts).encode()).decode() for parts in NO_CURSORS]
    for path in lists:
        needed = {"job_id": job_id} if path.startswith("/v1/sweeps/") else {}
        for text in (*texts, "x", "é", "W" * 500, "[" * 400, base64.b64encode(b"[" * 300).decode()):
            problem = problem_of(client.get(path, params={"cursor": text, **needed}), 422, "invalid-request")
            assert [error["pointer"] for error in problem["errors"]] == ["/cursor"], (path, text)
