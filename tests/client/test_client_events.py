"""Streams of events: how they are read, and go on after a lost connection."""

from collections.abc import Iterator

import ayla
import httpx2
import pytest
from ayla.models.events import Event, EventLines

from tests.client.fake_service import FakeService

PROGRESS = 'event: progress\ndata: {"job_id": "a", "fraction": 0.5}\nid: 1\n\n'
END = 'event: end\ndata: {"job_id": "a", "reason": "finished"}\nid: 2\n\n'


def read(text: str) -> list[Event]:
    lines = EventLines()
    return [event for line in text.split("\n") if (event := lines.read(line)) is not None]


def test_a_stream_is_read_line_by_line() -> None:
    events = read(f"retry: 500\n\n: ping\n\n{PROGRESS}{END}")
    assert [(event.name, event.id, event.job_id) for event in events] == [("progress", "1", "a"), ("end", "2", "a")]
    assert [str(event) for event in events] == ["progress 50% of job a", "end of job a"]
    lines = EventLines()
    assert [lines.read(line) for line in ("retry: 500", "")] == [None, None]
    assert lines.retry_seconds == 0.5


def test_what_is_no_event_of_the_service_is_passed_over() -> None:
    assert read("data: <html>\n\ndata: [1]\n\nother: 1\n\nevent: state\n\n") == []
    (event,) = read('data: {"a":\ndata: 1}\n\n')
    assert (event.name, event.data, event.id) == ("message", {"a": 1}, None)


def streaming(answers: Iterator[httpx2.Response | Exception], asked: list[str | None]) -> ayla.Client:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers.get("Last-Event-ID"))
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    time = FakeService().time
    return ayla.Client("http://service.test", transport=httpx2.MockTransport(answer), clock=time.clock)


def stream(text: str) -> httpx2.Response:
    return httpx2.Response(200, text=text, headers={"Content-Type": "text/event-stream"})


def test_a_stream_goes_on_where_it_was_cut_off() -> None:
    asked: list[str | None] = []
    answers: list[httpx2.Response | Exception] = [stream(PROGRESS), httpx2.ConnectError("restart")]
    answers += [httpx2.Response(503), stream(END)]
    with streaming(iter(answers), asked) as client, client.jobs.events("a") as events:
        assert [event.name for event in events] == ["progress", "end"]
    assert asked == [None, "1", "1", "1"]


def test_a_stream_about_several_jobs_goes_on_until_there_is_nothing_more() -> None:
    asked: list[str | None] = []
    with streaming(iter([stream(END), httpx2.Response(204)]), asked) as client:
        assert [event.name for event in client.events(jobs=["a", "b"], last_event_id="0")] == ["end"]
    assert asked == ["0", "2"]


def test_a_stream_that_is_refused_is_an_error() -> None:
    asked: list[str | None] = []
    with streaming(iter([httpx2.Response(401)]), asked) as client, pytest.raises(ayla.AuthenticationError):
        next(client.events())
    with streaming(iter([httpx2.ConnectError("gone")] * 9), asked) as client, pytest.raises(ayla.APIConnectionError):
        next(client.events())


def test_a_wait_shows_what_the_events_tell_and_fetches_the_end() -> None:
    service = FakeService(outcomes={})
    client, seen = service.client(), list[tuple[str, float]]()
    job = client.jobs.submit(problem=ayla.preset("poly-sgd"))
    service.jobs[job.id].looks = 1
    told = {"job_id": job.id, "steps_done": 1, "steps_total": 2, "fraction": 0.5, "trials": {"total": 2, "running": 2}}
    changed = {**service.jobs[job.id].document(), "state": "running", "priority": "high"}
    service.events = [("progress", told), ("state", {"job_id": job.id, "job": changed}), ("end", {"job_id": job.id})]
    ended = job.wait(on_progress=lambda news: seen.append((news.priority, news.progress.fraction)))

    assert ended.state == "succeeded"
    assert seen == [("normal", 0.5), ("normal", 0.5), ("high", 0.5), ("normal", 1.0)]
    assert service.streamed == [f"/v1/jobs/{job.id}/events"]
    assert service.time.sleeps == []
    assert ended.spec == job.spec
