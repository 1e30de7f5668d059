"""A real PostgreSQL for the suite: shared and left in peace, or one's own to be killed.

``AYLA_TEST_DATABASE_URL`` names a running server to share; its user must be allowed to create databases.
"""

import contextlib
import secrets
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import URL, create_engine, make_url, text

from tests.servers import programs
from tests.servers.process import ServerProcess, free_port
from tests.servers.programs import ServerError
from tests.servers.server import Server, running

VARIABLE = "AYLA_TEST_DATABASE_URL"

_READY_LINE = 7  # of postmaster.pid, where the server writes its state
_CONNECTIONS = 100


class PostgresServer(Server):
    """A PostgreSQL server, made by ``shared()`` or ``own()``; both run it already.

    Args:
        url: of its maintenance database.
        process: of a server that is the tests' own; None: somebody else's, which no test may harm.
    """

    variable = VARIABLE

    def __init__(self, url: URL, process: ServerProcess | None = None) -> None:
        super().__init__(process)
        self.url = url

    @classmethod
    def given(cls, url: str) -> Self:
        """Somebody else's server."""
        return cls(make_url(url))

    @classmethod
    @contextmanager
    def own(
        cls, *, durable: bool = False, tcp: bool = False, settings: Mapping[str, object] | None = None
    ) -> Iterator[Self]:
        """A server of the test's own, with no database but the maintenance one; it is gone afterwards.

        Args:
            durable: whether commits reach the disk. Without it they outlive any kill of the server all the same:
                only a machine that loses its power loses them.
            tcp: whether it listens on a free port of 127.0.0.1 too, and ``url`` goes there, with a password.
            settings: of the server, beside those that it needs to be one of the tests'.
        """
        home = programs.home("pg")
        with running(home, lambda: cls._made(home, settings or {}, durable=durable, tcp=tcp)) as server:
            yield server

    def create_database(self, name: str, template: str | None = None, encoding: str | None = None) -> URL:
        """A new database, empty or a copy of another that nobody uses at that moment; returns its URL."""
        copied = "" if template is None else f' TEMPLATE "{template}"'
        encoded = "" if encoding is None else f" ENCODING '{encoding}'"
        self._administer(f'CREATE DATABASE "{name}"{copied}{encoded}')
        return self.url.set(database=name)

    def drop_database(self, name: str) -> None:
        """Drop a database, and the connections to it."""
        self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        """End a server of one's own, with nothing of it left in the machine's memory."""
        if not self._ours().is_running:
            # A killed server leaves shared memory behind, which the next start takes away. It may fail to start on
            # data that a test has spoiled; then a few bytes stay.
            with contextlib.suppress(ServerError):
                self.start()
        if self._ours().is_running:
            self._ours().stop(signal.SIGQUIT)

    @classmethod
    def _made(cls, home: Path, settings: Mapping[str, object], *, durable: bool, tcp: bool) -> Self:
        folder, data, password = programs.postgres_folder(home), home / "data", secrets.token_hex()
        _make_cluster(folder, data, password, durable=durable)
        port = free_port() if tcp else 5432  # without TCP only a part of the socket's name
        options = {
            "unix_socket_directories": home,
            "listen_addresses": "127.0.0.1" if tcp else "",
            "port": port,
            # Nobody pulls the plug of a server that is thrown away. Not synchronous_commit, without which a mere
            # kill would lose commits.
            "fsync": "on" if durable else "off",
            "max_connections": _CONNECTIONS,
            **settings,
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        process = ServerProcess(
            [str(folder / "postgres"), "-D", str(data), *arguments],
            home,
            lambda pid: _is_ready(data, pid),
            stop_signal=signal.SIGINT,
        )
        return cls(_url(home, port, password if tcp else None), process)

    def _administer(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


def _make_cluster(folder: Path, data: Path, password: str, *, durable: bool) -> None:
    """The data folder: no password for the socket, which lies in a closed folder; one for TCP, which is open to all."""
    # initdb runs as another user, so it gets the password by a file that only that one can reach.
    password_file = data.with_name("password")
    password_file.write_text(password)
    logins = ("--auth-local", "trust", "--auth-host", "scram-sha-256", "--pwfile", str(password_file))
    speed = () if durable else ("--no-sync",)
    programs.run(folder / "initdb", "-D", data, "--username", "ayla", "--encoding", "UTF8", *logins, *speed)


def _url(home: Path, port: int, password: str | None) -> URL:
    base = URL.create("postgresql+psycopg", username="ayla", database="postgres")
    if password is None:
        return base.update_query_dict({"host": str(home)})
    return base.set(host="127.0.0.1", port=port, password=password)


def _is_ready(data: Path, pid: int) -> bool:
    """Whether the server of this process id, not one before it, has written that it takes connections."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > _READY_LINE and lines[0] == str(pid) and lines[_READY_LINE].strip() == "ready"
