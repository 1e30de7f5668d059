"""The catalogue, health and documentation."""

import subprocess
import sys
from typing import Any

import pytest
from ayla_service.db.session import Database
from ayla_spec.limits import MAX_STEPS
from ayla_spec.presets import PRESETS
from fastapi.testclient import TestClient

from tests.http.helpers import problem_of


@pytest.fixture
def catalogue(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/v1/catalogue").json()
    return document


def test_the_catalogue_describes_the_optimizers(catalogue: dict[str, Any]) -> None:
    optimizers = {entry["name"]: entry for entry in catalogue["optimizers"]}
    assert optimizers["sgd"]["title"] == "SGD"
    assert set(optimizers["adam"]["schema"]["properties"]) >= {"learning_rate", "beta1", "ayla"}
    assert optimizers["adam"]["description"]
    assert set(catalogue["ayla"]["schema"]["properties"]) >= {"n1", "n2", "transform_on"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("schedules", ["constant", "step", "cosine", "linear"]),
        ("datasets", ["curve", "mnist", "fashion-mnist", "digits", "regression", "classification", "file", "upload"]),
        ("models", ["mlp", "linear", "cnn"]),
        ("initializations", ["normal", "torch", "he", "xavier"]),
    ],
)
def test_the_catalogue_describes_what_else_has_settings(catalogue: dict[str, Any], kind: str, names: list[str]) -> None:
    assert [entry["name"] for entry in catalogue[kind]] == names
    for entry in catalogue[kind]:
        assert entry["description"]
        assert entry["schema"]["properties"]["name"]["const"] == entry["name"]


def test_the_catalogue_tells_which_loss_is_for_which_targets(catalogue: dict[str, Any]) -> None:
    targets = {entry["name"]: entry["targets"] for entry in catalogue["losses"]}
    assert targets == {"mse": "numbers", "huber": "numbers", "cross-entropy": "classes", "mse-softmax": "classes"}
    assert all(entry["description"] for entry in catalogue["losses"])


def test_the_catalogue_describes_the_language(catalogue: dict[str, Any]) -> None:
    language = catalogue["expression"]
    assert language["operators"] == ["+", "-", "*", "/", "**"]
    functions = {entry["name"]: entry for entry in language["functions"]}
    assert (functions["min"]["arity"], functions["min"]["variadic"]) == (2, True)
    assert (functions["where"]["arity"], functions["where"]["variadic"]) == (3, False)
    assert language["comparisons"] == ["<", "<=", ">", ">="]
    assert [entry["name"] for entry in language["reductions"]] == ["sum", "prod", "mean"]
    assert language["constants"]["pi"] == pytest.approx(3.14159265)
    assert catalogue["limits"]["max_steps"] == MAX_STEPS
    assert catalogue["job_schema"]["required"] == ["problem"]


def test_every_function_of_the_catalogue_can_be_submitted(client: TestClient, catalogue: dict[str, Any]) -> None:
    optimizers = [{"name": "sgd", "learning_rate": 0.01}]
    assert catalogue["functions"]
    for entry in catalogue["functions"]:
        body = {"problem": entry["problem"], "optimizers": optimizers, "budget": {"steps": 1}}
        assert client.post("/v1/jobs", json=body).status_code == 202, entry["name"]
        random = {"problem": entry["random_problem"], "optimizers": optimizers, "budget": {"steps": 1}}
        assert client.post("/v1/jobs", json=random).status_code == 202, entry["name"]
        start = entry["problem"]["start"]
        assert start.keys() == entry["domain"].keys()
        for point in entry["minimizers"]:
            assert {name: type(value) for name, value in point.items()} == {n: type(v) for n, v in start.items()}
        assert entry["dimensions"] == "any" or isinstance(entry["dimensions"], int)


def test_every_preset_of_the_catalogue_is_what_a_job_of_it_runs(client: TestClient, catalogue: dict[str, Any]) -> None:
    assert {entry["name"] for entry in catalogue["presets"]} == set(PRESETS)
    for entry in catalogue["presets"]:
        job = client.post("/v1/jobs", json={"problem": {"type": "preset", "preset": entry["name"]}}).json()
        assert job["resolved"] == entry["spec"]
        assert job["preset"] == entry["name"]


def test_the_process_is_healthy_without_its_store(client: TestClient, database: Database) -> None:
    database.dispose()
    assert client.get("/healthz").json() == {"status": "ok"}


def test_the_service_is_ready_with_a_migrated_store(client: TestClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"].items() >= {"store": "ok", "schema": "ok"}.items()


def test_the_service_is_not_ready_with_an_old_schema(client: TestClient, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    answer = client.get("/readyz")
    assert "ayla-service migrate" in problem_of(answer, 503, "not-ready")["detail"]
    assert answer.headers["retry-after"] == "1"


def test_the_service_is_not_ready_without_a_store(client: TestClient, database: Database) -> None:
    database.dispose()
    path = database.engine.url.database
    assert path is not None
    subprocess.run(["rm", path], check=True)
    subprocess.run(["mkdir", path], check=True)
    assert "store" in problem_of(client.get("/readyz"), 503, "not-ready")["detail"]


def test_the_documentation_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", "connect-src 'self'"} <= set(policy)  # what "Try it out" asks is this origin
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(policy)
    assert "//" not in page.text
    for asset in ("docs/assets/swagger-ui.css", "docs/assets/swagger-ui-bundle.js", "docs/start.js"):
        assert f'"{asset}"' in page.text
        assert client.get(f"/{asset}").status_code == 200
    assert 'url: "openapi.json"' in client.get("/docs/start.js").text


@pytest.mark.parametrize("path", ["/redoc", "/docs/assets/../../pyproject.toml", "/docs/assets/%2e%2e/core.py"])
def test_the_documentation_serves_nothing_else(client: TestClient, path: str) -> None:
    problem_of(client.get(path), 404, "not-found")


@pytest.mark.parametrize("module", ["ayla_service.app", "ayla_service.cli"])
def test_the_service_imports_neither_torch_nor_the_worker(module: str) -> None:
    check = f"import sys, {module}; print([m for m in ('torch', 'ayla_worker', 'ayla_core') if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, text=True)
    assert printed.stdout == "[]\n"
