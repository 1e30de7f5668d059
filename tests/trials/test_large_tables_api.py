"""Tables that are large: how many at once, for how long, and what becomes of one that is cut."""

from typing import Any

import pytest
from ayla_service import computing_time
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.teams.principal import LOCAL
from ayla_service.trials import snapshot, table
from ayla_service.trials.chunks import ChunkReader
from ayla_service.trials.formats import Format
from ayla_service.trials.routes import answers as trajectories
from ayla_service.trials.routes import tables
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.factories import set_trials
from tests.http.helpers import pointers, problem_of
from tests.trials.recorded import table_of

TABLES = ("summary", "trajectories", "metrics")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch, recorded: list[str]) -> str:
    """A job whose tables are large, as it has more than one trial, and are sent while they are read."""
    monkeypatch.setattr(snapshot, "LARGE_TRIALS", 1)
    monkeypatch.setattr(trajectories, "_AT_ONCE", 1)
    return recorded[0].rpartition("-")[0]


@pytest.mark.parametrize("what", TABLES)
def test_a_team_has_two_large_tables_computed_at_once(app: FastAPI, client: TestClient, large: str, what: str) -> None:
    slots, team, path = app.state.team_slots, LOCAL.team_id, f"/v1/jobs/{large}/{what}"
    with slots.slot(team), slots.slot(team):
        for form in Format:
            answer = client.get(path, params={"format": form})
            problem_of(answer, 429, "team-busy")
            assert answer.headers["retry-after"] == "1"
        assert client.get(path, params={"trials": 0}).status_code == 200  # one trial is no large table
    for form in Format:
        assert client.get(path, params={"format": form}).status_code == 200


def test_tables_are_large_by_what_their_trials_recorded(
    app: FastAPI, client: TestClient, database: Database, recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = recorded[0].rpartition("-")[0]
    set_trials(database, job_id, stored_bytes=1000)
    slots, team, path = app.state.team_slots, LOCAL.team_id, f"/v1/jobs/{job_id}/trajectories"
    with slots.slot(team), slots.slot(team):
        monkeypatch.setattr(snapshot, "LARGE_BYTES", 2000)
        assert client.get(path).status_code == 200
        monkeypatch.setattr(snapshot, "LARGE_BYTES", 1999)
        problem_of(client.get(path), 429, "team-busy")
        assert client.get(f"/v1/jobs/{job_id}/summary").status_code == 200


def test_a_large_table_gives_its_slot_back_however_it_ends(
    app: FastAPI, client: TestClient, large: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots, path = app.state.team_slots, f"/v1/jobs/{large}/summary?format=csv"
    assert client.head(path).status_code == 200
    etag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    with monkeypatch.context() as broken:
        broken.setattr(trajectories._Pieces, "stream_response", None)
        assert client.get(path).status_code == 500
    assert not slots._held


def test_a_table_that_takes_too_long_is_given_up(
    client: TestClient, recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of rows every form, as much may be read for a few of them; of a summary JSON, which is made whole."""
    job_id = recorded[0].rpartition("-")[0]
    monkeypatch.setattr(computing_time, "MOST_SECONDS", -1.0)
    for path in (f"summary?format={Format.JSON}", *(f"trajectories?every=2&format={form}" for form in Format)):
        problem = problem_of(client.get(f"/v1/jobs/{job_id}/{path}"), 422, "table-too-large")
        assert "s of computing are too many for one table" in problem["detail"]
        assert "Ask for some of the trials with trials, arm or where." in problem["detail"]


def test_head_tells_what_get_would_without_reading_on(
    client: TestClient, app: FastAPI, job_id: str, recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/jobs/{job_id}/trajectories?format=parquet"
    get, head = client.get(path), client.head(path)
    for name in ("etag", "content-length", "content-type", "content-disposition"):
        assert head.headers[name] == get.headers[name]
    assert head.content == b""
    monkeypatch.setattr(trajectories, "_AT_ONCE", 10)
    monkeypatch.setattr(table, "NUMBERS_AT_ONCE", 7)
    read: list[int] = []
    trials = ChunkReader.trials

    def noted(*given: Any) -> Any:
        for trial, pages in trials(*given):
            read.append(trial.index)
            yield trial, pages

    monkeypatch.setattr(ChunkReader, "trials", noted)
    assert client.head(path).status_code == 200
    read_by_head = len(read)
    assert table_of(client.get(path)).num_rows == 8
    assert len(read) - read_by_head == 2 > read_by_head


def test_a_download_that_cannot_go_on_is_cut(
    app: FastAPI, database: Database, job_id: str, recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table must never look complete that is not."""
    monkeypatch.setattr(trajectories, "_AT_ONCE", 10)
    monkeypatch.setattr(table, "NUMBERS_AT_ONCE", 7)

    def vanish(opened: table.ResultTable) -> Any:
        yield next(pieces(opened))
        with database.write() as session:
            session.delete(session.get_one(JobRow, job_id))
        yield from pieces(opened)

    pieces = table.ResultTable.pieces
    monkeypatch.setattr(table.ResultTable, "pieces", vanish)
    client = TestClient(app, "http://localhost")
    with pytest.raises(Exception, match=r"already started|No job has the id"):
        client.get(f"/v1/jobs/{job_id}/trajectories?format=csv")


def test_more_json_than_is_good_for_anyone_is_refused(
    client: TestClient, job_id: str, recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 7)
    path = f"/v1/jobs/{job_id}/trajectories"
    problem = problem_of(client.get(path), 422, "invalid-request")
    assert pointers(problem) == ["/max_points"]
    assert "max_points" in problem["errors"][0]["detail"]
    assert "Parquet" in problem["errors"][0]["detail"]
    assert client.get(f"{path}?max_points=3").json()["rows"] == 4
    assert table_of(client.get(f"{path}?format=parquet")).num_rows == 8
