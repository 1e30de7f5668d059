"""The paper's sections 3.1 and 3.2 at small size through a real service, cut off by a kill and taken up again."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import ayla
import pytest
from ayla.reproduce import ClaimResult, ReproductionReport, Run, reproduce
from ayla.reproduce.json_report import json_report
from ayla.reproduce.page import markdown_page
from ayla.reproduce.plan import Scale, small_jobs
from ayla.reproduce.submission import SubmittedJob, submit_all

from tests.system.processes import service

NAMES = ("poly-sgd", "poly-adam", "curve-a", "curve-b")
SMALL = Scale(curve_seeds=2, tuning_seeds=1, exponents=2)


class Jobs:
    """Remembers which jobs were found."""

    def __init__(self) -> None:
        self.found: dict[str, bool] = {}

    def submitted(self, jobs: Sequence[SubmittedJob]) -> None:
        self.found |= {item.planned.name: item.found for item in jobs}

    def seen(self, item: SubmittedJob) -> None:
        assert item.planned.name in self.found

    def left_out(self, names: Sequence[str]) -> None:
        raise AssertionError(names)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ReproductionReport, Jobs, int]]:
    """A report, whose first jobs a service had that was killed; which of them were found; how many there are."""
    folder = tmp_path_factory.mktemp("service")
    with service(folder) as first, first.client() as client:
        submit_all(client, small_jobs(NAMES[:1], SMALL), fresh=False)
        first.kill()
    jobs = Jobs()
    with service(folder) as second, second.client() as client:
        report = reproduce(client, Run(NAMES, SMALL), clock=ayla.Clock(), watcher=jobs)
        yield report, jobs, len([*client.jobs.list(tag="reproduce")])


@pytest.fixture(scope="module")
def claims(made: tuple[ReproductionReport, Jobs, int]) -> dict[str, ClaimResult]:
    return {result.id: result for result in made[0].claims}


def test_a_killed_run_is_taken_up_and_nothing_is_submitted_twice(made: tuple[ReproductionReport, Jobs, int]) -> None:
    report, jobs, submitted = made

    assert {name for name, found in jobs.found.items() if found} == {
        "poly-sgd",
        "poly-sgd-rates",
        "poly-sgd-exponents",
    }
    assert submitted == len(jobs.found) == len(report.jobs)
    assert report.unfinished == ()


@pytest.mark.parametrize(
    ("name", "measured"),
    [
        ("minimum-loss", {"loss at the last step": -6.5430}),
        ("minimum-transformed-loss", {"transformed loss at the last step": -13.870}),
        ("ayla-adam-overshoots", {"highest x": 2.5840}),
        ("curve-a-adam", {"MSE at epoch 400": 0.0410}),
        ("curve-a-fluctuations-loss", {"sum of the MSE's moves up": 0.107, "Adam's": 0.0113}),
        ("curve-a-fit-loss", {"mean squared distance to the true curve at epoch 150": 0.0157, "Adam's": 0.0748}),
        ("curve-a-extremes-loss", {"fitted less true value at x = 3, epoch 150": -0.615}),
        (
            "curve-b-plummets-loss",
            {"AYLA's MSE over Adam's at epoch 20": 0.9847, "MSE at epoch 20": 0.2435, "Adam's there": 0.2472},
        ),
        ("curve-b-adam-early", {"MSE at epoch 100": 0.1489}),
        ("curve-b-adam", {"MSE at epoch 400": 0.1487}),
    ],
)
def test_the_numbers_are_those_of_the_experiments(
    claims: dict[str, ClaimResult], name: str, measured: dict[str, float]
) -> None:
    for what, value in measured.items():
        assert claims[name].measured[what] == pytest.approx(value, rel=5e-3)


def test_controls_are_runs_of_the_optimizer_alone(claims: dict[str, ClaimResult]) -> None:
    stalls, settles = claims["sgd-stalls"].control, claims["adam-settles"].control

    assert stalls is not None
    assert settles is not None
    assert (stalls.label, settles.label) == ("SGD lr=0.09", "Adam lr=0.05")
    assert [stalls.value, settles.value] == pytest.approx([2.25, 2.25], abs=1e-3)


def test_seeds_are_apart_from_the_papers_and_counted(claims: dict[str, ClaimResult]) -> None:
    over = claims["curve-a-adam"].over_seeds

    assert over is not None
    assert (over.seeds, over.apart, sum(over.verdicts.values())) == ((43, 44), True, 2)
    assert claims["sgd-stalls"].over_seeds is None


def test_the_control_of_a_curve_ran_on_the_same_seeds_and_the_service_compares_them(
    made: tuple[ReproductionReport, Jobs, int], claims: dict[str, ClaimResult]
) -> None:
    control = claims["curve-b-ayla-loss"].control
    (study,) = (study for study in made[0].rates if study.experiment == "curve-b")

    assert control is not None
    assert control.over_seeds is not None
    assert control.over_seeds.seeds == (43, 44)
    assert len(study.statements) == 2
    for statement in study.statements:
        assert re.match(r"AYLA-Adam lr=0.005 .* than Adam lr=\S+ on \d of 2 seeds", statement)


def test_page_and_data_can_be_written(made: tuple[ReproductionReport, Jobs, int], tmp_path: Path) -> None:
    report, _, _ = made
    page, data = markdown_page(report, []), json.dumps(json_report(report, []), allow_nan=False)

    assert "its first step jumps over it" in page
    assert len(json.loads(data)["claims"]) == len(report.claims)
