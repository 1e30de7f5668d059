"""Streams of events as tests read them, and jobs with events."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.processes.connections import bounded_protocol
from ayla_service.processes.server import ApiServer
from ayla_service.processes.startup import listen
from ayla_service.queue import attempts
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import claim
from ayla_service.settings import Settings
from ayla_service.streams.schemas import JobEvent, TeamEvent
from fastapi import FastAPI

from tests.factories import WORKER, progress
from tests.http.helpers import with_shared_routes
from tests.waiting import PATIENCE_SECONDS, wait_until

LEASE = 30.0


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """Event of a stream as a client gets it."""

    event: str
    data: dict[str, Any]
    id: str | None

    @property
    def state(self) -> str:
        """State of its job."""
        return str(self.data["job"]["state"])


def events_of(written: bytes) -> list[ReceivedEvent]:
    """The events of a piece of a stream; what is said beside them is left out."""
    return [_event(block) for block in written.decode().split("\n\n") if "event: " in block]


def _event(block: str) -> ReceivedEvent:
    fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    received = ReceivedEvent(fields["event"], json.loads(fields["data"]), fields.get("id"))
    kind = TeamEvent if "jobs" in received.data else JobEvent
    kind.model_validate({"event": received.event, "data": received.data} | ({"id": received.id} if received.id else {}))
    return received


def names(events: list[ReceivedEvent]) -> list[str]:
    """What the events are called."""
    return [received.event for received in events]


def begin_job(database: Database) -> Claim:
    """Take the best queued shard, which there has to be."""
    claimed = claim(database, WORKER, LEASE)
    assert claimed is not None
    return claimed


def make_steps(database: Database, claimed: Claim, first: int, last: int, *, finished: bool = False) -> None:
    """Record these steps of all trials of a shard."""
    attempts.record(database, claimed, progress(claimed, first, last, finished=finished), LEASE)


@contextmanager
def serving(app: FastAPI, buffer_bytes: int | None = None) -> Iterator[str]:
    """The application behind a real server in a thread; its URL.

    Args:
        app: the application.
        buffer_bytes: of what is sent so much waits in the system at most, about; None for as much as it likes.
    """
    listener = listen("127.0.0.1", 0)
    if buffer_bytes is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
    config = uvicorn.Config(
        app, log_config=None, lifespan="on", http=bounded_protocol(30.0, 2000), timeout_graceful_shutdown=10
    )
    server = ApiServer(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started, "a server")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "a stream keeps the server from stopping"


@contextmanager
def served(
    database: Database, folder: Path, buffer_bytes: int | None = None, **settings: Any
) -> Iterator[tuple[FastAPI, str]]:
    """The application over a store, polled often, and its URL."""
    often = {"stream_poll_seconds": 0.05, "stream_ping_seconds": 0.1, "stream_recheck_seconds": 0.1}
    app = with_shared_routes(create_app(Settings(data_dir=folder, **{**often, **settings}), database))
    with serving(app, buffer_bytes) as url:
        yield app, url


class Stream:
    """An open stream, read event by event."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.lines: list[str] = []
        self._text = response.iter_text()
        self._waiting = ""

    def next(self) -> ReceivedEvent | None:
        """The next event; None at the end of the stream."""
        while True:
            while "\n\n" not in self._waiting:
                more = next(self._text, None)
                if more is None:
                    return None
                self._waiting += more
            block, _, self._waiting = self._waiting.partition("\n\n")
            self.lines += block.splitlines()
            if "event: " in block:
                return _event(block)

    def until(self, event: str) -> list[ReceivedEvent]:
        """All events up to the first of this name."""
        found: list[ReceivedEvent] = []
        while not found or found[-1].event != event:
            received = self.next()
            assert received is not None, f"the stream ended after {names(found)} without {event}"
            found.append(received)
        return found

    def rest(self) -> list[ReceivedEvent]:
        """All events up to the end of the stream."""
        return list(iter(self.next, None))


@contextmanager
def streamed(url: str, path: str, after: str | None = None, **headers: str) -> Iterator[Stream]:
    """Open a stream, after an event that was received before."""
    sent = {**headers, **({"Last-Event-ID": after} if after else {})}
    with (
        httpx2.Client(trust_env=False, timeout=PATIENCE_SECONDS) as client,
        client.stream("GET", f"{url}{path}", headers=sent) as response,
    ):
        assert response.status_code == 200, response.read()
        stream = Stream(response)  # held here: the connection is closed when it is collected
        yield stream
