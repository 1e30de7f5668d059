"""The service's figures stand within what is shown, and nothing fails where they cannot be had."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ayla
import httpx2
import pytest
from ayla.notebook.figures import MOST_BYTES, SECONDS, VARIABLE, seconds

from tests.client.fake_service import FakeService, problem
from tests.notebooks.pages import Page, read

PNG = b"\x89PNG\r\n\x1a\n a picture"
SVG = b'<?xml version="1.0"?><svg onload="alert(1)"><script>alert(1)</script></svg>'
PICTURES = ("figures", "heatmap", "sensitivity")


@dataclass
class DrawingService(FakeService):
    """Answers questions for figures too.

    Attributes:
        drawn: the answer by the kind of figure; any other kind the job does not have.
        asked: requests for figures.
    """

    drawn: Mapping[str, httpx2.Response | Exception] = field(default_factory=dict)
    asked: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        parts = request.url.path.split("/")
        if not {*PICTURES} & {*parts}:
            return super().__call__(request)
        self.asked.append(request)
        reply = self.drawn.get(parts[-1], problem(409, "figure-unavailable", "The job has no such figure."))
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def kinds(self) -> list[str]:
        return [request.url.path.rpartition("/")[2] for request in self.asked]


def png(content: bytes = PNG) -> httpx2.Response:
    return httpx2.Response(200, content=content, headers={"Content-Type": "image/png"})


def ended(service: FakeService, **spec: Any) -> ayla.Job:
    client = service.client()
    return client.jobs.wait(client.jobs.submit(**{"problem": ayla.preset("poly-adam")} | spec))


def shown(what: Any) -> Page:
    found = read(what._repr_html_())
    assert not found.unclosed
    return found


def test_a_job_stands_with_its_loss_and_a_trial_with_that_of_its_setting() -> None:
    service = DrawingService(drawn={"loss": png()})
    job = ended(service)
    assert shown(job).pictures == [PNG]
    (asked,) = service.asked
    assert asked.url.path == f"/v1/jobs/{job.id}/figures/loss"
    assert dict(asked.url.params) == {"format": "png", "width": "7", "dpi": "144"}
    assert asked.extensions["timeout"]["read"] == SECONDS
    trial = job.trials()[1]
    assert shown(trial).pictures == [PNG]
    assert service.asked[-1].url.params["optimizers"] == str(trial.optimizer_index)


def test_a_job_without_a_step_and_one_that_came_from_no_client_ask_for_nothing() -> None:
    service = DrawingService(drawn={"loss": png()})
    job = service.client().jobs.submit(problem=ayla.preset("poly-adam"))
    assert shown(job).pictures == []
    assert shown(ayla.Job.model_validate(ended(service).model_dump())).pictures == []
    assert service.asked == []


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (httpx2.ConnectError("refused"), "No figure: Cannot reach the service"),
        (httpx2.ReadTimeout("slow"), "No figure: No answer"),
        (problem(503, "figures-busy", "Eight figures wait <b>."), "Eight figures wait <b>."),
        (problem(404, "job-not-found", "Gone."), "Gone."),
        (png(b"<html>a proxy</html>"), "No figure: the answer is not a PNG."),
        (png(PNG + bytes(MOST_BYTES)), "No figure: it has 1.0 MB"),
    ],
)
def test_a_figure_that_cannot_be_had_leaves_the_rest(reply: Any, said: str) -> None:
    service = DrawingService(drawn={"loss": reply})
    job = ended(service, name="the job")
    slept = len(service.time.sleeps)
    page = shown(job)
    assert said in page.text
    assert "Job the job" in page.text
    assert page.pictures == []
    assert service.kinds == ["loss"]
    assert len(service.time.sleeps) == slept


def test_a_figure_that_there_is_not_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    service = DrawingService()
    job = ended(service)
    assert "No figure" not in shown(job).text
    monkeypatch.setenv(VARIABLE, "off")
    assert shown(job).pictures == []
    assert service.kinds == ["loss"]


@pytest.mark.parametrize(
    ("said", "meant"), [("", SECONDS), ("OFF", 0), ("no", 0), ("0", 0), ("2.5", 2.5), ("nan", SECONDS), ("x", SECONDS)]
)
def test_the_environment_says_how_long_a_figure_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, said: str, meant: float
) -> None:
    monkeypatch.setenv(VARIABLE, said)
    assert seconds() == meant


def test_a_sweep_stands_with_its_map_or_its_curve() -> None:
    exponents, rates = ayla.values(0.5, 1.0), ayla.values(0.01, 0.1)
    grid = ayla.sgd(0.03, ayla=ayla.transform(n1=exponents, n2=exponents))
    for optimizer, drawn, kinds in (
        (grid, {"heatmap": png()}, ["heatmap"]),
        (grid, {"sensitivity": png()}, ["heatmap", "sensitivity"]),
        (ayla.sgd(rates), {"sensitivity": png()}, ["sensitivity"]),
    ):
        service = DrawingService(drawn=drawn)
        job = ended(service, problem=ayla.preset("poly-sgd"), optimizers=[optimizer])
        assert shown(job).pictures == [PNG]
        assert service.kinds == kinds


def test_a_comparison_stands_with_its_pairs_as_they_were_asked_for() -> None:
    service = DrawingService(drawn={"forest": png(), "strip": png()})
    job = ended(service, problem=ayla.preset("curve-a"), seeds=range(42, 49))
    found = job.comparison(metric="best_loss", confidence=0.9)
    assert shown(found).pictures == [PNG]
    asked = dict(service.asked[0].url.params)
    assert service.kinds == ["forest"]
    assert asked["metric"] == "best_loss"
    assert asked["confidence"] == str(found.confidence)
    single = ended(service, optimizers=[ayla.sgd(0.1)])
    assert shown(single.comparison()).pictures == []
    assert service.kinds == ["forest"]


def test_a_map_that_cannot_be_drawn_shows_its_numbers_where_they_are_here() -> None:
    service = DrawingService(drawn={"heatmap": httpx2.ConnectError("refused")})
    job = ended(service)
    found = service.client(max_retries=0).jobs.heatmap(job, "ayla.n1", "ayla.n2")
    assert "print() shows the numbers." in shown(found).text
    found.__dict__["numbers"] = ayla.sweeps.HeatMapNumbers.model_validate(
        {"metric": "final_loss", "x": {"path": "ayla.n1"}, "y": {"path": "ayla.n2"}, "notes": ["<a note>"]}
    )
    page = shown(found)
    assert "<a note>" in page.text
    assert "Cannot reach the service" in page.text


def test_a_figure_that_was_asked_for_is_a_picture_whose_scripts_do_not_run(tmp_path: Path) -> None:
    service = DrawingService(drawn={"loss": httpx2.Response(200, content=SVG)})
    job = ended(service)
    figure = job.figure("loss")
    page = shown(figure)
    assert page.pictures == [SVG]
    assert page.names == {"div", "img"}
    assert (figure, figure.format) == (SVG, "svg")
    assert figure.save(tmp_path / "loss.svg").read_bytes() == SVG
    assert str(figure) == repr(figure) == f"<SVG figure of {len(SVG)} bytes; save() writes it>"
    assert "PDF figure of 8 bytes" in shown(ayla.Figure(b"%PDF-1.4")).text
    assert shown(ayla.Figure(PNG)).pictures == [PNG]
    assert ayla.Figure(b"else").format == ""


def test_to_show_a_list_takes_nothing_from_it() -> None:
    service = FakeService(page_size=3)
    client = service.client()
    for _ in range(40):
        client.jobs.submit(problem=ayla.preset("poly-sgd"))
    jobs = client.jobs.list()
    assert "The first 30 jobs" in shown(jobs).text
    assert len([*jobs]) == 40
    assert "There is nothing." in shown(jobs).text
    jobs = client.jobs.list()
    next(iter(jobs))
    service.replies = [httpx2.ConnectError("refused")] * 3
    assert "Cannot reach the service" in shown(jobs).text
    assert len([*jobs]) == 39


def test_what_has_to_be_awaited_is_shown_without_figures() -> None:
    service = DrawingService(drawn={"loss": png(), "forest": png(), "heatmap": png()})

    async def look() -> None:
        async with ayla.AsyncClient("http://service.test", transport=service.transport) as client:
            job = await client.jobs.submit(problem=ayla.preset("poly-adam"))
            job = await job.wait(poll=0.001)
            assert "● succeeded" in shown(job).text
            assert "Adam lr=0.01" in shown(await job.comparison()).text
            assert "2 trials" in shown(await job.trials()).text
            assert "print() shows the numbers." in shown(job.heatmap()).text
            jobs = client.jobs.list()
            assert "collect()" in shown(jobs).text
            assert [one.id async for one in jobs] == [job.id]
            assert service.asked == []
            assert shown(await job.figure("loss")).pictures == [PNG]

    asyncio.run(look())
