"""The commands that steer jobs in the queue and show who works on them."""

import json
from typing import Any

import ayla
import pytest

from tests.client.attempts import attempt, worker
from tests.client.command import ayla_command
from tests.client.fake_service import FakeService

LOST = ("worker-lost", "Worker here:1 stopped answering.")
LONG = ("unexpected-error", "x" * 200 + "\nTraceback")


@pytest.fixture
def service() -> FakeService:
    service = FakeService()
    for name in ("first", "second"):
        service.client().jobs.submit(problem=ayla.preset("poly-sgd"), name=name)
    service.requests.clear()
    return service


def json_of(service: FakeService, *arguments: str) -> Any:
    return json.loads(ayla_command(service, *arguments, "--json").stdout)


def test_several_jobs_are_paused_and_resumed(service: FakeService) -> None:
    paused = ayla_command(service, "pause", "job-0", "job-1")

    assert paused.exit_code == 0
    assert [line.split(":")[1].split(",")[:2] for line in paused.stdout.splitlines()] == [[" queued", " paused"]] * 2
    assert "ayla resume job-0" in paused.stderr
    assert all(job.paused for job in service.jobs.values())
    assert [job["paused_at"] for job in json_of(service, "resume", "job-0", "job-1")] == [None, None]
    assert ayla_command(service, "resume", "job-1", "-q").stdout == "job-1\n"


def test_the_list_says_what_is_paused(service: FakeService) -> None:
    ayla_command(service, "pause", "job-0")

    assert "queued, paused" in ayla_command(service, "ls").stdout.splitlines()[2]


def test_a_job_that_is_not_there_ends_a_pause(service: FakeService) -> None:
    result = ayla_command(service, "pause", "job-0", "nothing", "job-1")

    assert result.exit_code == 3
    assert service.jobs["job-0"].paused
    assert not service.jobs["job-1"].paused


def test_a_job_gets_another_priority(service: FakeService) -> None:
    result = ayla_command(service, "priority", "job-0", "high")

    assert result.exit_code == 0
    assert "high" in result.stderr
    assert service.jobs["job-0"].priority == "high"
    assert json_of(service, "priority", "job-0", "low")["priority"] == "low"
    assert ayla_command(service, "priority", "job-0", "low", "-q").stdout == "job-0\n"


def test_an_unknown_priority_names_the_field(service: FakeService) -> None:
    result = ayla_command(service, "priority", "job-0", "highest")

    assert result.exit_code == 1
    assert "/priority" in result.stderr


def test_priority_and_limits_are_options_of_submit(service: FakeService) -> None:
    options = ("--priority", "urgent", "--max-seconds", "2.5", "--max-memory-mb", "100")
    ayla_command(service, "submit", "--preset", "poly-sgd", *options)

    spec = service.jobs["job-2"].submitted
    assert (spec["priority"], spec["limits"]) == ("urgent", {"seconds": 2.5, "memory_mb": 100})


def test_an_option_changes_one_limit_of_a_file(service: FakeService) -> None:
    spec = {"problem": ayla.preset("poly-sgd"), "limits": {"seconds": 5, "memory_mb": 7}}
    ayla_command(service, "submit", "--max-seconds", "9", text=json.dumps(spec))

    assert service.jobs["job-2"].submitted["limits"] == {"seconds": 9, "memory_mb": 7}


def test_limits_of_a_file_that_are_none_are_left_to_the_service(service: FakeService) -> None:
    spec = {"problem": ayla.preset("poly-sgd"), "limits": [5]}
    result = ayla_command(service, "submit", "--max-seconds", "9", text=json.dumps(spec))

    assert result.exit_code == 1
    assert "/limits" in result.stderr


def test_attempts_are_listed_oldest_first(service: FakeService) -> None:
    service.jobs["job-0"].attempts = [attempt(1, "lost", LOST), attempt(2, "failed", LONG), attempt(3, "running")]
    lines = ayla_command(service, "attempts", "job-0").stdout.splitlines()

    assert lines[0].split() == ["shard", "attempt", "worker", "outcome", "from", "step", "started", "seconds", "error"]
    assert lines[1].split()[:4] == ["0", "1", "here:1", "lost"]
    assert lines[1].endswith(" 1.5      worker-lost: Worker here:1 stopped answering.")
    assert lines[2].endswith("x…")
    assert len(lines) == 4
    assert json_of(service, "attempts", "job-0")[0]["error"] == {"type": LOST[0], "detail": LOST[1]}


def test_a_job_that_nobody_tried_says_where_to_look(service: FakeService) -> None:
    result = ayla_command(service, "attempts", "job-0")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "ayla workers" in result.stderr


def test_workers_are_listed_with_what_they_run(service: FakeService) -> None:
    service.workers = [worker("here:1", "busy", tuple(f"job-{number}" for number in range(5))), worker("here:2")]
    lines = ayla_command(service, "workers").stdout.splitlines()

    assert lines[0].split() == ["worker", "state", "device", "serves", "last", "seen", "runs"]
    assert lines[1].startswith("here:1  busy   a processor  auto, cpu  2026-01-02 03:04:10  job-0, job-1, job-2 and 2")
    assert lines[2].split()[:2] == ["here:2", "idle"]
    assert [item["name"] for item in json_of(service, "workers")] == ["here:1", "here:2"]
    assert ayla_command(service, "workers", "-q").stdout == "here:1\nhere:2\n"


def test_without_workers_it_says_how_to_start_one(service: FakeService) -> None:
    result = ayla_command(service, "workers")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "ayla-service worker" in result.stderr


def test_a_job_is_shown_with_its_priority_limits_and_last_errors(service: FakeService) -> None:
    limits = {"seconds": 60, "memory_mb": 512}
    job = service.client().jobs.submit(problem=ayla.preset("poly-sgd"), priority="high", limits=limits)
    service.jobs[job.id].attempts = [attempt(number, "lost", LOST) for number in range(1, 8)]
    ayla_command(service, "pause", job.id)
    text = ayla_command(service, "show", job.id).stdout

    assert "60 s of computing for a trial, 512 MiB of memory" in text
    assert "7: 0 failed, 7 lost" in text
    assert ", paused" in text
    assert "high" in text
    assert f"ayla attempts {job.id}" in text
    assert text.count("worker-lost: Worker here:1 stopped answering.") == 5


def test_a_job_without_trouble_is_shown_without_its_attempts(service: FakeService) -> None:
    service.jobs["job-0"].attempts = [attempt(1)]
    text = ayla_command(service, "show", "job-0").stdout

    assert "ayla attempts" not in text
    assert all("attempts" not in request.url.path for request in service.requests)


def test_a_job_as_json_has_its_trials_and_attempts(service: FakeService) -> None:
    service.jobs["job-0"].attempts = [attempt(1)]
    document = json_of(service, "show", "job-0")

    assert document["id"] == "job-0"
    assert document["trials"]["total"] == 2
    assert [trial["id"] for trial in document["trial_list"]] == ["job-0.0", "job-0.1"]
    assert [item["number"] for item in document["attempt_list"]] == [1]
