"""With AYLA_LOG_FORMAT=json every line of a process is JSON, from the first to the last."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.processes.command import SERVICE, clean_environment
from tests.waiting import PATIENCE_SECONDS, wait_until

WORKER = (sys.executable, "-m", "ayla_worker")


def said(folder: Path, command: Sequence[str], **variables: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and events of a command that ends by itself."""
    environment = clean_environment(folder, AYLA_LOG_FORMAT="json", **variables)
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, [json.loads(line) for line in (ended.stdout + ended.stderr).splitlines()]


def answers(log: Path) -> bool:
    """Whether the API answers where its first line says."""
    line, end, _ = log.read_text().partition("\n")
    if not end:
        return False
    first = json.loads(line)
    try:
        return httpx2.get(f"http://{first['host']}:{first['port']}/healthz", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


def test_the_api_says_where_it_listens_and_how_it_ended(tmp_path: Path) -> None:
    status, events = said(tmp_path, [*SERVICE, "migrate"])
    assert status == 0
    assert [event["event"] for event in events] == ["store migrated"]
    assert len(events[0]["revision"]) == 4
    log = tmp_path / "log"
    command = [*SERVICE, "api", "--host", "127.0.0.2", "--port", "0"]
    environment = clean_environment(tmp_path, AYLA_LOG_FORMAT="json", AYLA_LOG_LEVEL="debug")
    with log.open("w") as file, subprocess.Popen(command, env=environment, stdout=file, stderr=file) as process:
        try:
            wait_until(lambda: answers(log), "the API")
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()
    first, *_ = [json.loads(line) for line in log.read_text().splitlines()]
    assert (first["event"], first["host"], first["level"]) == ("serving", "127.0.0.2", "info")
    assert first["port"] > 0


@pytest.mark.parametrize(
    ("command", "variables", "program", "reason"),
    [
        ([*SERVICE, "api"], {}, "ayla-service", "run 'ayla-service migrate' first"),
        ([*SERVICE, "api"], {"AYLA_PORT": "one"}, "ayla-service", "AYLA_PORT"),
        ([*SERVICE, "migrate"], {"AYLA_DATABASE_URL": "mysql://h/d"}, "ayla-service", "AYLA_DATABASE_URL"),
        (WORKER, {"AYLA_REAP_SECONDS": "-1"}, "ayla_worker", "reap_seconds"),
    ],
)
def test_a_process_that_cannot_start_says_why(
    tmp_path: Path, command: Sequence[str], variables: dict[str, str], program: str, reason: str
) -> None:
    status, [event] = said(tmp_path, command, **variables)
    assert status == 2
    assert (event["event"], event["program"], event["level"]) == ("cannot start", program, "error")
    assert reason in event["reason"]


UNEXPECTED = """
import logging, warnings
from ayla_service.logging import configure_logging
from ayla_service.settings import Settings
configure_logging(Settings())
configure_logging(Settings())
logging.getLogger("library").warning("slow: %s", 7)
warnings.warn("old", DeprecationWarning, stacklevel=1)
secret = "hush"
raise ValueError("no such thing")
"""


def test_what_libraries_say_and_what_ends_a_process_is_json_too(tmp_path: Path) -> None:
    status, [library, warning, end] = said(tmp_path, [sys.executable, "-W", "always", "-c", UNEXPECTED])
    assert status == 1
    assert (library["event"], library["logger"], library["level"]) == ("slow: 7", "library", "warning")
    assert "DeprecationWarning: old" in warning["event"]
    assert (end["event"], end["level"]) == ("process ends by an error", "critical")
    assert end["exception"][0]["exc_value"] == "no such thing"
    assert "hush" not in json.dumps(end)
