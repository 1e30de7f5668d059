"""``GET /metrics`` as Prometheus would read it."""

import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest
from ayla_service.db.session import Database
from ayla_service.health import routes as exposition
from ayla_service.queue.workers import register
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import spec
from tests.http.helpers import BASE_URL
from tests.queue.test_workers import facts

Scrape = Callable[[], dict[tuple[str, frozenset[tuple[str, str]]], float]]


@pytest.fixture
def scrape(client: TestClient) -> Scrape:
    """Asks for the metrics and reads them: values by name and labels."""

    def ask() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return ask


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def requests(method: str, route: str, status: int) -> tuple[str, frozenset[tuple[str, str]]]:
    return key("ayla_http_requests_total", method=method, route=route, status=str(status))


@pytest.mark.parametrize(
    ("ask", "counted"),
    [
        (lambda client, job: client.get(f"/v1/jobs/{job}"), ("GET", "/v1/jobs/{job_id}", 200)),
        (lambda client, job: client.head(f"/v1/jobs/{job}/trials"), ("HEAD", "/v1/jobs/{job_id}/trials", 200)),
        (lambda client, job: client.get(f"/v1/jobs/{'x' * 36}"), ("GET", "/v1/jobs/{job_id}", 404)),
        (lambda client, job: client.post("/v1/jobs", json={}), ("POST", "/v1/jobs", 422)),
        (lambda client, job: client.put(f"/v1/jobs/{job}"), ("PUT", "/v1/jobs/{job_id}", 405)),
        (lambda client, job: client.get(f"/confidential/{job}"), ("GET", "unmatched", 404)),
        (lambda client, job: client.request("BREW", "/v1/jobs"), ("other", "/v1/jobs", 405)),
        (lambda client, job: client.post("/v1/jobs", content=b" " * 2_000_000), ("POST", "/v1/jobs", 413)),
        (lambda client, job: client.get("/healthz", headers={"Host": "evil.example"}), ("GET", "/healthz", 421)),
        (lambda client, job: client.get("/docs/assets/swagger-ui.css"), ("GET", "/docs/assets", 200)),
    ],
)
def test_a_request_is_counted_by_the_template_of_its_route(
    client: TestClient,
    scrape: Scrape,
    job_id: str,
    ask: Callable[[TestClient, str], Response],
    counted: tuple[str, str, int],
) -> None:
    before = scrape()
    assert ask(client, job_id).status_code == counted[2]
    after = scrape()
    assert after[requests(*counted)] == before.get(requests(*counted), 0) + 1
    timed = key("ayla_http_request_seconds_count", route=counted[1])
    assert after[timed] == before.get(timed, 0) + 1
    assert not [labels for _, labels in after if job_id in str(labels) or "confidential" in str(labels)]


def test_an_error_of_the_service_is_counted_as_one(app: FastAPI) -> None:
    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError

    with TestClient(app, BASE_URL) as client:
        assert client.get("/broken").status_code == 500
        assert requests("GET", "/broken", 500)[0] in client.get("/metrics").text
        assert 'route="/broken",status="500"} 1.0' in client.get("/metrics").text


def test_queue_jobs_and_workers_are_told(client: TestClient, scrape: Scrape, database: Database) -> None:
    register(database, facts())
    for _ in range(2):
        assert client.post("/v1/jobs", json=spec()).status_code == 202
    found = scrape()
    assert found[key("ayla_store_up")] == 1
    assert found[key("ayla_queue_shards", device="auto", state="queued")] == 2
    assert found[key("ayla_queue_shards", device="cuda", state="running")] == 0
    assert found[key("ayla_queue_oldest_seconds", device="auto")] > 0
    assert found[key("ayla_jobs", state="queued")] == 2
    assert found[key("ayla_workers", state="idle")] == 1


def test_without_a_store_the_rest_is_still_told(client: TestClient, scrape: Scrape, database: Database) -> None:
    database.dispose()
    path = str(database.engine.url.database)
    subprocess.run(["rm", path], check=True)
    subprocess.run(["mkdir", path], check=True)
    found = scrape()
    assert found[key("ayla_store_up")] == 0
    assert not [name for name, _ in found if name.startswith(("ayla_queue", "ayla_jobs", "ayla_workers"))]
    assert found[key("ayla_steps_total")] >= 0


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store that neither answers nor fails."""
    over = threading.Event()
    monkeypatch.setattr(exposition, "_STORE_SECONDS", 0.05)
    monkeypatch.setattr(exposition, "store_gauges", lambda *_: over.wait(60))
    yield
    over.set()


def test_a_store_that_hangs_does_not_hold_up_the_rest(hanging: None, scrape: Scrape) -> None:
    assert scrape()[key("ayla_store_up")] == 0


def test_the_metrics_are_not_part_of_the_contract(client: TestClient) -> None:
    assert "/metrics" not in client.get("/openapi.json").json()["paths"]
    assert client.head("/metrics").content == b""
