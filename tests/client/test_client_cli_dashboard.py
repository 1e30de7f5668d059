"""The command that opens the dashboard."""

import webbrowser

import pytest

from tests.client.command import ayla_command
from tests.client.fake_service import FakeService


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that were opened; a browser is there."""
    pages: list[str] = []

    def show(url: str) -> bool:
        pages.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", show)
    return pages


def test_the_dashboard_is_opened_and_its_address_written(service: FakeService, opened: list[str]) -> None:
    result = ayla_command(service, "open")
    assert (result.stdout, result.exit_code) == ("http://service.test/\n", 0)
    assert opened == ["http://service.test/"]
    assert service.requests == []


def test_it_is_opened_at_a_job(service: FakeService, opened: list[str]) -> None:
    job = ayla_command(service, "submit", "-q", "--preset", "poly-sgd").stdout.strip()
    result = ayla_command(service, "open", job)
    assert result.stdout == f"http://service.test/jobs/{job}\n"
    assert opened == [f"http://service.test/jobs/{job}"]


def test_a_job_that_is_not_there_is_not_opened(service: FakeService, opened: list[str]) -> None:
    result = ayla_command(service, "open", "nothing")
    assert result.exit_code == 3
    assert (result.stdout, opened) == ("", [])


def test_the_address_can_be_written_alone(service: FakeService, opened: list[str]) -> None:
    assert ayla_command(service, "open", "--print").stdout == "http://service.test/\n"
    assert opened == []


def test_without_a_browser_that_is_said(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _url: False)
    result = ayla_command(service, "open")
    assert (result.stdout, result.exit_code) == ("http://service.test/\n", 0)
    assert "No browser was found here" in result.stderr
