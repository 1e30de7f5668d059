"""A real Redis for the suite: shared and left in peace, or one's own to be killed, frozen and wiped.

``AYLA_TEST_REDIS_URL`` names a running server to share. Its database of that URL is emptied, and where tests run in
several processes those after it, one for each.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import redis

from tests.servers import programs
from tests.servers.process import ServerProcess, free_port
from tests.servers.server import Server, running

VARIABLE = "AYLA_TEST_REDIS_URL"

_ANSWER_SECONDS = 60.0


class RedisServer(Server):
    """A Redis server, made by ``shared()`` or ``own()``; both run it already.

    Args:
        url: of one of its databases.
        process: of a server that is the tests' own; None: somebody else's, which no test may harm.
    """

    variable = VARIABLE

    def __init__(self, url: str, process: ServerProcess | None = None) -> None:
        super().__init__(process)
        self.url = url

    @classmethod
    def given(cls, url: str) -> Self:
        """Somebody else's server."""
        return cls(_of_this_process(url))

    @classmethod
    @contextmanager
    def own(cls, *, persistent: bool = False) -> Iterator[Self]:
        """An empty server of the test's own on a free port of 127.0.0.1; it is gone afterwards.

        Args:
            persistent: whether what it has acknowledged is on the disk and outlives a kill. Without it everything is
                gone with the process.
        """
        home = programs.home("redis")
        with running(home, lambda: cls._made(home, persistent=persistent)) as server:
            yield server

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return urlsplit(self.url).port or 6379

    def url_through(self, port: int) -> str:
        """The URL for clients that go through a proxy on this port of 127.0.0.1."""
        parts = urlsplit(self.url)
        login = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{login}@127.0.0.1:{port}" if login else f"127.0.0.1:{port}").geturl()

    def freeze(self) -> None:
        """Make it stand still: connections stay open and new ones are taken, and nothing answers."""
        self._ours().freeze()

    def thaw(self) -> None:
        """Let it go on, with all that was sent meanwhile."""
        self._ours().thaw()

    def wipe(self) -> None:
        """Lose everything it holds, in every database, as FLUSHALL does."""
        self._ours()
        with self.client() as client:
            client.flushall()

    def clear(self) -> None:
        """Empty the one database of ``url``: for a clean start, on a shared server too."""
        with self.client() as client:
            client.flushdb()

    @contextmanager
    def client(self) -> Iterator[redis.Redis]:
        """A client of the database of ``url``; it gives up after 5 seconds without an answer."""
        client = _client(self.url)
        try:
            yield client
        finally:
            client.close()

    def close(self) -> None:
        """End a server of one's own, frozen or not."""
        if self._ours().is_running:
            self._ours().kill()

    @classmethod
    def _made(cls, home: Path, *, persistent: bool) -> Self:
        program, port, password = programs.redis_program(home), free_port(), secrets.token_hex()
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        configuration = _configuration(home, port, password, persistent=persistent)
        command = [str(program), "-"]
        process = ServerProcess(command, home, lambda pid: _is_ready(url, pid), configuration=configuration)
        return cls(url, process)


def _configuration(home: Path, port: int, password: str, *, persistent: bool) -> str:
    """The configuration; with a password, since any user of the machine can reach the port."""
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f"dir {home}",
        'save ""',
        "maxmemory-policy noeviction",
        f"appendonly {'yes' if persistent else 'no'}",
        "appendfsync always",
    ]
    return "\n".join(lines)


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS)


def _is_ready(url: str, pid: int) -> bool:
    """Whether the server of this process id, not another one on its port, answers and has read its data."""
    client = _client(url)
    try:
        found: int = client.info("server")["process_id"]
    except redis.RedisError:
        return False
    finally:
        client.close()
    return found == pid


def _of_this_process(url: str) -> str:
    """The URL of this process's own database on a server that several processes of the suite share."""
    parts = urlsplit(url)
    first = int(parts.path.strip("/") or 0)
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return parts._replace(path=f"/{first + number}").geturl()
