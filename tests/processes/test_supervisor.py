"""The embedded worker is kept alive, and goes when the service goes."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from ayla_service.processes.supervisor import EmbeddedWakeUp, ProcessSupervisor
from ayla_service.queue.wakeup import TimerWakeUp
from structlog.typing import EventDict

from tests.processes.command import is_running
from tests.waiting import wait_until

# Notes its pid, then waits for the end of its standard input, as a worker must.
WAITING = "import os, sys; print(os.getpid(), os.getsid(0), file=open(sys.argv[1], 'a'), flush=True); {rest}"
OBEDIENT = WAITING.format(rest="sys.stdin.read()")
STUBBORN = WAITING.format(
    rest="import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('deaf', file=open(sys.argv[1], 'a'), flush=True); time.sleep(300)"
)
LISTENING = WAITING.format(
    rest="[print('called', file=open(sys.argv[1], 'a'), flush=True) for _ in iter(lambda: os.read(0, 1), b'')]"
)
DYING = WAITING.format(rest="sys.exit(3)")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """The file in which children write their pids."""
    return tmp_path / "pids"


def supervisor(notes: Path, script: str, shutdown_seconds: float = 30.0) -> ProcessSupervisor:
    return ProcessSupervisor(dict(os.environ), shutdown_seconds, [sys.executable, "-c", script, str(notes)])


def lines(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


def test_the_worker_runs_until_the_service_stops(notes: Path) -> None:
    with supervisor(notes, OBEDIENT):
        wait_until(lambda: lines(notes), "a worker")
        pid = int(lines(notes)[0].split()[0])
        assert is_running(pid)
    assert not is_running(pid)
    assert len(lines(notes)) == 1


def test_the_worker_has_a_session_of_its_own(notes: Path) -> None:
    with supervisor(notes, OBEDIENT):
        wait_until(lambda: lines(notes), "a worker")
        pid, session = lines(notes)[0].split()
    assert pid == session


def test_a_worker_that_dies_is_started_anew(notes: Path) -> None:
    with supervisor(notes, DYING):
        wait_until(lambda: len(lines(notes)) >= 2, "a second worker")
    assert len({line.split()[0] for line in lines(notes)}) == len(lines(notes))


def test_a_worker_that_cannot_be_started_is_tried_again(notes: Path, tmp_path: Path, events: list[EventDict]) -> None:
    program = tmp_path / "worker"
    with ProcessSupervisor(dict(os.environ), 30.0, [str(program), str(notes)]):
        wait_until(lambda: events, "a failure that is told")
        program.write_text(f"#!{sys.executable}\n{OBEDIENT}")
        program.chmod(0o755)
        wait_until(lambda: lines(notes), "a worker")
    assert str(program) in events[0]["error"]
    assert events[0]["restart_in_seconds"] > 0


def test_a_worker_that_ignores_everything_is_killed(notes: Path) -> None:
    with supervisor(notes, STUBBORN, shutdown_seconds=0.2):
        wait_until(lambda: "deaf" in lines(notes), "a deaf worker")
        pid = int(lines(notes)[0].split()[0])
    assert not is_running(pid)


def test_stopping_right_after_the_start_leaves_nothing(notes: Path) -> None:
    for _ in range(5):
        with supervisor(notes, OBEDIENT):
            pass
    assert not [line for line in lines(notes) if is_running(int(line.split()[0]))]


def test_a_worker_goes_when_the_service_is_killed(notes: Path) -> None:
    service = textwrap.dedent(f"""
        import os, sys, time
        from ayla_service.processes.supervisor import ProcessSupervisor
        with ProcessSupervisor(dict(os.environ), 30.0, [sys.executable, "-c", {OBEDIENT!r}, sys.argv[1]]):
            time.sleep(300)
    """)
    with subprocess.Popen([sys.executable, "-c", service, str(notes)], stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: lines(notes), "a worker")
        process.send_signal(signal.SIGKILL)
    pid = int(lines(notes)[0].split()[0])
    wait_until(lambda: not is_running(pid), "the end of the worker")


def test_new_work_is_told_to_the_worker_through_its_pipe(notes: Path) -> None:
    with supervisor(notes, LISTENING) as running:
        wait_until(lambda: lines(notes), "a worker")
        wake_up = EmbeddedWakeUp(TimerWakeUp(), running)
        wake_up.notify([])
        wake_up.notify(["cpu", "cpu"])
        wait_until(lambda: lines(notes)[1:], "the call")
        wake_up.notify(["auto"])
        wait_until(lambda: len(lines(notes)) == 3, "the second call")
    wake_up.notify(["auto"])
    wake_up.close()
    assert lines(notes)[1:] == ["called", "called"]


def test_a_worker_that_does_not_listen_holds_nobody_up(notes: Path) -> None:
    with supervisor(notes, STUBBORN, shutdown_seconds=0.1) as running:
        wait_until(lambda: len(lines(notes)) == 2, "a worker that is deaf")
        for _ in range(100_000):  # more than a pipe holds
            running.wake()
