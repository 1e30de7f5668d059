"""Profiles: where the command finds the service and the key, and who can read the file."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import Result

from tests.client.command import ayla_command
from tests.client.fake_service import FakeService


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the profiles, in a folder that is not there yet."""
    for name in ("AYLA_BASE_URL", "AYLA_API_KEY", "AYLA_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "new" / "config.toml"
    monkeypatch.setenv("AYLA_CONFIG", str(path))
    return path


def config(*arguments: str, text: str | None = None) -> Result:
    return ayla_command(FakeService(), *arguments, text=text, address=None)


def shown(*arguments: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(config(*arguments, "config", "show", "--origin", "--json").stdout)
    return found


def test_what_is_set_is_used_and_only_its_owner_can_read_it(file: Path) -> None:
    assert config("config", "set", "base_url", "https://ayla.example.org").exit_code == 0
    assert config("config", "set", "api_key", "-", text="ayla_0123456789abcdefghij\n").exit_code == 0
    assert config("config", "set", "timeout", "5").exit_code == 0

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*file.parent.iterdir()] == [file]
    found = shown()
    assert found["settings"]["base_url"] == "https://ayla.example.org"
    assert found["origins"]["base_url"] == found["origins"]["api_key"] == "profile default"
    assert found["origins"]["max_retries"] == "default"
    assert "abcdefghij" not in config("config").stdout + config("config", "profiles", "--json").stdout
    assert config("config", "path").stdout == f"{file}\n"


def test_a_file_that_others_could_read_is_closed_to_them(file: Path) -> None:
    file.parent.mkdir()
    before = "# mine\n[profiles.lab]\nbase_url = 'http://lab:1'  # the old one\n"
    file.write_text(before)
    file.chmod(0o644)
    config("--profile", "lab", "config", "set", "api_key", "secret")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == f'{before}api_key = "secret"\n'


def test_an_option_goes_before_the_environment_and_that_before_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    config("config", "set", "base_url", "http://of-the-profile")
    assert shown()["origins"]["base_url"] == "profile default"
    monkeypatch.setenv("AYLA_BASE_URL", "http://of-the-environment")
    assert shown()["origins"]["base_url"] == "AYLA_BASE_URL"
    found = shown("--base-url", "http://of-the-option", "--api-key", "k")
    assert (found["settings"]["base_url"], found["origins"]["base_url"]) == ("http://of-the-option", "--base-url")
    assert found["origins"]["api_key"] == "--api-key"
    lines = config("config", "show", "--origin").stdout.splitlines()
    assert lines[0].split() == ["base_url", "http://of-the-environment", "AYLA_BASE_URL"]


def test_profiles_are_listed_chosen_and_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ayla config set" in config("config", "profiles").stderr
    config("config", "set", "base_url", "http://one")
    told = config("--profile", "two", "config", "set", "base_url", "http://two").stderr
    assert "ayla --profile two" in told
    assert config("config", "profiles", "-q").stdout.split() == ["default", "two"]
    monkeypatch.setenv("AYLA_PROFILE", "two")
    assert [line.split()[0:2] for line in config("config", "profiles").stdout.splitlines()][2] == ["two", "*"]
    assert shown()["settings"]["base_url"] == "http://two"
    assert config("config", "delete", "two").exit_code == 2
    assert config("config", "delete", "two", "--yes").exit_code == 0
    missing = config("config", "unset", "base_url")
    assert (missing.exit_code, "ayla config profiles" in missing.stderr) == (3, True)
    monkeypatch.delenv("AYLA_PROFILE")
    config("config", "unset", "base_url")
    assert shown()["origins"]["base_url"] == "default"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["set", "colour", "blue"], 2, "a profile has base_url"),
        (["set", "base_url", "nonsense"], 1, "is not an address"),
        (["set", "timeout", "0"], 2, "greater than 0"),
        (["set", "max_retries", "often"], 2, "integer"),
        (["set", "api_key"], 2, "standard input"),
    ],
)
def test_what_a_profile_cannot_have_is_refused(file: Path, arguments: list[str], code: int, told: str) -> None:
    result = config("config", *arguments)

    assert (result.exit_code, told in result.stderr) == (code, True), result.stderr
    assert not file.exists()


def test_a_file_that_is_no_toml_is_left_alone(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("[profiles")
    assert config("config", "set", "timeout", "1").exit_code == 1
    assert file.read_text() == "[profiles"
    assert "Traceback" not in config("ls").stderr
