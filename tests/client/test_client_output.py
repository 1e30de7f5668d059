"""Where the command's output goes when it cannot go there, and options that contradict each other."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.client.command import ayla_command
from tests.client.fake_service import FakeService

COMMAND = [sys.executable, "-c", "from ayla.cli import main; main()"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_a_full_disk_is_one_line(option: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, option], stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "Error: The output: No space left on device\n"


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_a_closed_pipe_is_no_traceback(option: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, option], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_closed_standard_input_is_a_usage_error() -> None:
    script = "import sys; sys.stdin = None; sys.argv = ['ayla', 'submit']; from ayla.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "standard input is closed" in done.stderr


@pytest.mark.parametrize("folder", ["file", "file/inner", "/proc"])
def test_a_folder_that_takes_no_report_is_found_before_anything_is_submitted(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("mine")
    service = FakeService()
    result = ayla_command(service, "reproduce", "-o", str(tmp_path / folder))

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: Cannot write the report into {tmp_path / folder}: ")
    assert len(result.stderr.splitlines()) == 1
    assert service.requests == []
    assert (tmp_path / "file").read_text() == "mine"


def test_trying_the_folder_leaves_nothing_in_it(tmp_path: Path) -> None:
    service = FakeService(outcomes={"poly-sgd": "failed"})
    ayla_command(service, "reproduce", "-o", str(tmp_path / "new" / "inner"), "poly-sgd")

    assert {path.name for path in (tmp_path / "new" / "inner").iterdir()} >= {"report.html", "report.json"}


def waiting(service: FakeService) -> str:
    job = service.client().jobs.submit(problem={"type": "preset", "preset": "poly-sgd"})
    service.jobs[job.id].status_detail = "No worker is running."
    return job.id


def test_watching_says_why_a_job_waits() -> None:
    service = FakeService()
    result = ayla_command(service, "watch", waiting(service))

    assert result.stderr.splitlines()[0] == "poly-sgd: queued, 0% (0 of 2 trials ended) - No worker is running."


def test_a_new_reason_is_said_at_once() -> None:
    service = FakeService()
    job = service.jobs[waiting(service)]
    job.looks, job.looks_needed = 1, 4
    sleep = service.time.sleep

    def sleep_and_find_a_worker(seconds: float) -> None:
        sleep(seconds)
        job.status_detail = None

    service.time.sleep = sleep_and_find_a_worker  # type: ignore[method-assign]
    lines = ayla_command(service, "watch", job.id).stderr.splitlines()

    assert [line.endswith("No worker is running.") for line in lines] == [True, False, False]
    assert [line.split()[1] for line in lines] == ["running,", "running,", "succeeded,"]


def test_bars_say_why_a_job_waits() -> None:
    service, terminal = FakeService(), io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=160)
    ayla_command(service, "watch", waiting(service), messages=console)

    assert "trials ended - No worker is running." in terminal.getvalue()


@pytest.mark.parametrize(
    "arguments",
    [
        ["submit", "--preset", "poly-sgd", "--json", "-q"],
        ["submit", "--preset", "poly-sgd", "--jsonl", "--json"],
        ["ls", "--json", "-q"],
        ["watch", "job-0", "--json", "-q"],
        ["watch", "job-0", "--jsonl", "-q"],
        ["cancel", "job-0", "--json", "-q"],
        ["pause", "job-0", "--json", "-q"],
        ["resume", "job-0", "--json", "-q"],
        ["priority", "job-0", "high", "--json", "-q"],
        ["workers", "--json", "-q"],
        ["trajectory", "job-0.0", "--json", "--csv"],
        ["metrics", "job-0.0", "--json", "--csv"],
    ],
)
def test_two_forms_of_output_are_refused(arguments: list[str]) -> None:
    service = FakeService()
    result = ayla_command(service, *arguments)

    assert result.exit_code == 2
    assert "not several" in result.stderr
    assert service.requests == []
