"""What may stand in AYLA_BROKER_URL, and what is said where it may not."""

import subprocess
import sys
from pathlib import Path

import pytest
from ayla_service.cli import app
from ayla_service.processes.startup import StartError, load_settings, require_broker
from ayla_service.queue.celery.configuration import configuration
from ayla_service.queue.wakeup import TimerWakeUp, make_wake_up
from ayla_service.settings import Settings
from typer.testing import CliRunner

WRONG = [
    ("kafka://:geheim@broker", "begins with redis://, rediss://, amqp://, amqps://"),
    ("broker:geheim", "begins with"),
    ("redis://:geheim@broker:port/0", "the port is not a number"),
    ("redis://:ge/heim@broker", "the port is not a number"),
    ("redis://:geheim@/0", "names no host"),
    ("redis://broker;kafka://:geheim@other", "begins with"),
]


@pytest.mark.parametrize("url", ["redis://h", "rediss://:p@h:6380/1", "amqp://u:p@h//", "amqps://a;amqps://b"])
def test_brokers_that_work(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_BROKER_URL", url)
    assert load_settings().broker_url == url


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_BROKER_URL", "")
    assert load_settings().broker_url is None


@pytest.mark.parametrize(("url", "said"), WRONG)
def test_what_is_wrong_is_said_without_the_password(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_BROKER_URL", url)
    with pytest.raises(StartError) as caught:
        load_settings()
    assert "AYLA_BROKER_URL" in str(caught.value)
    assert said in str(caught.value)
    assert "heim" not in str(caught.value)


def test_a_worker_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_BROKER_URL", WRONG[0][0])
    ended = subprocess.run([sys.executable, "-m", "ayla_worker"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "begins with redis://" in ended.stderr
    assert "geheim" not in ended.stderr


def test_the_password_is_not_shown_with_the_settings() -> None:
    assert "geheim" not in repr(Settings(broker_url="redis://:geheim@broker/0"))


@pytest.mark.parametrize(
    ("url", "missing"), [("redis://h", "celery and redis"), ("amqp://h", "celery")], ids=["redis", "rabbitmq"]
)
def test_a_missing_extra_is_named(url: str, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ayla_service.queue.wakeup.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(StartError, match=rf"needs {missing}, .*pip install '.\[queue\]'"):
        require_broker(Settings(broker_url=url, data_dir=tmp_path))


@pytest.mark.parametrize("command", ["serve", "api", "worker"])
def test_every_command_with_a_broker_says_so(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ayla_service.processes.startup.missing_modules", lambda _url: ["celery"])
    # It would write to the runner's standard error for the rest of this process, and that is closed by then.
    monkeypatch.setattr("ayla_service.cli.configure_logging", lambda _settings: None)
    result = CliRunner().invoke(app, [command, "--data-dir", str(tmp_path)])
    assert isinstance(result.exception, StartError)


def test_without_a_broker_nobody_is_told() -> None:
    assert isinstance(make_wake_up(None), TimerWakeUp)


def test_options_fit_the_broker() -> None:
    redis, rabbitmq = configuration("rediss://h"), configuration("amqp://h")
    assert redis["broker_transport_options"]["socket_timeout"] == 2.0
    assert redis["worker_disable_prefetch"] is True
    # RabbitMQ's client would take every option as an argument, and fail of one it does not know.
    assert rabbitmq["broker_transport_options"] == {}
    assert "worker_disable_prefetch" not in rabbitmq


def test_every_setting_is_explained() -> None:
    explained = (Path(__file__).parents[3] / "docs" / "queue.md").read_text()
    for url in ("redis://h", "amqp://h"):
        settings = configuration(url)
        missing = [name for name in (*settings, *settings["broker_transport_options"]) if f"`{name}`" not in explained]
        assert missing == []
