"""Where the client connects, what it sends along, and what importing it brings in."""

import logging
import subprocess
import sys
import traceback

import ayla
import httpx2
import pytest

from tests.client.fake_service import FakeService, Reply, problem


def test_the_address_comes_from_argument_then_environment_then_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AYLA_BASE_URL", raising=False)
    assert ayla.Client().base_url == "http://127.0.0.1:8642"

    monkeypatch.setenv("AYLA_BASE_URL", "http://from.environment:1")
    assert ayla.Client().base_url == "http://from.environment:1"
    assert ayla.Client("http://from.argument:2/").base_url == "http://from.argument:2"


def test_a_password_in_the_address_is_sent_and_not_shown() -> None:
    sent: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers["authorization"])
        raise httpx2.ConnectError("refused")

    client = ayla.Client("http://me:hush@ayla.test:1/a", transport=httpx2.MockTransport(answer), max_retries=0)
    with pytest.raises(ayla.APIConnectionError) as told:
        client.catalogue()
    assert sent[0].startswith("Basic ")
    assert client.base_url == "http://ayla.test:1/a"
    assert "hush" not in str(told.value) + repr(client)
    for address in ("http://me:hush@h:port/", "http://me:hu/hush@h/", "me:hush@h"):
        with pytest.raises(ayla.AylaError) as refused:
            ayla.Client(address)
        assert "hush" not in str(refused.value)


@pytest.mark.parametrize("address", ["http://gateway.test/team/ayla", "http://gateway.test/team/ayla/"])
def test_an_address_may_have_a_path(address: str) -> None:
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.path)
        return httpx2.Response(200, json={})

    ayla.Client(address, transport=httpx2.MockTransport(answer)).catalogue()

    assert seen == ["/team/ayla/v1/catalogue"]


def test_the_api_key_is_a_bearer_token(monkeypatch: pytest.MonkeyPatch) -> None:
    service = FakeService()
    monkeypatch.setenv("AYLA_API_KEY", "from-environment")
    service.client().catalogue()
    service.client(api_key="from-argument").catalogue()
    monkeypatch.delenv("AYLA_API_KEY")
    service.client().catalogue()

    sent = [request.headers.get("Authorization") for request in service.requests]
    assert sent == ["Bearer from-environment", "Bearer from-argument", None]


@pytest.mark.parametrize(
    "failure",
    [
        problem(401, "not-authenticated", "The API key is not one of this service."),
        problem(403, "not-allowed", "This needs the scope 'submit'."),
        problem(429, "rate-limited", "Too many requests.", Retry_After="1"),
        httpx2.ConnectError("refused"),
        httpx2.Response(200, text="<html>"),
    ],
    ids=str,
)
def test_the_api_key_is_never_shown(caplog: pytest.LogCaptureFixture, failure: Reply) -> None:
    caplog.set_level(logging.DEBUG)
    client = FakeService(replies=[failure]).client(api_key="ayla_secret", max_retries=0)
    with pytest.raises(ayla.APIError) as caught:
        client.catalogue()

    shown = [repr(client), repr(vars(client)), str(caught.value), repr(caught.value), repr(vars(caught.value))]
    shown += traceback.format_exception(caught.value)
    shown += [repr(client._transport.http.headers), caplog.text]
    assert "ayla_secret" not in "\n".join(shown)


def test_the_timeouts_are_5_seconds_to_connect_and_60_to_read() -> None:
    service = FakeService()
    service.client().catalogue()
    service.client(timeout=3.0).catalogue()
    service.client().with_options(timeout=None).catalogue()

    first, second, third = (request.extensions["timeout"] for request in service.requests)
    assert (first["connect"], first["read"]) == (5.0, 60.0)
    assert (second["connect"], second["read"]) == (3.0, 3.0)
    assert third["read"] is None


def test_other_options_share_the_connections() -> None:
    client = FakeService().client()
    other = client.with_options(max_retries=0)
    other.close()

    with pytest.raises(ayla.InvalidRequest, match="closed"):
        client.catalogue()


def test_a_context_manager_closes() -> None:
    with FakeService().client() as client:
        catalogue = client.catalogue()

    assert catalogue.presets[0]["name"] == "poly-sgd"
    with pytest.raises(ayla.InvalidRequest, match="closed"):
        client.catalogue()


def test_importing_the_client_imports_neither_ours_nor_the_extras() -> None:
    script = "import sys, ayla; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}

    ours = {"ayla_spec", "ayla_service", "ayla_core", "ayla_worker", "ayla_migrations"}
    extras = {"typer", "rich", "yaml", "yamlcore", "matplotlib", "numpy", "pandas", "torch"}
    assert "ayla" in loaded
    assert loaded & (ours | extras) == set()


def test_the_command_starts_without_the_packages_that_draw() -> None:
    script = "import sys, ayla.cli.app; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)

    assert {name.partition(".")[0] for name in done.stdout.split()} & {"matplotlib", "numpy", "torch"} == set()


def test_without_its_packages_the_command_says_what_to_install() -> None:
    script = "import sys; sys.modules['typer'] = None; from ayla.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "pip install './clients/python[cli]'" in done.stderr
    assert "Traceback" not in done.stderr
