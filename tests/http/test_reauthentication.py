"""Requests that take long, whose key, member or role does not last as long: over a real server."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from ayla_service.app import create_app
from ayla_service.datasets.routes.uploads import UploadReceiver
from ayla_service.db.models import ApiKeyRow, DatasetRow, JobRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import TooManyStreams
from ayla_service.http import reauthentication
from ayla_service.settings import Settings
from ayla_service.states import Role
from ayla_service.streams.feeds import TeamFeed
from ayla_service.teams import members
from ayla_service.teams.principal import LOCAL, Principal, Scope
from sqlalchemy import func, select
from starlette.responses import StreamingResponse

from tests.factories import colleague, jobs, spec, submit
from tests.http.helpers import problem_of
from tests.keyring import holder_of, make_key, revoke, set_role, shown
from tests.streaming import served, streamed
from tests.uploaded import FLOWERS, in_this_process
from tests.waiting import PATIENCE_SECONDS, wait_until

End = Callable[[Database, Principal], None]

UPLOAD = "/v1/datasets?name=a&format=csv"


def _revoke(database: Database, who: Principal) -> None:
    revoke(database, who, who.key_id)


def _expire(database: Database, who: Principal) -> None:
    with database.write() as session:
        session.get_one(ApiKeyRow, who.key_id).expires_at = store_now(session)


def _remove(database: Database, who: Principal) -> None:
    with database.write() as session:
        members.remove(session, who.team_id, who.member_id)


def _forget(database: Database, who: Principal) -> None:
    with database.write() as session:
        session.delete(session.get_one(ApiKeyRow, who.key_id))


def _lower(database: Database, who: Principal) -> None:
    set_role(database, who, Role.VIEWER)


def _narrow(database: Database, who: Principal) -> None:
    with database.write() as session:
        session.get_one(ApiKeyRow, who.key_id).scopes = [Scope.ADMIN.value]


ENDS: list[tuple[End, int, str]] = [
    (_revoke, 401, "not-authenticated"),
    (_expire, 401, "not-authenticated"),
    (_remove, 401, "not-authenticated"),
    (_forget, 401, "not-authenticated"),
    (_lower, 403, "not-allowed"),
    (_narrow, 403, "not-allowed"),
]


@pytest.fixture
def comers(database: Database) -> Iterator[tuple[str, Principal]]:
    """Keys of new members, one after the other, and whom they let in."""
    make_key(database)  # so that the service needs one

    def come() -> Iterator[tuple[str, Principal]]:
        for number in range(100):
            key = make_key(database, colleague(database, f"member {number}", Role.MEMBER))
            yield key, holder_of(database, key)

    return come()


class HalfSent:
    """A request of whose body the last byte is still to come."""

    def __init__(self, url: str, path: str, key: str | None, content: bytes, kind: str = "application/json") -> None:
        self._connection = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=PATIENCE_SECONDS)
        shown_key = f"Authorization: Bearer {key}\r\n" if key else ""
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{shown_key}Content-Type: {kind}\r\n"
        self._connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content[:-1])
        self._last = content[-1:]

    def finish(self) -> tuple[int, str]:
        """Send the rest; the status, and the slug of the problem."""
        self._connection.sendall(self._last)
        return self.answered()

    def answered(self) -> tuple[int, str]:
        """The status and the slug of the problem that it is answered with."""
        with self._connection:
            head, _, body = b"".join(iter(lambda: self._connection.recv(65_536), b"")).partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body).get("type", "").rpartition(":")[2]


def stored(database: Database, table: type[DatasetRow | JobRow]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_file_is_not_stored_for_whom_it_is_not_taken_any_more(
    database: Database, tmp_path: Path, comers: Iterator[tuple[str, Principal]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it came: what counts is the moment when it is stored."""
    monkeypatch.setattr(reauthentication, "AT_ONCE_SECONDS", 1000.0)
    with served(database, tmp_path, stream_recheck_seconds=1000) as (app, url):
        app.state.uploads = UploadReceiver(database, app.state.datasets, in_this_process)
        for end, *expected in ENDS:
            key, who = next(comers)
            request = HalfSent(url, UPLOAD, key, FLOWERS, "text/csv")
            wait_until(lambda: app.state.uploads._under_way.total() == 1, "the upload")
            end(database, who)
            assert request.finish() == tuple(expected), end
        assert stored(database, DatasetRow) == 0
        key, _ = next(comers)
        assert HalfSent(url, UPLOAD, key, FLOWERS, "text/csv").finish()[0] == 201


def test_a_file_that_came_before_the_first_key_is_not_stored_after_it(database: Database, tmp_path: Path) -> None:
    with served(database, tmp_path, stream_recheck_seconds=1000) as (app, url):
        app.state.uploads = UploadReceiver(database, app.state.datasets, in_this_process)
        request = HalfSent(url, UPLOAD, None, FLOWERS, "text/csv")
        wait_until(lambda: app.state.uploads._under_way.total() == 1, "the upload")
        make_key(database)
        assert request.finish() == (401, "not-authenticated")
    assert stored(database, DatasetRow) == 0


def test_a_file_without_an_end_is_given_up_when_its_key_ends(
    database: Database, tmp_path: Path, comers: Iterator[tuple[str, Principal]]
) -> None:
    with served(database, tmp_path) as (app, url):
        key, who = next(comers)
        request = HalfSent(url, UPLOAD, key, FLOWERS + b" " * 100_000, "text/csv")
        wait_until(lambda: app.state.uploads._under_way.total() == 1, "the upload")
        _revoke(database, who)
        time.sleep(0.2)  # streams and long requests are asked about every 0.1 s here
        assert request.finish() == (401, "not-authenticated")
        wait_until(lambda: not app.state.uploads._under_way, "the end of the upload")


def test_a_body_that_comes_slowly_is_taken_from_who_may_still_send_it(
    database: Database, tmp_path: Path, comers: Iterator[tuple[str, Principal]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reauthentication, "AT_ONCE_SECONDS", 0.0)
    content = json.dumps(spec()).encode()
    with served(database, tmp_path) as (_, url):
        for end, *expected in ENDS:
            key, who = next(comers)
            request = HalfSent(url, "/v1/jobs", key, content)
            time.sleep(0.3)  # it is let in
            end(database, who)
            assert request.finish() == tuple(expected), end
        assert stored(database, JobRow) == 0
        key, _ = next(comers)
        assert HalfSent(url, "/v1/jobs", key, content).finish()[0] == 202


def test_who_waits_is_answered_only_if_it_may_still_know(
    database: Database, tmp_path: Path, comers: Iterator[tuple[str, Principal]]
) -> None:
    waits = {"Prefer": "wait=30"}
    with served(database, tmp_path) as (app, url), ThreadPoolExecutor(2) as pool, ExitStack() as stack:
        client = stack.enter_context(httpx2.Client(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS))
        for end, status, slug in ENDS:
            key, who = next(comers)
            job, headers = submit(database).id, {**shown(key), **waits}
            reading = pool.submit(client.get, f"/v1/jobs/{job}", headers=headers)
            making = pool.submit(client.post, "/v1/jobs", json=spec(), headers=headers)
            wait_until(lambda: len(app.state.events._waits) == 2, "two who wait")
            end(database, who)
            for unfinished in jobs(database).list().items:
                if unfinished.state == "queued":
                    jobs(database).cancel(unfinished.id)
            if end is _lower:  # a viewer may still look
                assert reading.result(20).json()["state"] == "cancelled"
            else:
                problem_of(reading.result(20), status, slug)
            problem_of(making.result(20), status, slug)


def test_an_answer_that_takes_long_is_cut_off_when_its_key_ends(
    database: Database, tmp_path: Path, comers: Iterator[tuple[str, Principal]]
) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(600):
            time.sleep(0.05)
            yield b"x" * 1000

    with served(database, tmp_path) as (app, url), httpx2.Client(trust_env=False, timeout=PATIENCE_SECONDS) as client:
        app.add_api_route("/v1/large", lambda: StreamingResponse(pieces(), media_type="text/csv"))
        key, who = next(comers)
        received = 0
        with client.stream("GET", f"{url}/v1/large", headers=shown(key)) as answer:
            assert answer.status_code == 200
            pieces_sent = answer.iter_bytes()
            while received < 2000:
                received += len(next(pieces_sent))
            _revoke(database, who)
            with pytest.raises(httpx2.RemoteProtocolError):
                received += sum(map(len, pieces_sent))
        assert 2000 <= received < 300_000


def test_an_answer_that_was_long_in_the_making_is_for_who_may_still_know(
    database: Database, tmp_path: Path, comers: Iterator[tuple[str, Principal]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reauthentication, "AT_ONCE_SECONDS", 0.0)
    key, who = next(comers)

    def answer() -> dict[str, str]:
        _revoke(database, who)
        return {"secret": "of the team"}

    with served(database, tmp_path, stream_recheck_seconds=1000) as (app, url):
        app.add_api_route("/v1/slow", answer)
        with httpx2.Client(trust_env=False) as client:
            problem_of(client.get(f"{url}/v1/slow", headers=shown(key)), 401, "not-authenticated")


def test_streams_and_waiting_requests_of_a_member_have_the_same_places(
    database: Database, tmp_path: Path, comers: Iterator[tuple[str, Principal]]
) -> None:
    (mine, who), (other, _) = next(comers), next(comers)
    job = submit(database).id
    long, short = {"Prefer": "wait=60"}, {"Prefer": "wait=1"}
    with served(database, tmp_path, max_streams=4, max_member_streams=2) as (app, url), ExitStack() as stack:
        client = stack.enter_context(httpx2.Client(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        waiting = [pool.submit(client.get, f"/v1/jobs/{job}", headers={**shown(mine), **long}) for _ in range(2)]
        wait_until(lambda: len(app.state.events._waits) == 2, "two who wait")
        third = client.get(f"/v1/jobs/{job}", headers={**shown(mine), **long})
        assert (third.status_code, "preference-applied" in third.headers) == (200, False)
        problem_of(client.get("/v1/events", headers=shown(mine)), 429, "too-many-streams")
        for _ in range(2):
            colleagues = client.get(f"/v1/jobs/{job}", headers={**shown(other), **short})
            assert colleagues.headers["preference-applied"] == "wait=1"
        with streamed(url, "/v1/events", **shown(other)) as stream:
            stream.until("snapshot")
        jobs(database).cancel(job)
        assert [each.result(20).json()["state"] for each in waiting] == ["cancelled"] * 2
        with streamed(url, "/v1/events", **shown(mine)) as stream:
            stream.until("snapshot")
            wait_until(lambda: len(app.state.events._streams) == 1, "one stream")
            assert app.state.events.can_open(who.member_id)


def test_streams_that_begin_at_the_same_moment_take_no_more_places(database: Database, tmp_path: Path) -> None:
    """All of them have found room when they came."""
    hub = create_app(Settings(data_dir=tmp_path, max_member_streams=2), database).state.events

    async def begin() -> None:
        with ExitStack() as streams:
            for _ in range(3):
                hub.refuse_too_many(LOCAL)
            for _ in range(2):
                streams.enter_context(hub.subscribed(LOCAL, TeamFeed(LOCAL.team_id), None))
            with pytest.raises(TooManyStreams):
                streams.enter_context(hub.subscribed(LOCAL, TeamFeed(LOCAL.team_id), None))

    asyncio.run(begin())


def test_who_may_not_look_does_not_wait_to_see_how_its_job_ends(database: Database, tmp_path: Path) -> None:
    key = make_key(database, scopes=[Scope.SUBMIT])
    with served(database, tmp_path) as (_, url), httpx2.Client(trust_env=False) as client:
        answer = client.post(f"{url}/v1/jobs", json=spec(), headers={**shown(key), "Prefer": "wait=30"})
    assert (answer.status_code, "preference-applied" in answer.headers) == (202, False)
