"""Settings come from the environment and have working defaults."""

from pathlib import Path

import pytest
from ayla_service.settings import Settings
from pydantic import ValidationError


def test_the_defaults_are_the_embedded_service() -> None:
    settings = Settings()
    assert settings.is_embedded
    assert settings.store_url == f"sqlite:///{Path('ayla-data/ayla.db').absolute()}"
    assert (settings.host, settings.port) == ("127.0.0.1", 8642)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_DATABASE_URL", "postgresql+psycopg://db/ayla")
    monkeypatch.setenv("AYLA_LEASE_SECONDS", "45")
    settings = Settings()
    assert settings.store_url == "postgresql+psycopg://db/ayla"
    assert settings.lease_seconds == 45
    assert not settings.is_embedded


@pytest.mark.parametrize(
    ("host", "allowed", "names"),
    [
        ("127.0.0.1", None, {"localhost", "127.0.0.1", "::1"}),
        ("127.0.0.2", None, {"localhost", "127.0.0.1", "::1", "127.0.0.2"}),
        ("0.0.0.0", None, None),
        ("gpu-3.example.org", None, None),
        ("0.0.0.0", ["AYLA.example.org"], {"localhost", "127.0.0.1", "::1", "ayla.example.org"}),
    ],
)
def test_the_hosts_that_requests_may_name(host: str, allowed: list[str] | None, names: set[str] | None) -> None:
    assert Settings(host=host, allowed_hosts=allowed).host_names == names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("LEASE_SECONDS", "0"),
        ("LEASE_SECONDS", "5"),
        ("LEASE_SECONDS", "inf"),
        ("HEARTBEAT_SECONDS", "20"),
        ("TORCH_THREADS", "0"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"AYLA_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    ("text", "names"),
    [("https://a.example/", ["https://a.example/"]), ("a, b", ["a", "b"]), ('["a", "b"]', ["a", "b"]), ("", [])],
)
def test_lists_are_separated_by_commas_or_json(monkeypatch: pytest.MonkeyPatch, text: str, names: list[str]) -> None:
    monkeypatch.setenv("AYLA_MNIST_MIRRORS", text)
    assert Settings().mnist_mirrors == names


def test_a_list_that_is_broken_json_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_MNIST_MIRRORS", '["a", ')
    with pytest.raises(ValidationError, match="separating by commas works too"):
        Settings()
