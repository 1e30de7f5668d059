"""Running a reproduction: cut off, killed, without data or service, and how it ends."""

import math
import re
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from ayla.cli.app import app
from ayla.cli.plan_progress import Forecast
from ayla.cli.session import Session
from ayla.reports.figures import ReportFigure
from ayla.reproduce import PRESETS
from ayla.reproduce.plan import PlannedJob, Role, Scale, mnist_jobs, small_jobs
from ayla.reproduce.submission import label
from ayla_spec.trials import TrialPlan
from typer.testing import CliRunner

from tests.client.fake_service import FakeJob, FakeService
from tests.client.reproduction_run import document, reproduce
from tests.client.trajectories import Columns


@pytest.fixture
def _empty_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are empty files, which saves the drawing where a test does not look at them."""

    def save(figure: ReportFigure, folder: Path) -> None:
        for ending in (".png", ".svg", ".pdf"):
            (folder / f"{figure.stem}{ending}").touch()

    monkeypatch.setattr("ayla.reports.figures.save", save)


def test_without_quick_there_are_the_seeds_and_epochs_of_the_whole() -> None:
    jobs = {job.name: job.spec for job in mnist_jobs(PRESETS, Scale())}

    assert {name: (job["budget"]["epochs"], len(job["seeds"])) for name, job in jobs.items()} == {
        "mnist-sgd": (100, 10),
        "mnist-sgd-mse": (100, 3),
        "mnist-sgd-rates": (100, 3),
        "mnist-sgd-mse-rates": (100, 3),
        "mnist-adam-0.0001": (10, 10),
        "mnist-adam-0.0001-mse": (10, 3),
        "mnist-adam-0.0002": (30, 10),
        "mnist-adam-0.0002-mse": (30, 3),
        "mnist-adam-rates": (30, 3),
        "mnist-adam-mse-rates": (30, 3),
    }


@pytest.mark.usefixtures("_empty_figures")
def test_a_run_that_was_cut_off_finds_its_jobs_and_submits_the_rest(tmp_path: Path) -> None:
    service = FakeService()
    service.outcomes = {"curve-a": "failed"}
    first = reproduce(service, tmp_path, "poly-sgd", "curve-a", "--seeds", "0")
    before = [job.submitted["name"] for job in service.jobs.values()]
    service.outcomes = {}
    again = reproduce(service, tmp_path, "poly-sgd", "curve-a", "--seeds", "0")
    added = [job.submitted["name"] for job in service.jobs.values()][len(before) :]

    assert (first.exit_code, again.exit_code) == (6, 0)
    assert added == ["curve-a"]
    assert f"{len(before) - 1} of {len(before)} jobs are those of an earlier run" in again.stderr


@pytest.mark.usefixtures("_empty_figures")
def test_a_run_that_is_killed_between_request_and_answer_submits_nothing_twice(tmp_path: Path) -> None:
    """The answer to the first submission is lost, and the client asks again with the same key."""
    service = FakeService()
    reproduce(service, tmp_path, "poly-sgd")
    keys = [request.headers["Idempotency-Key"] for request in service.requests if request.method == "POST"]
    other = FakeService()
    reproduce(other, tmp_path, "poly-sgd")
    repeated = [request.headers["Idempotency-Key"] for request in other.requests if request.method == "POST"]

    assert keys == repeated
    assert len({*keys}) == len(keys) == 3


@pytest.mark.usefixtures("_empty_figures")
def test_fresh_runs_everything_anew(tmp_path: Path) -> None:
    service = FakeService()
    reproduce(service, tmp_path, "poly-sgd")
    reproduce(service, tmp_path, "poly-sgd", "--fresh")

    assert [job.submitted["name"] for job in service.jobs.values()] == [
        *("poly-sgd", "poly-sgd-rates", "poly-sgd-exponents")
    ] * 2


@pytest.mark.usefixtures("_empty_figures")
def test_without_mnist_the_report_says_how_to_get_it_and_has_the_rest(tmp_path: Path) -> None:
    service = FakeService(outcomes={"mnist-probe": "failed"})
    result = reproduce(service, tmp_path, "poly-sgd", "mnist-sgd")
    page = (tmp_path / "report.md").read_text(encoding="utf-8")

    assert result.exit_code == 0
    assert "Section 3.3 is left out. The worker ran out of memory." in result.stderr
    assert "Not run, as the data are not there." in page
    assert "The worker ran out of memory." in page
    assert {claim["experiment"] for claim in document(tmp_path)["claims"]} == {"poly-sgd"}
    assert "Data are missing: 4 jobs of 8 are left out." in result.stderr


def test_the_remaining_time_follows_the_costs_and_not_what_was_found() -> None:
    plan = [
        PlannedJob(name, "poly-sgd", Role.PAPER, {}, cost) for name, cost in (("a", 10.0), ("b", 30.0), ("c", 60.0))
    ]
    forecast = Forecast(plan, 100.0)
    forecast.found("a", 1.0)

    assert forecast.seconds_left(200.0) is None
    forecast.update("b", 1.0)
    assert forecast.fraction == pytest.approx(0.4)
    assert forecast.seconds_left(160.0) == pytest.approx(120.0)
    forecast.leave_out(["c"])
    assert forecast.seconds_left(160.0) == 0.0


@pytest.mark.usefixtures("_empty_figures")
def test_measured_values_come_from_the_service(tmp_path: Path) -> None:
    service = FakeService()
    honest = service.trajectory
    service.trajectory = lambda plan, job: {
        name: [2 * value for value in values] if name == "loss" else values
        for name, values in honest(plan, job).items()
    }
    reproduce(service, tmp_path, "poly-sgd")
    claims = {claim["id"]: claim for claim in document(tmp_path)["claims"]}

    assert claims["minimum-loss"]["measured"]["loss at the last step"] == pytest.approx(-13.086, abs=1e-3)
    assert claims["minimum-loss"]["verdict"] == "not reproduced"
    assert claims["sgd-stalls"]["verdict"] == "reproduced"


@pytest.mark.usefixtures("_empty_figures")
def test_a_study_whose_seeds_are_copies_says_so(tmp_path: Path) -> None:
    service, honest = FakeService(), FakeService().trajectory
    service.trajectory = lambda plan, job: honest(replace(plan, seed=42), job)
    result = reproduce(service, tmp_path, "curve-a")

    assert "The 10 seeds are copies of one run and count as one." in result.stdout
    assert "sign test" not in result.stdout
    assert document(tmp_path)["other_seeds"][0]["comparison"]["pairs"][0]["sign_test"] is None


def test_a_seed_that_diverged_is_the_worst_in_table_and_figure(tmp_path: Path) -> None:
    service, honest = FakeService(), FakeService().trajectory

    def trajectory(plan: TrialPlan, job: FakeJob) -> Columns:
        columns = honest(plan, job)
        if plan.settings.ayla is None and plan.seed > 44:
            columns = {name: values[:4] for name, values in columns.items()}
            columns["loss"][-1] = math.inf
        return columns

    service.trajectory = trajectory
    reproduce(service, tmp_path, "curve-a", "--seeds", "4")
    page = (tmp_path / "report.md").read_text(encoding="utf-8")

    assert re.search(r"^\| Adam lr=0.01 \| 4 \| inf \| 0\.\d+ \| 0\.\d+ \| 2 \|$", page, flags=re.MULTILINE)
    assert "Adam: diverged" in (tmp_path / "beyond-seeds-curve-a.svg").read_text(encoding="utf-8")


@pytest.mark.usefixtures("_empty_figures")
def test_a_restart_of_the_service_on_the_way_is_survived(tmp_path: Path) -> None:
    service = FakeService()
    expected = reproduce(FakeService(), tmp_path, "poly-sgd").stdout
    honest = service.transport
    polls = 0

    def away(request: httpx2.Request) -> httpx2.Response:
        nonlocal polls
        polls += request.method == "GET" and request.url.path.startswith("/v1/jobs/job")
        if 0 < polls <= 20:
            raise httpx2.ConnectError("refused")
        return honest.handle_request(request)

    shared = Session("http://service.test", transport=httpx2.MockTransport(away), clock=service.time.clock)
    result = CliRunner().invoke(app, ["reproduce", "--output", str(tmp_path), "poly-sgd"], obj=shared)

    assert result.stdout == expected
    assert service.time.now >= 19 * 0.5


def test_a_service_that_stays_away_ends_the_reproduction(tmp_path: Path) -> None:
    service = FakeService()
    planned = small_jobs(["poly-sgd"], Scale())
    found = [service.client().jobs.submit({**job.spec, "name": job.name, "tags": [label(job)]}) for job in planned]
    lists = [
        httpx2.Response(200, json={"data": [service.jobs[job.id].document()], "next_cursor": None}) for job in found
    ]
    service.replies = [*lists, *[httpx2.ConnectError("refused")] * 1000]

    assert reproduce(service, tmp_path, "poly-sgd").exit_code == 5
    assert 60 <= service.time.now <= 61


@pytest.mark.usefixtures("_empty_figures")
def test_some_experiments_without_the_study(tmp_path: Path) -> None:
    service = FakeService()
    result = reproduce(service, tmp_path, "curve-a", "poly-sgd", "--seeds", "0")

    assert result.exit_code == 0
    names = ["poly-sgd", "poly-sgd-rates", "poly-sgd-exponents", "curve-a", "curve-a-exponents", "curve-rates"]
    assert [job.submitted["name"] for job in service.jobs.values()] == names
    drawn = {path.stem[:5] for path in tmp_path.glob("fig*.png")}
    assert drawn == {"fig01", "fig02", "fig03", "fig06", "fig07", "fig08"}


@pytest.mark.usefixtures("_empty_figures")
@pytest.mark.parametrize(("outcome", "code"), [("failed", 6), ("cancelled", 7)])
def test_a_job_that_does_not_succeed_is_said_and_the_rest_reported(tmp_path: Path, outcome: str, code: int) -> None:
    service = FakeService(outcomes={"poly-sgd": outcome})
    result = reproduce(service, tmp_path, "poly-sgd", "poly-adam")

    assert result.exit_code == code
    assert "ayla show job-0" in result.stderr
    assert f"poly-sgd (`job-0`): {outcome}" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert {claim["experiment"] for claim in document(tmp_path)["claims"]} == {"poly-adam"}
    assert document(tmp_path)["unfinished_jobs"][0]["state"] == outcome


def test_without_the_packages_that_draw_nothing_is_submitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ayla.reports.files.find_spec", lambda _name: None)
    service = FakeService()
    result = reproduce(service, tmp_path)

    assert result.exit_code == 1
    assert "pip install './clients/python[plot]'" in result.stderr
    assert service.requests == []
