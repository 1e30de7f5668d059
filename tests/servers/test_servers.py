"""The suite's servers come up anywhere, and come back after a kill with exactly what they promise to keep."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from sqlalchemy import URL

from tests.processes.command import is_running
from tests.servers import programs
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

ACTIVE = "SELECT pid FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
REAL_HOME = programs.home

Make = Callable[[], AbstractContextManager[PostgresServer | RedisServer]]


@contextmanager
def connected(url: URL) -> Iterator[psycopg.Connection]:
    """A connection of its own, each statement a transaction."""
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(text, autocommit=True)) as connection:
        yield connection


def told(server: RedisServer, key: str) -> bytes | None:
    """What the server holds under a key."""
    with server.client() as client:
        held = client.get(key)
    assert held is None or isinstance(held, bytes)
    return held


def tell(server: RedisServer, key: str, value: str) -> None:
    with server.client() as client:
        client.set(key, value)


def lost(connection: psycopg.Connection, statement: str) -> None:
    """A statement during which the server goes away."""
    with pytest.raises(psycopg.OperationalError):
        connection.execute(statement)


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("tcp", [False, True])
def test_a_killed_postgres_comes_back_with_what_was_committed(durable: bool, tcp: bool) -> None:
    with PostgresServer.own(durable=durable, tcp=tcp) as server:
        store = server.create_database("store")
        with connected(store) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (1)")
        killed = server.pid
        with connected(store) as connection:
            connection.execute("BEGIN")
            connection.execute("INSERT INTO kept VALUES (2)")
            server.kill()
            server.start()
        assert server.pid != killed
        with connected(store) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


@pytest.mark.parametrize("statement", ["SELECT pg_sleep(60)", "DO 'BEGIN LOOP END LOOP; END'"])
def test_a_postgres_is_killed_with_what_it_works_on(statement: str) -> None:
    with PostgresServer.own() as server, connected(server.url) as connection, connected(server.url) as observer:
        backend = connection.info.backend_pid
        query = threading.Thread(target=lost, args=(connection, statement))
        query.start()
        wait_until(lambda: observer.execute(ACTIVE, [backend]).fetchone(), "the statement to begin")
        server.kill()
        assert not is_running(backend)
        query.join()
        server.start()
        server.stop()


def test_databases_are_copied_and_dropped(postgres_server: PostgresServer) -> None:
    name = f"ayla_{os.getpid()}_servers"
    first = postgres_server.create_database(name)
    with connected(first) as connection:
        connection.execute("CREATE TABLE t (n int)")
    copy = postgres_server.create_database(f"{name}_copy", template=name)
    with connected(copy) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
        postgres_server.drop_database(f"{name}_copy")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    postgres_server.drop_database(name)
    with pytest.raises(psycopg.OperationalError, match="does not exist"), connected(first):
        pass


def test_a_postgres_on_tcp_wants_its_password() -> None:
    with PostgresServer.own(tcp=True) as server:
        assert server.url.host == "127.0.0.1"
        with pytest.raises(psycopg.OperationalError, match="password"), connected(server.url.set(password="guessed")):
            pass


@pytest.mark.parametrize(("persistent", "kept"), [(True, b"v"), (False, None)])
def test_a_killed_redis_keeps_what_it_promised(persistent: bool, kept: bytes | None) -> None:
    with RedisServer.own(persistent=persistent) as server:
        tell(server, "k", "v")
        killed, port = server.pid, server.port
        server.kill()
        with pytest.raises(redis.ConnectionError):
            told(server, "k")
        server.start()
        assert told(server, "k") == kept
        assert server.pid != killed
        assert server.port == port


def test_a_redis_that_is_stopped_or_wiped() -> None:
    with RedisServer.own(persistent=True) as server:
        tell(server, "k", "v")
        server.stop()
        server.start()
        assert told(server, "k") == b"v"
        server.wipe()
        assert told(server, "k") is None


def test_a_frozen_redis_answers_nobody_until_it_is_thawed() -> None:
    with RedisServer.own() as server:
        tell(server, "k", "v")
        server.freeze()
        impatient = redis.Redis.from_url(server.url, socket_timeout=0.2, retry=None)
        with closing(impatient), pytest.raises(redis.TimeoutError):
            impatient.get("k")
        server.thaw()
        assert told(server, "k") == b"v"
        server.freeze()
        server.stop()  # reaches a frozen server too


def test_a_redis_wants_its_password() -> None:
    with RedisServer.own() as server:
        stranger = redis.Redis.from_url(f"redis://127.0.0.1:{server.port}", retry=None)
        with closing(stranger), pytest.raises(redis.AuthenticationError):
            stranger.get("k")


def test_a_redis_behind_a_proxy_has_the_same_url_but_for_the_port() -> None:
    assert RedisServer("redis://:pw@127.0.0.1:7000/3").url_through(7001) == "redis://:pw@127.0.0.1:7001/3"
    assert RedisServer("redis://cache/3").url_through(7001) == "redis://127.0.0.1:7001/3"


def test_a_redis_url_is_that_of_an_empty_database(redis_server: RedisServer, redis_url: str) -> None:
    for _ in range(2):
        with redis_server.client() as client:
            assert client.dbsize() == 0
        tell(redis_server, "k", "v")
        redis_server.clear()
    assert redis_url == redis_server.url


@pytest.mark.parametrize("make", [PostgresServer.own, RedisServer.own])
def test_nothing_of_a_server_is_left_behind(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    homes: list[Path] = []

    def noted(kind: str) -> Path:
        homes.append(REAL_HOME(kind))
        return homes[-1]

    monkeypatch.setattr(programs, "home", noted)
    with make() as server:
        pid = server.pid
        assert [home.exists() for home in homes] == [True]
        assert psutil.Process(pid).uids().effective != 0
    assert not psutil.pid_exists(pid)
    assert [home.exists() for home in homes] == [False]


@pytest.mark.parametrize("make", [PostgresServer.own, RedisServer.own])
def test_a_server_is_started_and_killed_once_at_a_time(make: Make) -> None:
    with make() as server:
        with pytest.raises(programs.ServerError, match="runs already"):
            server.start()
        server.kill()
        for act in (server.kill, server.stop):
            with pytest.raises(programs.ServerError, match="does not run"):
                act()


def test_a_server_that_does_not_come_up_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with RedisServer.own() as other:
        monkeypatch.setattr("tests.servers.redis.free_port", lambda: other.port)
        with pytest.raises(programs.ServerError, match="Address already in use"), RedisServer.own():
            pass


def test_a_server_of_the_environment_is_used_and_not_harmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_TEST_DATABASE_URL", "postgresql+psycopg://tester@db.example/postgres")
    monkeypatch.setenv("AYLA_TEST_REDIS_URL", "redis://cache.example/2")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    with PostgresServer.shared() as database, RedisServer.shared() as broker:
        assert database.url.host == "db.example"
        assert (broker.url, broker.port) == ("redis://cache.example/3", 6379)
        faults = (database.kill, database.stop, database.start, broker.kill, broker.stop, broker.start)
        for fault in (*faults, broker.freeze, broker.thaw, broker.wipe):
            with pytest.raises(programs.ServerError, match="is not the tests' own"):
                fault()


def test_a_server_of_ones_own_is_so_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_TEST_REDIS_URL", "redis://cache.example/2")
    with RedisServer.own() as server:
        server.kill()
