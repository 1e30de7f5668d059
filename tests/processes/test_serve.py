"""``serve`` and ``run`` for real: started, used, stopped, killed; nothing is left running."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.factories import spec
from tests.processes.command import SERVICE, clean_environment, is_running, run_service
from tests.waiting import PATIENCE_SECONDS, wait_until


def workers(log: Path) -> list[int]:
    """The pids of all workers that the service's log tells of."""
    lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
    return [event["pid"] for event in map(json.loads, lines) if event["event"] == "worker process started"]


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service on a free port, and its URL."""
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*SERVICE, "serve", "--port", "0"],
            env=clean_environment(folder),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            greeting = process.stdout.readline()
            found = re.search(r"on (http://127\.0\.0\.1:\d+) \(docs: \1/docs, data: (.+?)\)", greeting)
            assert found is not None, greeting
            assert found[2] == str(folder)
            wait_until(lambda: workers(folder / "log"), "a worker")
            yield process, found[1]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_service_and_its_worker(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as (process, url):
        assert httpx2.get(f"{url}/readyz", trust_env=False).status_code == 200
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == 0
        assert not [pid for pid in workers(tmp_path / "log") if is_running(pid)]
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_killed_service_takes_its_worker_along(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url):
        assert httpx2.get(f"{url}/healthz", trust_env=False).status_code == 200
        process.kill()
        process.wait(PATIENCE_SECONDS)
        for pid in workers(tmp_path / "log"):
            wait_until(lambda pid=pid: not is_running(pid), "the end of the worker")  # type: ignore[misc]


def test_a_body_over_the_limit_gets_its_answer_from_a_real_server(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, url):
        headers = {"Content-Type": "application/json"}
        answer = httpx2.post(f"{url}/v1/jobs", content=b" " * 3_000_000, headers=headers, trust_env=False)
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:ayla:problem:body-too-large"


def test_run_gives_the_command_a_service_and_takes_its_exit_code(tmp_path: Path) -> None:
    command = textwrap.dedent(f"""
        import json, os, sys, time, urllib.request
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
        def call(path, body=None):
            headers = {{"Content-Type": "application/json"}}
            request = urllib.request.Request(os.environ["AYLA_BASE_URL"] + path, body, headers)
            return json.load(opener.open(request))
        job = call("/v1/jobs", {json.dumps(spec()).encode()!r})
        while job["state"] in ("queued", "running"):
            time.sleep(0.1)
            job = call("/v1/jobs/" + job["id"])
        print(job["state"], job["trials"]["completed"])
        sys.exit(7)
    """)
    ended = run_service(tmp_path, "run", "--", sys.executable, "-c", command, AYLA_LOG_FORMAT="json")
    assert (ended.stdout, ended.stderr, ended.returncode) == ("succeeded 2\n", "", 7)
    pids = workers(tmp_path / "service.log")
    assert pids
    assert not [pid for pid in pids if is_running(pid)]


def test_run_keeps_the_service_for_who_wants_to_look(tmp_path: Path) -> None:
    command = [*SERVICE, "run", "--keep", "/jobs?tag=mine", "--", sys.executable, "-c", "print('done', flush=True)"]
    environment = clean_environment(tmp_path, AYLA_LOG_FORMAT="json")
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        done, _, told = (process.stdout.readline() for _ in range(3))
        found = re.fullmatch(
            r"Dashboard: (http://127\.0\.0\.1:\d+/jobs\?tag=mine) \(Ctrl-C stops the service\)\n", told
        )
        assert found is not None, (done, told)
        page = httpx2.get(found[1], headers={"Accept": "text/html"}, trust_env=False)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        press_ctrl_c(process)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert not [worker for worker in workers(tmp_path / "service.log") if is_running(worker)]


def test_run_keeps_no_service_for_a_command_that_failed(tmp_path: Path) -> None:
    ended = run_service(tmp_path, "run", "--keep", "/", "--", sys.executable, "-c", "raise SystemExit(3)")
    assert (ended.returncode, ended.stdout) == (3, "")


def test_serve_opens_the_dashboard_in_a_browser(tmp_path: Path) -> None:
    """The browser is a command that BROWSER names."""
    asked = tmp_path / "asked"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {asked}\n')
    browser.chmod(0o755)
    environment = clean_environment(tmp_path, BROWSER=str(browser), AYLA_LOG_FORMAT="json")
    command = [*SERVICE, "serve", "--port", "0", "--open"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: asked.exists() and asked.read_text().startswith("http://127.0.0.1:"), "a browser")
        assert httpx2.get(asked.read_text().strip() + "/healthz", trust_env=False, timeout=60).status_code == 200
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [(["no-such-program"], 127), (["sh", "-c", "kill -9 $$"], 137)],
)
def test_run_tells_of_a_command_as_a_shell_does(tmp_path: Path, command: list[str], code: int) -> None:
    ended = run_service(tmp_path, "run", "--", *command)
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr


def test_run_shows_the_log_of_a_service_that_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "ayla.db").write_bytes(b"this is no database file" * 100)
    ended = run_service(tmp_path, "run", "--", "true")
    assert ended.returncode == 2
    assert str(tmp_path / "service.log") in ended.stderr
    assert "file is not a database" in ended.stderr


def terminate(process: subprocess.Popen[str]) -> None:
    process.terminate()


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """What a terminal does: SIGINT to the whole process group."""
    os.killpg(process.pid, signal.SIGINT)


SLEEPING = "import os, time; print(os.getpid(), flush=True); time.sleep(3000)"
DEAF = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {SLEEPING}"


@contextmanager
def running(arguments: Sequence[str], folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that runs a command, which tells its pid; the patience of its ends is that of the tests."""
    environment = clean_environment(folder, AYLA_LOG_FORMAT="json", AYLA_SHUTDOWN_SECONDS=str(PATIENCE_SECONDS))
    with subprocess.Popen(
        arguments,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # the command's own KeyboardInterrupt
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())


@pytest.mark.parametrize(("stop", "code"), [(terminate, 143), (press_ctrl_c, 130)])
def test_a_signal_to_run_stops_command_and_service(
    tmp_path: Path, stop: Callable[[subprocess.Popen[str]], None], code: int
) -> None:
    with running([*SERVICE, "run", "--", sys.executable, "-c", SLEEPING], tmp_path) as (process, command):
        stop(process)
        assert process.wait(PATIENCE_SECONDS) == code
    assert not is_running(command)
    assert not [worker for worker in workers(tmp_path / "service.log") if is_running(worker)]


def alone(command: str, grace_seconds: float = PATIENCE_SECONDS) -> list[str]:
    """A process that runs a command as ``run`` does, without a service."""
    child = f"[sys.executable, '-c', {command!r}], os.environ, {grace_seconds}, -1"
    lines = f"from ayla_service.processes.run_command import _run_child; raise SystemExit(_run_child({child}))"
    return [sys.executable, "-c", f"import os, sys; {lines}"]


def test_the_code_of_a_command_that_ends_first_is_not_lost(tmp_path: Path) -> None:
    """Ctrl-C is for both; on a machine with much else to do the command may have ended before ``run`` hears of it."""
    with running(alone(SLEEPING), tmp_path) as (process, command):
        process.send_signal(signal.SIGSTOP)
        press_ctrl_c(process)
        wait_until(lambda: not is_running(command), "the end of the command")
        process.send_signal(signal.SIGCONT)
        assert process.wait(PATIENCE_SECONDS) == 130


def test_ctrl_c_that_comes_again_ends_a_command_that_goes_on(tmp_path: Path) -> None:
    with running(alone(DEAF), tmp_path) as (process, command):

        def has_ended() -> bool:
            press_ctrl_c(process)  # several that come before it is heard of the first are one
            return not is_running(command)

        wait_until(has_ended, "the end of the command")
        assert process.wait(PATIENCE_SECONDS) == 143


def test_a_command_that_goes_on_after_ctrl_c_is_ended_in_time(tmp_path: Path) -> None:
    with running(alone(DEAF, grace_seconds=0.2), tmp_path) as (process, command):
        press_ctrl_c(process)
        assert process.wait(PATIENCE_SECONDS) in (143, 137)
    assert not is_running(command)
