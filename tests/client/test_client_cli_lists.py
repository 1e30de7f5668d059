"""Lists of jobs, short ids, and how long a job still takes."""

import io

import ayla
import pytest
from ayla.cli.news import JobNews, format_duration
from ayla.models.events import Event
from rich.console import Console

from tests.client.command import ayla_command
from tests.client.fake_service import FakeJob, FakeService

IDS = (
    "6f1c2d3e-0000-4000-8000-000000000001",
    "6f1c2d3e-0000-4000-9000-000000000002",
    "a0b1c2d3-0000-4000-8000-000000000003",
)


@pytest.fixture
def service() -> FakeService:
    """Three jobs with ids like the service's; the newest is the third."""
    service = FakeService()
    owners = ("alice", "bob", "alice")
    for identifier, owner in zip(IDS, owners, strict=True):
        made = service.client().jobs.submit(problem=ayla.preset("poly-sgd"), project="saddles", priority="high")
        job = service.jobs.pop(made.id)
        job.id, job.owner = identifier, owner
        service.jobs[identifier] = job
    service.requests.clear()
    return service


def rows(service: FakeService, *arguments: str) -> list[list[str]]:
    return [line.split() for line in ayla_command(service, "ls", *arguments).stdout.splitlines()]


def test_a_list_shows_owner_project_and_priority_under_short_ids(service: FakeService) -> None:
    header, *jobs = rows(service)

    assert header == ["job", "name", "owner", "project", "priority", "state", "done", "created"]
    assert [job[:6] for job in jobs] == [
        ["a0b1c2d3-0000-4000-8", "poly-sgd", "alice", "saddles", "high", "queued"],
        ["6f1c2d3e-0000-4000-9", "poly-sgd", "bob", "saddles", "high", "queued"],
        ["6f1c2d3e-0000-4000-8", "poly-sgd", "alice", "saddles", "high", "queued"],
    ]
    assert ayla_command(service, "ls", "-q").stdout.split() == [*reversed(IDS)]
    assert [job[2] for job in rows(service, "--owner", "bob")[1:]] == ["bob"]
    assert rows(service, "--limit", "1")[1][0] == "a0b1c2d3"


def test_paused_jobs_are_listed_as_if_paused_were_a_state(service: FakeService) -> None:
    for identifier in (IDS[0], IDS[2]):
        service.jobs[identifier].paused = True
    service.jobs[IDS[0]].looks = 1  # its worker has not handed it back yet

    assert ayla_command(service, "ls", "--state", "paused", "-q").stdout.split() == [IDS[2], IDS[0]]
    assert ayla_command(service, "ls", "--state", "paused", "-q", "--limit", "1").stdout.split() == [IDS[2]]
    assert {request.url.params["paused"] for request in service.requests} == {"true"}
    nothing = ayla_command(service, "ls", "--state", "paused", "--owner", "bob")
    assert (nothing.stdout, nothing.stderr) == ("", "No such jobs. See all: ayla ls\n")


def test_every_command_takes_the_beginning_of_an_id(service: FakeService) -> None:
    for command in ("show", "attempts", "pause", "resume", "watch"):
        beginning = "A0B1" if command == "show" else "a0b1c2d3"
        result = ayla_command(service, command, beginning)
        assert result.exit_code == 0, (command, result.stderr)
    assert ayla_command(service, "priority", "6f1c2d3e-0000-4000-9", "low").exit_code == 0
    assert ayla_command(service, "cancel", "6f1c2d3e-0000-4000-9").exit_code == 0
    assert service.jobs[IDS[1]].priority == "low"
    assert service.jobs[IDS[0]].priority == "high"


def test_a_beginning_of_several_ids_or_of_none_is_told(service: FakeService) -> None:
    several = ayla_command(service, "cancel", "6f1c2d3e")
    assert several.exit_code == 2
    assert all(identifier in several.stderr for identifier in IDS[:2])
    assert not any(job.cancelled for job in service.jobs.values())

    none = ayla_command(service, "show", "ffff")
    assert none.exit_code == 3
    assert "See what there is: ayla ls" in none.stderr


def test_a_whole_id_is_looked_up_without_a_list(service: FakeService) -> None:
    ayla_command(service, "attempts", IDS[0])

    assert [request.url.path for request in service.requests] == [f"/v1/jobs/{IDS[0]}/attempts"]


def _progress(seconds: float | None) -> tuple[str, dict[str, object]]:
    return "progress", {"eta_seconds": seconds}


def progress(*left: float | None) -> list[tuple[str, dict[str, object]]]:
    return [("snapshot", {"jobs": []}), *[_progress(seconds) for seconds in left]]


@pytest.fixture
def told(service: FakeService) -> FakeService:
    """The stream says how long."""
    service.events = progress(300.0, 90.0, 200.0)
    return service


def job_of(service: FakeService) -> FakeJob:
    return service.jobs[IDS[0]]


def news_of(*events: tuple[str, dict[str, object]]) -> JobNews:
    """What is known after these events."""
    news = JobNews()
    for name, data in events:
        news.take(Event(name=name, data=data))
    return news


def test_the_remaining_time_is_the_newest_that_the_stream_has() -> None:
    assert news_of(*progress(300.0, 12.0), ("end", {"reason": "finished"})).eta_seconds == 12.0
    assert news_of(*progress(300.0, None)).eta_seconds is None
    assert news_of().eta_seconds is None


def test_the_lowest_loss_is_that_of_all_trials_seen_so_far() -> None:
    def rows(**losses: float | None) -> tuple[str, dict[str, object]]:
        return "metric", {"trials": [{"id": trial, "loss": loss} for trial, loss in losses.items()]}

    assert news_of(rows(a=5.0, b=None), rows(b=7.0), rows(a=2.0), rows(a=None), rows(b=1.0)).losses == [5, 5, 2, 2, 1]
    assert len(news_of(*[rows(a=1.0)] * 2000).losses) <= 513


def test_watching_says_how_long_a_job_still_takes(told: FakeService) -> None:
    job_of(told).looks_needed = 20
    lines = ayla_command(told, "watch", IDS[0]).stderr.splitlines()

    assert any("about 3 min left" in line for line in lines if "running" in line)
    assert "left" not in lines[-1]


def test_bars_say_it_too(told: FakeService) -> None:
    terminal = io.StringIO()
    job_of(told).looks_needed = 20
    ayla_command(told, "watch", IDS[0], messages=Console(file=terminal, force_terminal=True, width=160))

    assert "about 3 min left" in terminal.getvalue()


def test_times_are_as_exact_as_they_are_worth() -> None:
    said = {0.2: "1 s", 40.4: "40 s", 89: "89 s", 91: "2 min", 720: "12 min", 12_100: "3 h 20 min", 90_000: "25 h"}
    assert {seconds: format_duration(seconds) for seconds in said} == {
        each: f"about {text}" for each, text in said.items()
    }
