"""Logs tell where an error came from, and nothing that was in memory there."""

import io
import json
import sys
from collections.abc import Callable

import pytest
import structlog
from ayla_service.logging import configure_logging
from ayla_service.settings import Settings


class Terminal(io.StringIO):
    """Standard error as a terminal, where log lines have colours."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[io.StringIO, Terminal])
def logged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Logs an error with a secret in its local variables; returns the log in this format."""

    def log(log_format: str) -> str:
        stream: io.StringIO = request.param()
        monkeypatch.setattr(sys, "stderr", stream)
        configure_logging(Settings.model_validate({"log_format": log_format}))
        fail()
        return stream.getvalue()

    return log


def fail() -> None:
    url = "-".join(["the", "secret"])
    try:
        url.index("nowhere")
    except ValueError:
        structlog.get_logger().exception("request failed", path="/v1/jobs")


def test_lines_for_people_show_no_local_variables(logged: Callable[[str], str]) -> None:
    text = logged("console")
    assert "substring not found" in text
    assert f"in {fail.__name__}" in text
    assert "the-secret" not in text


def test_lines_for_machines_show_no_local_variables(logged: Callable[[str], str]) -> None:
    text = logged("json")
    event = json.loads(text)
    assert (event["event"], event["path"], event["level"]) == ("request failed", "/v1/jobs", "error")
    assert event["exception"][0]["exc_value"] == "substring not found"
    assert event["exception"][0]["frames"][-1]["name"] == fail.__name__
    assert "the-secret" not in text


@pytest.mark.parametrize(("stream", "as_if"), [(Terminal, "console"), (io.StringIO, "json")])
def test_lines_are_for_people_on_a_terminal_and_else_for_machines(
    stream: type[io.StringIO], as_if: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings().log_format == "auto"
    read = {log_format: _line(log_format, stream(), monkeypatch) for log_format in ("auto", "console", "json")}
    assert read["auto"].startswith("{") == read[as_if].startswith("{")
    assert read["console"].startswith("{") != read["json"].startswith("{")


def _line(log_format: str, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging(Settings.model_validate({"log_format": log_format}))
    structlog.get_logger().info("started")
    return stream.getvalue()
