"""Where a client connects to: argument, environment, profile, default."""

from pathlib import Path

import ayla
import pytest
from ayla._profiles import Connection, config_path, find_connection

FILE = """
[profiles.default]
base_url = "http://default.test"
api_key = "key-of-default"
timeout = 7

[profiles.lab]
base_url = "http://lab.test"
api_key = "key-of-lab"
max_retries = 0
"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AYLA_BASE_URL", "AYLA_API_KEY", "AYLA_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    monkeypatch.setenv("AYLA_CONFIG", str(path))
    return path


def places(found: Connection) -> tuple[str, str | None]:
    return found.base_url, found.api_key


def test_a_profile_goes_before_the_default() -> None:
    found = find_connection()
    assert places(found) == ("http://default.test", "key-of-default")
    assert (found.timeout, found.max_retries) == (7, None)
    assert found.origins == {
        "base_url": "profile default",
        "api_key": "profile default",
        "timeout": "profile default",
        "max_retries": "default",
    }


def test_the_environment_names_another_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_PROFILE", "lab")
    assert places(find_connection()) == ("http://lab.test", "key-of-lab")
    with ayla.Client() as client:
        assert client._transport.max_retries == 0
        assert client.base_url == "http://lab.test"


def test_the_environment_goes_before_a_profile_and_a_profile_named_in_the_call_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AYLA_BASE_URL", "http://environment.test")
    assert places(find_connection()) == ("http://environment.test", None)
    monkeypatch.setenv("AYLA_API_KEY", "key-of-environment")
    assert places(find_connection()) == ("http://environment.test", "key-of-environment")
    assert places(find_connection(profile="lab")) == ("http://lab.test", "key-of-lab")
    assert places(find_connection(base_url="http://argument.test", api_key="mine", profile="lab")) == (
        "http://argument.test",
        "mine",
    )


def test_the_key_of_a_profile_is_sent_to_its_address_only() -> None:
    assert places(find_connection(base_url="http://other.test")) == ("http://other.test", None)
    assert places(find_connection(base_url="http://other.test", profile="lab")) == ("http://other.test", None)


def test_a_call_goes_before_the_profile() -> None:
    with ayla.Client(timeout=None, max_retries=5) as client:
        assert (client._transport.timeout, client._transport.max_retries) == (None, 5)


def test_without_a_file_there_is_the_default(file: Path) -> None:
    file.unlink()
    assert places(find_connection()) == ("http://127.0.0.1:8642", None)
    with pytest.raises(ayla.AylaError, match=r"no profile 'lab'.*there are: none"):
        ayla.Client(profile="lab")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[profiles.lab", "cannot be read"),
        ("[other]\n", r"sections \[profiles.NAME\]"),
        ('[profiles.lab]\nbase-url = "x"\n', "profiles.lab.base-url: There is no such setting; a profile has base_url"),
        ("[profiles.lab]\ntimeout = 0\n", "profiles.lab.timeout: Input should be greater than 0"),
    ],
)
def test_a_file_that_is_none_is_told_with_its_place(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(ayla.AylaError, match=told) as caught:
        ayla.Client()
    assert str(file) in str(caught.value)


def test_a_wrong_key_is_not_shown(file: Path) -> None:
    file.write_text("[profiles.lab]\napi_key = 12345\n")
    with pytest.raises(ayla.AylaError, match=r"profiles\.lab\.api_key") as caught:
        ayla.Client()
    assert "12345" not in str(caught.value)


def test_the_file_is_where_configuration_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AYLA_CONFIG")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_path() == tmp_path / ".config/ayla/config.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert config_path() == tmp_path / "xdg/ayla/config.toml"
