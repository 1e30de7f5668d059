"""The reproduction as a whole: jobs submitted, files written, exit codes."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ayla.cli.app import app
from ayla.cli.session import Session
from ayla.reproduce.figures import ReportFigure
from ayla_spec.trials import TrialPlan
from typer.testing import CliRunner, Result

from tests.client.fake_service import FakeJob, FakeService
from tests.client.trajectories import Columns

FIGURES = [
    "fig01-steps-on-loss",
    "fig02-position-sgd",
    "fig03-effective-learning-rate",
    "fig04-steps-on-loss-adam",
    "fig05-position-adam",
    "fig06-error-curve-a",
    "fig07-fit-curve-a-150",
    "fig08-fit-curve-a-400",
    "fig09-error-curve-b",
    "fig10-fit-curve-b",
]


def reproduce(service: FakeService, folder: Path, *arguments: str) -> Result:
    shared = Session("http://service.test", transport=service.transport, clock=service.time.clock)
    return CliRunner().invoke(app, ["reproduce", "--output", str(folder), *arguments], obj=shared)


def document(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


@pytest.fixture
def _empty_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are empty files, which saves the drawing where a test does not look at them."""

    def save(figure: ReportFigure, folder: Path) -> None:
        for ending in (".png", ".svg"):
            (folder / f"{figure.stem}{ending}").touch()

    monkeypatch.setattr("ayla.reproduce.figures.save", save)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeService, Path, Result]:
    service, folder = FakeService(), tmp_path_factory.mktemp("report") / "inner"
    return service, folder, reproduce(service, folder)


def test_the_presets_run_as_they_are_and_the_curves_again_over_ten_seeds(
    whole: tuple[FakeService, Path, Result],
) -> None:
    service, _, result = whole
    specs = [job.submitted for job in service.jobs.values()]

    assert result.exit_code == 0
    assert [spec["problem"]["preset"] for spec in specs[:4]] == ["poly-sgd", "poly-adam", "curve-a", "curve-b"]
    assert all("seeds" not in spec for spec in specs[:4])
    assert [spec["seeds"] for spec in specs[4:]] == [[*range(42, 52)]] * 2


def test_every_figure_of_the_paper_is_a_png_and_an_svg(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    for stem in [*FIGURES, "beyond-seeds-curve-a", "beyond-seeds-curve-b"]:
        assert (folder / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (folder / f"{stem}.svg").read_text(encoding="utf-8")[:2000]


def test_the_page_embeds_only_files_that_are_there(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", page)

    assert {f"{stem}.png" for stem in FIGURES} <= set(links)
    assert all((folder / link).is_file() for link in links)


def test_every_table_of_the_page_is_straight(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    tables = re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE)

    assert len(tables) == 9
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


def test_the_page_tells_of_exponents_that_had_no_effect(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    (told,) = re.findall(
        r"^- (.*): N2 had no effect, as the loss was above 1 in size on no step\.$", page, re.MULTILINE
    )

    assert told == "AYLA-Adam lr=0.005 N1=1.8 N2=0.9"


def test_page_data_and_terminal_tell_the_same_verdicts(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, result = whole
    page = (folder / "report.md").read_text(encoding="utf-8")
    claims = document(folder)["claims"]

    assert len(claims) == len({claim["id"] for claim in claims}) == 14
    for claim in claims:
        assert claim["verdict"] in {"reproduced", "partly", "not reproduced"}
        assert f"- **{claim['verdict']}** — {claim['claim']} {claim['note']}" in page
        assert re.search(rf"^{claim['verdict']} .*{re.escape(claim['claim'])}", result.stdout, flags=re.MULTILINE)
    assert f"Report: {folder / 'report.md'}" in result.stdout


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


def test_what_goes_beyond_the_paper_says_so(whole: tuple[FakeService, Path, Result]) -> None:
    _, folder, _ = whole
    studies = document(folder)["beyond_the_paper"]

    assert (folder / "report.md").read_text(encoding="utf-8").count("### Beyond the paper: how sure is this?") == 2
    assert [study["name"] for study in studies] == ["curve-a", "curve-b"]
    for study in studies:
        for pair in study["comparison"]["pairs"]:
            assert (pair["wins"], pair["count"], pair["outcome"]) == (10, 10, "better")
            assert f"- {pair['verdict']}\n" in (folder / "report.md").read_text(encoding="utf-8")


def test_the_terminal_ends_with_the_services_words_on_what_goes_beyond_the_paper(
    whole: tuple[FakeService, Path, Result],
) -> None:
    _, folder, result = whole
    told = [line for line in result.stdout.splitlines() if line.startswith("Beyond the paper: ")]
    comparisons = [study["comparison"] for study in document(folder)["beyond_the_paper"]]

    assert told == [
        f"Beyond the paper: {name} over 10 seeds: {statement}"
        for name, comparison in zip(("curve-a", "curve-b"), comparisons, strict=True)
        for statement in (*(pair["verdict"] for pair in comparison["pairs"]), *comparison["notes"])
    ]
    assert "ended lower than Adam lr=0.01 on 10 of 10 seeds: unlikely to be chance" in told[0]
    assert "0.0039 after Holm's correction for the 2 tests over seeds of this answer" in told[0]


@pytest.mark.usefixtures("_empty_figures")
def test_a_study_whose_seeds_are_copies_says_so(tmp_path: Path) -> None:
    service, honest = FakeService(), FakeService().trajectory
    service.trajectory = lambda plan, job: honest(replace(plan, seed=42), job)
    result = reproduce(service, tmp_path, "curve-a")

    assert "The 10 seeds are copies of one run and count as one." in result.stdout
    assert "sign test" not in result.stdout
    assert document(tmp_path)["beyond_the_paper"][0]["comparison"]["pairs"][0]["sign_test"] is None


def test_a_seed_that_diverged_is_the_worst_in_table_and_figure(tmp_path: Path) -> None:
    service, honest = FakeService(), FakeService().trajectory

    def trajectory(plan: TrialPlan, job: FakeJob) -> Columns:
        columns = honest(plan, job)
        if plan.settings.ayla is None and plan.seed > 43:
            columns["loss"] = [*columns["loss"][:3], math.inf]
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
    accepted = service.client().jobs.submit(problem={"type": "preset", "preset": "poly-sgd"}, name="poly-sgd")
    answer = httpx2.Response(202, json=service.jobs[accepted.id].document())
    service.replies = [answer, *[httpx2.ConnectError("refused")] * 20]
    result = reproduce(service, tmp_path, "poly-sgd")

    assert result.stdout == expected
    assert service.time.now >= 20 * 0.25


def test_a_service_that_stays_away_ends_the_reproduction(tmp_path: Path) -> None:
    service = FakeService()
    accepted = service.client().jobs.submit(problem={"type": "preset", "preset": "poly-sgd"})
    answer = httpx2.Response(202, json=service.jobs[accepted.id].document())
    service.replies = [answer, *[httpx2.ConnectError("refused")] * 1000]

    assert reproduce(service, tmp_path, "poly-sgd").exit_code == 5
    assert 60 <= service.time.now <= 61


@pytest.mark.usefixtures("_empty_figures")
def test_some_experiments_without_the_study(tmp_path: Path) -> None:
    service = FakeService()
    result = reproduce(service, tmp_path, "curve-a", "poly-sgd", "--seeds", "0")

    assert result.exit_code == 0
    assert [job.submitted["name"] for job in service.jobs.values()] == ["poly-sgd", "curve-a"]
    assert {path.stem[:5] for path in tmp_path.glob("*.png")} == {"fig01", "fig02", "fig03", "fig06", "fig07", "fig08"}


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


def test_the_same_trajectories_give_the_same_figures(whole: tuple[FakeService, Path, Result], tmp_path: Path) -> None:
    _, folder, _ = whole
    reproduce(FakeService(), tmp_path, "poly-sgd")
    figures = [*tmp_path.glob("fig*")]

    assert len(figures) == 6
    for path in figures:
        assert path.read_bytes() == (folder / path.name).read_bytes()


def test_without_the_packages_that_draw_nothing_is_submitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ayla.reproduce.report_files.find_spec", lambda _name: None)
    service = FakeService()
    result = reproduce(service, tmp_path)

    assert result.exit_code == 1
    assert "pip install 'ayla-client[plot]'" in result.stderr
    assert service.requests == []
