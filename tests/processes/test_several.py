"""Several processes of the API on one port: they share its requests and what they count, and none is missed."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.factories import spec
from tests.processes.command import SERVICE, clean_environment, is_running, run_service
from tests.waiting import PATIENCE_SECONDS, wait_until

_PROCESSES = 2


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """An API of several processes on a free port, all of which have begun, and its URL."""
    run_service(folder, "migrate").check_returncode()
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*SERVICE, "api", "--port", "0", "--processes", str(_PROCESSES)],
            env=clean_environment(folder),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            found = re.search(r"on (http://127\.0\.0\.1:\d+) ", process.stdout.readline())
            assert found is not None
            wait_until(lambda: len(children(folder)) == _PROCESSES, "all processes")
            yield process, found[1]
        finally:
            process.kill()


def children(folder: Path) -> list[int]:
    """The pids of all processes that the log tells of."""
    lines = [line for line in (folder / "log").read_text().splitlines() if line.startswith("{")]
    return [event["pid"] for event in map(json.loads, lines) if event["event"] == "API process started"]


def get(url: str) -> httpx2.Response:
    """By a connection of its own, so that any process may answer."""
    return httpx2.get(url, trust_env=False, timeout=PATIENCE_SECONDS)


def counted(url: str) -> float:
    """Requests for /healthz, as the process says that answers."""
    metrics = get(f"{url}/metrics").text
    lines = re.findall(r'^ayla_http_requests_total\{.*route="/healthz".*\} (\S+)$', metrics, re.MULTILINE)
    return sum(map(float, lines))


def test_what_one_process_takes_another_knows_and_they_count_together(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url):
        job = httpx2.post(f"{url}/v1/jobs", json=spec(), trust_env=False, timeout=PATIENCE_SECONDS)
        place = f"{url}{job.headers['Location']}"
        assert {get(place).status_code for _ in range(20)} == {200}
        for number in range(1, 21):
            get(f"{url}/healthz")
            assert counted(url) == number
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
        assert not [pid for pid in children(tmp_path) if is_running(pid)]
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_process_that_dies_is_replaced_while_the_others_answer(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, url):
        get(f"{url}/healthz")
        victim, *others = children(tmp_path)
        os.kill(victim, signal.SIGKILL)
        assert get(f"{url}/healthz").status_code == 200
        wait_until(lambda: len(children(tmp_path)) == _PROCESSES + 1, "another process")
        assert all(map(is_running, others))
        assert counted(url) == 2, "what the dead one had counted is not forgotten"


def test_all_go_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url):
        get(f"{url}/healthz")
        process.send_signal(signal.SIGKILL)
        wait_until(lambda: not any(map(is_running, children(tmp_path))), "the end of all processes")


@pytest.mark.parametrize("number", ["0", "65"])
def test_a_number_that_makes_no_sense_is_refused(tmp_path: Path, number: str) -> None:
    refused = run_service(tmp_path, "api", AYLA_API_PROCESSES=number)
    assert refused.returncode == 2
    assert "AYLA_API_PROCESSES" in refused.stderr
