"""Builders and assertions that the API's tests share."""

from collections.abc import Callable
from typing import Any

from ayla_service.db.models import ChunkRow, MetricChunkRow, PredictionSetRow
from ayla_service.db.session import Database
from ayla_service.routers import ROUTERS
from ayla_service.states import TrialState
from ayla_service.trials.encoding import encode
from fastapi import FastAPI
from httpx2 import Response
from starlette.routing import BaseRoute

from tests.factories import set_trials, spec

BASE_URL = "http://localhost"


_known: dict[int, BaseRoute] = {}
_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
_documents: list[dict[str, Any]] = []


def with_shared_routes(app: FastAPI) -> FastAPI:
    """The same application with the routes of the first one, and its description of them.

    They know nothing of the application that they are in but what it overrides, and the framework takes a tenth of a
    second to prepare them for the first request of each, and one to describe them.
    """
    _overrides.clear()
    app.dependency_overrides = _overrides
    describe = app.openapi
    app.openapi = lambda: _described(describe)  # type: ignore[method-assign]  # as the service itself does
    for place, route in enumerate(app.router.routes):
        router = getattr(route, "original_router", None)
        if any(router is ours for ours in ROUTERS):
            app.router.routes[place] = _known.setdefault(id(router), route)
    return app


def _described(describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if not _documents:
        _documents.append(describe())
    return _documents[0]


def set_at(document: dict[str, Any], pointer: str, value: object) -> dict[str, Any]:
    """``document`` with one field set in place; the rest of the way to it must exist."""
    *way, last = pointer.split("/")[1:]
    place: Any = document
    for token in way:
        place = place[int(token)] if isinstance(place, list) else place[token]
    place[int(last) if isinstance(place, list) else last] = value
    return document


def spec_with(pointer: str, value: object) -> dict[str, Any]:
    """The valid spec with one field set."""
    return set_at(spec(), pointer, value)


def spec_without(pointer: str) -> dict[str, Any]:
    """The valid spec with one field left out."""
    changed = spec()
    *way, last = pointer.split("/")[1:]
    place: Any = changed
    for token in way:
        place = place[int(token)] if isinstance(place, list) else place[token]
    del place[last]
    return changed


def problem_of(response: Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document of a response, after checking everything that every problem has."""
    assert response.status_code == status, response.text[:500]
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert set(problem) == {"type", "title", "status", "detail", "instance", "request_id", "errors"}
    assert problem["type"] == f"urn:ayla:problem:{slug}"
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in response.text
    return problem


def pointers(problem: dict[str, Any]) -> list[str]:
    """Where the problem's field errors point."""
    return [error["pointer"] for error in problem["errors"]]


def record(
    database: Database,
    trial_id: str,
    columns: dict[str, list[Any]],
    *,
    state: TrialState = TrialState.COMPLETED,
    **fields: Any,
) -> None:
    """Store a trial's trajectory as one chunk, and its end."""
    job_id, _, index = trial_id.rpartition("-")
    set_trials(database, job_id, int(index), state=state, **fields)
    _add_chunk(database, ChunkRow, trial_id, columns)


def record_metrics(database: Database, trial_id: str, columns: dict[str, list[Any]]) -> None:
    """Store a trial's metrics as one chunk."""
    _add_chunk(database, MetricChunkRow, trial_id, columns)


def record_predictions(database: Database, trial_id: str, step: int, columns: dict[str, list[float]]) -> None:
    """Store a model's predictions at one step."""
    job_id, _, index = trial_id.rpartition("-")
    with database.write() as session:
        session.add(PredictionSetRow(job_id=job_id, trial_index=int(index), step=step, data=encode(columns)))


def _add_chunk(
    database: Database, table: type[ChunkRow | MetricChunkRow], trial_id: str, columns: dict[str, list[Any]]
) -> None:
    job_id, _, index = trial_id.rpartition("-")
    steps = columns["step"]
    place = {"job_id": job_id, "trial_index": int(index), "first_step": steps[0], "last_step": steps[-1]}
    with database.write() as session:
        session.add(table(**place, rows=len(steps), data=encode(columns)))


def upload_scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    """What a server tells the application of an upload whose body comes as a test wants it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/datasets",
        "raw_path": b"/v1/datasets",
        "root_path": "",
        "query_string": b"name=a&format=csv",
        "headers": [(b"host", b"localhost"), (b"content-type", b"text/csv"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
