"""Alerts and dashboard ask for what API and workers expose, and every alert is explained."""

import re
from pathlib import Path

import pytest
from ayla_service.db.session import Database
from ayla_service.observability import metrics as counted
from ayla_service.queue.workers import register
from ayla_service.settings import Settings
from ayla_worker.metrics_server import all_metrics
from fastapi.testclient import TestClient
from prometheus_client import generate_latest

from tests.deploy.compose import ROOT
from tests.deploy.monitoring import Metrics, alerts, exposed, faults, panels
from tests.factories import spec
from tests.queue.test_workers import facts

PURPOSES = {
    "queue age": "ayla_queue_oldest_seconds",
    "lost leases": "ayla_lease_expiries_total",
    "workers": "ayla_workers",
    "disk": "ayla_disk_free_bytes",
}
"""What operators have to see, and the metric that shows it."""


@pytest.fixture
def metrics(client: TestClient, database: Database, tmp_path: Path) -> Metrics:
    """What an API and a worker expose once each has had something to do."""
    register(database, facts())
    assert client.post("/v1/jobs", json=spec()).status_code == 202
    counted.work_claimed("cpu")
    worker = generate_latest(all_metrics(Settings(data_dir=tmp_path))).decode()
    return exposed(client.get("/metrics").text, worker)


def test_every_query_asks_for_what_is_there(metrics: Metrics) -> None:
    queries = [*alerts(), *panels()]
    assert len(queries) > 30
    wrong = [(title, fault) for title, query, texts in queries for fault in faults(query, texts, metrics)]
    assert wrong == []


def test_alerts_and_dashboard_cover_what_operators_have_to_see() -> None:
    for queries in (list(alerts()), list(panels())):
        for purpose, metric in PURPOSES.items():
            assert any(metric in query for _, query, _ in queries), purpose


@pytest.mark.parametrize(
    ("query", "text", "fault"),
    [
        ("max(ayla_queue_oldest)", "", "asks for ayla_queue_oldest, which nobody exposes"),
        ('max(ayla_workers{state="asleep"})', "", "asks for state 'asleep' of ayla_workers"),
        ('max(ayla_workers{queue="idle"})', "", "asks for queue of ayla_workers"),
        ("max by (owner) (ayla_workers)", "", "groups by owner"),
        ("sum by (device) (rate(ayla_claims[5m]))", "", "asks for ayla_claims, which nobody exposes"),
        ("max by (state) (ayla_workers)", "{{device}}", "shows device"),
        ("max by (state) (ayla_workers)", "{{ $labels.instance }} sleeps", "shows instance"),
        ("1 + 1", "", "asks for nothing"),
    ],
)
def test_a_query_for_what_is_not_there_is_found(metrics: Metrics, query: str, text: str, fault: str) -> None:
    assert [each for each in faults(query, [text], metrics) if each.startswith(fault)]


def test_what_is_no_query_is_refused(metrics: Metrics) -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        list(faults("max(ayla_workers", [], metrics))


def test_every_alert_is_explained_and_every_metric_too(metrics: Metrics) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    names = [name for name, _, _ in alerts()]
    assert re.findall(r"^\| `(Ayla\w+)` \|", page, re.MULTILINE) == names
    cells = " ".join(re.findall(r"^\| (`ayla_.+?) \|", page, re.MULTILINE))
    told = set(re.findall(r"`(ayla_\w+?)(?:\{[\w,]+\})?`", cells))
    ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in metrics if name.startswith("ayla_")}
    assert ours - told == set()
    assert told - ours == set()
