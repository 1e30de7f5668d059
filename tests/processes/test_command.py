"""The ``ayla-service`` command: what it says, and how it fails."""

import contextlib
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ayla_service import __version__
from ayla_service.db.session import Database
from ayla_service.processes.startup import StartError, environment, require_keys, warn_of_unknown_variables
from ayla_service.settings import Settings
from structlog.typing import EventDict

from tests.admin.commands import Command, Ended, runner, said
from tests.keyring import make_key
from tests.processes.command import run_service

COMMANDS = ("serve", "api", "worker", "migrate", "prune", "teams", "members", "keys", "queue", "openapi", "run")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in this process, with a clean environment."""
    return runner(tmp_path, monkeypatch, capsys)


def test_help_tells_every_command_and_every_setting(command: Command) -> None:
    shown = command("--help")
    assert shown.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in shown.out
    for name, field in Settings.model_fields.items():
        assert f"AYLA_{name.upper()} " in shown.out
        assert str(field.description) in shown.out


def test_the_version_is_told(command: Command) -> None:
    assert command("--version") == Ended(0, f"ayla-service {__version__}\n", "")


def test_migrate_brings_the_store_up_to_date_and_can_be_repeated(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    first, again = (command("migrate", "--data-dir", str(folder)) for _ in range(2))
    assert (first.code, first.err) == (0, "")
    assert first == again
    with closing(sqlite3.connect(folder / "ayla.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (first.out.strip(),)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"AYLA_PROT": "1"}, "no setting AYLA_PROT; did you mean AYLA_PORT?"),
        ({"AYLA_PORT": "abc"}, "AYLA_PORT: "),
        ({"AYLA_LEASE_SECONDS": "0", "AYLA_LOG_LEVEL": "loud"}, "AYLA_LEASE_SECONDS: "),
        ({"AYLA_DATABASE_URL": "nonsense"}, "AYLA_DATABASE_URL: Value error, a store is postgresql+psycopg://"),
        ({"AYLA_DATABASE_URL": "oracel://x"}, "AYLA_DATABASE_URL: Value error, a store's URL begins with"),
        ({"AYLA_DATABASE_URL": "postgresql+psycopg://u:p@h:port/x"}, "AYLA_DATABASE_URL: Value error, the port is"),
        ({"AYLA_DATABASE_URL": "postgresql+psycopg://u:p@h:99999/x"}, "AYLA_DATABASE_URL: Value error, the port is"),
        ({"AYLA_DATABASE_URL": "sqlite://"}, "AYLA_DATABASE_URL: Value error, it is not a file on disk"),
        ({"AYLA_ALLOWED_HOSTS": "*"}, "AYLA_ALLOWED_HOSTS: Value error, not a host name"),
        ({"AYLA_ALLOWED_HOSTS": '["here"'}, "AYLA_ALLOWED_HOSTS: "),
        ({"AYLA_DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "cannot be opened: unable to open database file"),
    ],
)
def test_a_wrong_setting_is_named(command: Command, variables: dict[str, str], named: str) -> None:
    assert named in said(command("migrate", **variables))


@pytest.mark.parametrize(
    "rest",
    [
        "user:hush@127.0.0.1:1/store",
        "user:hush@127.0.0.1:port/store",
        "a@b:hush@127.0.0.1/store",
        "user:word@hush@127.0.0.1:1/store",
        "user:wo?rd@hush@127.0.0.1:1/store",
        "user:wo/rd@hush:hush@127.0.0.1:1/store",
        "user:@hush@127.0.0.1:1/store",
        "user:hush/hush@127.0.0.1:1/store",
        "user:hu#hush@127.0.0.1:1/store",
        "user@127.0.0.1:1/store?password=hush",
        "user@127.0.0.1:1/store?sslpassword=hush&password=hush",
        "user@127.0.0.1:1/store?passwrod=hush",
        "user@/store?host=127.0.0.1&port=1&password=hush",
        "user:wo@hush?rd@127.0.0.1:1/store",
        "hush?password=hush@127.0.0.1:1",
        "user@127.0.0.1:1?password=word@hush@hush",
    ],
)
def test_a_password_is_not_shown(command: Command, rest: str) -> None:
    ended = command("migrate", AYLA_DATABASE_URL=f"postgresql+psycopg://{rest}")
    assert "hush" not in said(ended)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BROKER_URL", "redis://:word@hush@127.0.0.1:1/0"),
        ("BROKER_URL", "hush://:hush@127.0.0.1"),
        ("CORS_ORIGINS", "https://user:hush@a.example"),
        ("CORS_ORIGINS", '["https://user:hush@a.example"'),
        ("TRUSTED_PROXIES", "user:hush@proxy.example"),
        ("ALLOWED_HOSTS", "https://user:hush@a.example"),
        ("WEBHOOK_PRIVATE_HOSTS", "https://user:hush@a.example/"),
        ("MNIST_MIRRORS", "https://user:hush@a.example/"),
    ],
)
def test_no_other_setting_shows_a_password(command: Command, name: str, value: str) -> None:
    line = said(command("migrate", **{f"AYLA_{name}": value}))
    assert f"AYLA_{name}: " in line
    assert "hush" not in line


def test_a_child_process_finds_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, allowed_hosts=["a.example", "b.example"], reap_seconds=0.5, host="::1")
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


@pytest.mark.parametrize("parameters", ["port=x", "plugin=hush"])
def test_parameters_of_the_store_that_make_no_sense_are_told_in_a_sentence(command: Command, parameters: str) -> None:
    line = said(command("migrate", AYLA_DATABASE_URL=f"postgresql+psycopg://user:hush@127.0.0.1/store?{parameters}"))
    assert line.startswith("ayla-service: AYLA_DATABASE_URL: what stands behind the ? makes no sense.")


def test_a_worker_is_not_started_with_an_url_that_makes_no_sense(command: Command) -> None:
    ended = command("worker", AYLA_DATABASE_URL="postgresql+psycopg://user:hush@127.0.0.1:port/store")
    assert "AYLA_DATABASE_URL: Value error, the port is" in said(ended)


def test_a_variable_that_is_no_setting_is_told(monkeypatch: pytest.MonkeyPatch, events: list[EventDict]) -> None:
    for name in [name for name in os.environ if name.startswith("AYLA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AYLA_API_KEY", "hush")
    monkeypatch.setenv("AYLA_PORT", "1")
    warn_of_unknown_variables()
    assert events == []
    monkeypatch.setenv("AYLA_DB", "postgresql://ayla:hush@db/ayla")
    warn_of_unknown_variables()
    assert events[0]["names"] == ["AYLA_DB"]
    assert "hush" not in str(events)


def test_the_settings_of_the_client_are_left_alone(command: Command) -> None:
    assert command("migrate", AYLA_BASE_URL="http://x", AYLA_API_KEY="k").code == 0


def test_a_data_folder_that_is_a_file_is_named(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = command("migrate", "--data-dir", str(tmp_path / "file"))
    assert f"{tmp_path}/file cannot be made" in said(ended)


def test_a_store_of_a_later_version_is_refused(command: Command, tmp_path: Path) -> None:
    command("migrate")
    with closing(sqlite3.connect(tmp_path / "ayla.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'later'")
    assert "cannot be used: a newer version has migrated it" in said(command("migrate"))


@pytest.mark.parametrize(
    "arguments", [["serv"], ["serve", "--port", "x"], ["serve", "--port", "70000"], ["run"], ["migrate", "now"]]
)
def test_a_wrong_command_line_is_a_usage_error(command: Command, arguments: list[str]) -> None:
    ended = command(*arguments)
    assert ended.code == 2
    assert "Usage: " in ended.err


def test_the_api_alone_wants_a_migrated_store(tmp_path: Path) -> None:
    ended = run_service(tmp_path, "api", "--port", "0")
    assert "run 'ayla-service migrate' first" in said(Ended(ended.returncode, ended.stdout, ended.stderr))


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_service(tmp_path, "serve", "--port", str(port))
    line = said(Ended(ended.returncode, ended.stdout, ended.stderr))
    assert f"Port {port} of 127.0.0.1 is in use" in line
    assert "--port" in line


@pytest.mark.parametrize("arguments", [["api"], ["serve"]])
def test_other_machines_are_served_only_once_there_is_a_key(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    served: list[Listening] = []
    monkeypatch.setattr("ayla_service.cli.serve_until_stopped", lambda _app, listener, _: served.append(listener))
    monkeypatch.setattr("ayla_service.cli.ProcessSupervisor", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr("ayla_service.cli.listen", Listening)
    command("migrate")
    line = said(command(*arguments, "--host", "0.0.0.0"))
    assert "ayla-service keys create --team TEAM --member NAME --create" in line
    assert "listen on 127.0.0.1" in line
    assert command(*arguments, "--host", "127.0.0.1").code == 0
    assert command("keys", "create", "--team", "t", "--member", "m", "--create").code == 0
    assert command(*arguments, "--host", "0.0.0.0").code == 0
    command("keys", "revoke", command("keys", "list", "--json").out.partition('"prefix": "')[2][:12])
    said(command(*arguments, "--host", "0.0.0.0"))
    assert [listener.host for listener in served] == ["127.0.0.1", "0.0.0.0"]


class Listening:
    """A socket that nobody reaches."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host

    def getsockname(self) -> tuple[str, int]:
        return self.host, 1


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("127.0.0.1", False),
        ("127.8.9.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.0.2.1", True),
        ("fe80::1%eth0", True),
        ("::ffff:192.0.2.1", True),
    ],
)
def test_which_addresses_other_machines_reach(database: Database, address: str, is_open: bool) -> None:
    listener: Any = Listening(address, 0)
    if is_open:
        with pytest.raises(StartError, match=f"Other machines reach {address}, and no API key"):
            require_keys(listener, database)
        make_key(database)
    require_keys(listener, database)


def test_an_address_of_another_machine_is_refused(command: Command) -> None:
    assert "Cannot listen on 203.0.113.1" in said(command("serve", "--host", "203.0.113.1", "--port", "0"))
