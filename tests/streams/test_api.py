"""Streams of events over a real server: what is read here went over a socket."""

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
from ayla_service.db.models import MemberRow
from ayla_service.db.session import Database
from ayla_service.streams import followed_jobs, subscription
from ayla_service.teams.principal import LOCAL
from sqlalchemy import update
from structlog.typing import EventDict

from tests.factories import jobs, stranger, submit, submit_as
from tests.http.helpers import pointers, problem_of
from tests.keyring import holder_of, make_key, revoke, shown
from tests.processes.command import SERVICE, clean_environment
from tests.streaming import begin_job, make_steps, names, served, streamed
from tests.waiting import PATIENCE_SECONDS, wait_until


@pytest.fixture
def url(database: Database, tmp_path: Path) -> Iterator[str]:
    with served(database, tmp_path) as (_, url):
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS) as client:
        yield client


def test_a_stream_tells_a_job_to_its_end_and_ends(database: Database, url: str) -> None:
    job = submit(database)
    with streamed(url, f"/v1/jobs/{job.id}/events") as stream:
        headers = stream.response.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
        [snapshot] = stream.until("snapshot")
        assert (snapshot.data["job_id"], snapshot.state) == (job.id, "queued")
        assert any(line.startswith("retry: ") for line in stream.lines)
        claimed = begin_job(database)
        assert stream.until("state")[-1].state == "running"
        make_steps(database, claimed, 0, 4)
        stream.until("progress")
        assert stream.until("metric")[-1].data["trials"][0]["step"] == 4
        make_steps(database, claimed, 5, 10, finished=True)
        assert stream.until("end")[-1].state == "succeeded"
        assert stream.rest() == []


def test_a_client_that_comes_back_after_the_end_is_told_so(database: Database, url: str) -> None:
    job = submit(database)
    jobs(database).cancel(job.id)
    path = f"/v1/jobs/{job.id}/events"
    with streamed(url, path) as stream:
        snapshot, end = stream.rest()
    assert (snapshot.event, end.event, end.state) == ("snapshot", "end", "cancelled")
    with httpx2.Client(trust_env=False) as client:
        assert client.get(f"{url}{path}", headers={"Last-Event-ID": end.id or ""}).status_code == 204
        assert (
            client.get(f"{url}/v1/events?job_id={job.id}", headers={"Last-Event-ID": end.id or ""}).status_code == 204
        )
    for stale in (snapshot.id, "rubbish", "WzFd", "x" * 5000):
        with streamed(url, path, after=stale) as stream:
            assert names(stream.rest()) == ["snapshot", "end"]


def test_one_stream_can_be_about_the_team_and_about_jobs(database: Database, url: str, client: httpx2.Client) -> None:
    mine = submit(database).id
    claimed = begin_job(database)
    theirs = submit_as(database, stranger(database)).id
    with streamed(url, f"/v1/events?watch={mine}&watch={theirs}&watch=none&watch={mine}") as stream:
        first = [stream.next() for _ in range(4)]
        told = {(event.event, event.data.get("job_id"), event.data.get("reason")) for event in first if event}
        assert told == {
            ("snapshot", None, None),
            ("snapshot", mine, None),
            ("end", theirs, "deleted"),
            ("end", "none", "deleted"),
        }
        make_steps(database, claimed, 0, 4)
        assert stream.until("metric")[-1].data["trials"][0]["step"] == 4
        make_steps(database, claimed, 5, 10, finished=True)
        assert stream.until("end")[-1].data["job_id"] == mine
        later = submit(database).id
        assert stream.until("state")[-1].data["job_id"] == later
    for query in ("&".join(f"watch={n}" for n in range(21)), f"watch={mine}&job_id={mine}"):
        problem_of(client.get(f"/v1/events?{query}"), 422, "invalid-request")


def test_what_happens_while_a_connection_is_cut_is_told_after_it(database: Database, url: str) -> None:
    submit(database)
    claimed = begin_job(database)
    path = f"/v1/jobs/{claimed.job_id}/events"
    with streamed(url, path) as stream:
        last = stream.until("snapshot")[-1]
    make_steps(database, claimed, 0, 4)
    with streamed(url, path, after=last.id) as stream:
        again = stream.until("snapshot")[-1]
        assert [trial["step"] for trial in again.data["trials"]] == [4, 4]
    with streamed(url, "/v1/events") as stream:
        last = stream.until("snapshot")[-1]
    make_steps(database, claimed, 5, 10, finished=True)
    with streamed(url, "/v1/events", after=last.id) as stream:
        assert (stream.until("state")[-1].state, last.data["jobs"][0]["state"]) == ("succeeded", "running")
    with streamed(url, path, after=again.id) as stream:
        assert names(stream.rest()) == ["snapshot", "end"]


def test_one_stream_tells_of_several_jobs_until_all_have_ended(database: Database, url: str) -> None:
    first, second = submit(database).id, submit(database).id
    with streamed(url, f"/v1/events?job_id={first}&job_id={second}") as stream:
        assert {received.data["job_id"] for received in (stream.next(), stream.next()) if received} == {first, second}
        jobs(database).cancel(second)
        assert stream.until("end")[-1].data["job_id"] == second
        claimed = begin_job(database)
        make_steps(database, claimed, 0, 10, finished=True)
        rest = stream.rest()
    assert (rest[-1].event, rest[-1].data["job_id"]) == ("end", first)
    assert "metric" in names(rest)


def test_an_owner_is_found_however_the_name_is_written(database: Database, url: str) -> None:
    """In what a stream begins with, and in what it goes on with."""
    with database.write() as session:
        session.execute(update(MemberRow).where(MemberRow.id == LOCAL.member_id).values(name="Zo\u00eb"))
    first = submit(database).id
    with streamed(url, "/v1/events?owner=Zoe%CC%88") as stream:
        assert [job["id"] for job in stream.until("snapshot")[-1].data["jobs"]] == [first]
        jobs(database).cancel(first)
        assert stream.until("state")[-1].data["job_id"] == first


def test_a_silent_stream_says_that_it_lives(database: Database, url: str) -> None:
    job = submit(database)
    with streamed(url, f"/v1/jobs/{job.id}/events") as stream:
        stream.until("snapshot")
        time.sleep(0.5)
        jobs(database).cancel(job.id)
        stream.rest()
    assert stream.lines.count(": ping") >= 2


def test_nobody_compresses_a_stream(database: Database, url: str) -> None:
    job = submit(database)
    with streamed(url, f"/v1/jobs/{job.id}/events", **{"Accept-Encoding": "gzip"}) as stream:
        stream.until("snapshot")
        assert "content-encoding" not in stream.response.headers


def test_head_is_answered_without_a_stream(database: Database, client: httpx2.Client) -> None:
    for path in (f"/v1/jobs/{submit(database).id}/events", "/v1/events"):
        answer = client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"].startswith("text/event-stream")


def test_what_cannot_be_streamed_is_refused_before(database: Database, client: httpx2.Client) -> None:
    theirs = submit_as(database, stranger(database)).id
    mine = submit(database).id
    problem_of(client.get(f"/v1/jobs/{theirs}/events"), 404, "job-not-found")
    problem_of(client.get(f"/v1/events?job_id={mine}&job_id={theirs}"), 404, "job-not-found")
    both = problem_of(client.get(f"/v1/events?job_id={mine}&tag=paper"), 422, "invalid-request")
    many = problem_of(client.get("/v1/events?" + "&".join(["job_id=x"] * 101)), 422, "invalid-request")
    assert pointers(both) == pointers(many) == ["/job_id"]
    problem_of(client.get("/v1/events?owner=%00"), 422, "invalid-request")


def test_only_so_many_streams_are_served(database: Database, tmp_path: Path) -> None:
    mine, other = shown(make_key(database)), shown(make_key(database, stranger(database)))
    with (
        served(database, tmp_path, max_streams=3, max_member_streams=2) as (app, url),
        httpx2.Client(base_url=url, trust_env=False) as client,
        ExitStack() as streams,
    ):
        for _ in range(2):
            streams.enter_context(streamed(url, "/v1/events", **mine)).until("snapshot")
        refused = client.get("/v1/events", headers=mine)
        problem_of(refused, 429, "too-many-streams")
        streams.enter_context(streamed(url, "/v1/events", **other)).until("snapshot")
        busy = client.get("/v1/events", headers=other)
        problem_of(busy, 503, "streams-unavailable")
        assert int(refused.headers["retry-after"]) >= int(busy.headers["retry-after"]) > 1
        streams.close()
        wait_until(lambda: not app.state.events._streams, "the end of the streams")
        with streamed(url, "/v1/events", **mine) as stream:
            stream.until("snapshot")


def test_a_revoked_key_ends_its_streams_and_no_others(database: Database, url: str) -> None:
    kept, revoked = make_key(database), make_key(database)
    holder = holder_of(database, kept)
    with (
        streamed(url, "/v1/events", **shown(kept)) as going_on,
        streamed(url, "/v1/events", **shown(revoked)) as ending,
    ):
        going_on.until("snapshot")
        ending.until("snapshot")
        revoke(database, holder, holder_of(database, revoked).key_id)
        [end] = ending.rest()
        assert (end.event, end.data["reason"], end.data["job"]) == ("end", "access-ended", None)
        job = submit(database)
        assert going_on.until("state")[-1].data["job_id"] == job.id


def test_the_first_key_of_a_service_ends_the_streams_that_came_without(database: Database, url: str) -> None:
    with streamed(url, "/v1/events") as stream:
        stream.until("snapshot")
        make_key(database)
        assert stream.rest()[-1].data["reason"] == "access-ended"


def test_a_client_that_takes_nothing_misses_events_and_is_told_so(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "_MOST_BYTES", 50_000)
    job = submit(database, notes="x" * 10_000)
    with served(database, tmp_path, buffer_bytes=4096) as (app, url), socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", int(url.rsplit(":", 1)[1])))
        slow.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: any(stream.since for stream in app.state.events._streams), "the stream")
        [stream] = app.state.events._streams
        edits = 0
        while stream._phase.name != "BEHIND":
            edits += 1
            jobs(database).edit(job.id, name=f"edit {edits}")
            time.sleep(0.05)
            assert stream._bytes <= 50_000
        received = _read_until(slow, rb'event: gap.+"name":"edit %d"' % edits)
    assert b"slow-client" in received
    assert received.partition(b"event: gap")[0].count(b"event: state") < edits


def _read_until(connection: socket.socket, pattern: bytes) -> bytes:
    connection.settimeout(PATIENCE_SECONDS)
    received = b""
    while not re.search(pattern, received, re.DOTALL):
        received += connection.recv(65536)
    return received


def test_streams_outlive_a_store_that_is_away(database: Database, url: str, events: list[EventDict]) -> None:
    job = submit(database)
    with streamed(url, f"/v1/jobs/{job.id}/events") as stream:
        stream.until("snapshot")
        rename(database, "jobs", "gone")
        assert stream.until("gap")[-1].data["reason"] == "store-unavailable"
        pings = stream.lines.count(": ping")
        rename(database, "gone", "jobs")
        begin_job(database)
        assert stream.until("snapshot")[-1].state == "running"
        assert stream.lines.count(": ping") > pings
    assert {event["event"] for event in events if event["event"] != "request"} >= {
        "streams found no store that answers"
    }
    assert not [event for event in events if event["event"] == "unexpected error"]


def rename(database: Database, table: str, name: str) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA legacy_alter_table=ON")
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


def test_the_store_is_asked_only_while_somebody_listens(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_jobs, "_TRIALS_PER_POLL", 0.01)  # its two trials are counted in every 200th poll
    submit(database)
    claimed = begin_job(database)
    with served(database, tmp_path) as (app, url):
        assert app.state.events._polling is None
        with streamed(url, f"/v1/jobs/{claimed.job_id}/events") as stream:
            assert stream.until("snapshot")[-1].data["job"]["progress"]["steps_done"] == 0
            time.sleep(0.3)
        wait_until(lambda: app.state.events._polling.done(), "the end of polling")
        make_steps(database, claimed, 0, 4)
        with streamed(url, f"/v1/jobs/{claimed.job_id}/events") as stream:
            assert stream.until("snapshot")[-1].data["job"]["progress"]["steps_done"] > 0


def test_many_streams_are_told_the_same(database: Database, url: str) -> None:
    job = submit(database)
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        paths = [f"/v1/jobs/{job.id}/events"] * 30
        streams = list(pool.map(lambda path: stack.enter_context(streamed(url, path)), paths))
        for stream in streams:
            stream.until("snapshot")
        jobs(database).cancel(job.id)
        ends = {stream.until("end")[-1].id for stream in streams}
    assert len(ends) == 1


@contextmanager
def process(folder: Path, database: Database) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of the API over a store, and its URL."""
    environment = clean_environment(folder, AYLA_DATABASE_URL=database.url)
    command = [*SERVICE, "api", "--port", "0"]
    with (
        (folder / "log").open("a") as log,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as running,
    ):
        try:
            assert running.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", running.stdout.readline())
            assert found is not None
            yield running, found.group()
        finally:
            running.kill()


def test_any_process_serves_any_stream_and_a_stopping_one_ends_its_own(database: Database, tmp_path: Path) -> None:
    job = submit(database)
    path = f"/v1/jobs/{job.id}/events"
    with process(tmp_path, database) as (first, here), process(tmp_path, database) as (_, there):
        with streamed(here, path) as one, streamed(there, path) as two:
            assert one.until("snapshot")[-1].state == two.until("snapshot")[-1].state == "queued"
            claimed = begin_job(database)
            last = one.until("metric")[-1]
            assert two.until("state")[-1].state == "running"
            first.send_signal(signal.SIGTERM)
            assert one.rest() == []
            assert first.wait(PATIENCE_SECONDS) == 0
            make_steps(database, claimed, 0, 10, finished=True)
            assert two.rest()[-1].state == "succeeded"
        with streamed(there, path, after=last.id) as resumed:
            assert names(resumed.rest()) == ["snapshot", "end"]
    assert "Traceback" not in (tmp_path / "log").read_text()
