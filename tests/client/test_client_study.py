"""Studies without a service: their files, what is still to be run, what could have been detected."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from ayla.cli.app import app
from ayla.cli.specfile import read_spec
from ayla.errors import InvalidRequest
from ayla.models import Job
from ayla.reports.html_page import html_page
from ayla.reports.latex_page import latex_page
from ayla.study import Study, study_of
from ayla.study.plan import Phase, StudyJob, confirmation_jobs, part_of, tuning_jobs
from ayla.study.power import detectable
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom  # type: ignore[import-untyped]
from typer.testing import CliRunner

RATE = {"low": 0.001, "high": 1.0, "scale": "log"}
SGD = {"name": "sgd", "learning_rate": RATE}


def document(**changes: Any) -> dict[str, Any]:
    problems = [{"name": name, "function": name, "budget": {"steps": 20}} for name in ("sphere", "booth")]
    arms = [{"arm": "SGD", "optimizer": SGD, "ayla": {"n1": RATE, "n2": 1.0}}]
    return {"study": "s", "problems": problems, "arms": arms, "protocol": {"settings": 4}} | changes


def on_the_service(jobs: Sequence[StudyJob], state: str = "succeeded") -> list[Job]:
    """The jobs of a plan as the service gives them back."""
    trials = {"total": 1}
    return [
        Job.model_validate(
            {"id": str(place), "state": state, "trials": trials, "tags": job.spec["tags"], "spec": job.spec}
        )
        for place, job in enumerate(jobs)
    ]


def still_to_tune(study: Study, jobs: Sequence[Job]) -> list[StudyJob]:
    found = [tuning_jobs(study, one, part_of(study, one, Phase.TUNING, jobs)) for one in study.problems]
    return [job for of_problem in found for job in of_problem]


def what_runs(jobs: Sequence[StudyJob]) -> dict[str, tuple[list[str], list[int]]]:
    return {job.problem: ([one["label"] for one in job.spec["optimizers"]], job.spec["seeds"]) for job in jobs}


def test_each_arm_stands_alone_and_with_ayla_and_all_have_the_same_number_of_settings() -> None:
    plan = still_to_tune(study_of(document()), [])

    assert what_runs(plan) == {name: (["SGD", "AYLA-SGD"], [0, 1, 2, 3, 4]) for name in ("sphere", "booth")}
    for job in plan:
        assert job.spec["search"] == {"design": "random", "seed": 0, "settings": 4}
        assert job.spec["optimizers"][0] == {**SGD, "arm": "SGD", "label": "SGD"}
        assert job.spec["optimizers"][1]["ayla"] == {"n1": RATE, "n2": 1.0}
        assert "uniform" in job.spec["problem"]["start"]["x"]


def test_a_study_that_was_run_has_nothing_left_and_one_that_failed_is_run_again() -> None:
    study = study_of(document())
    plan = still_to_tune(study, [])

    assert still_to_tune(study, on_the_service(plan)) == []
    assert still_to_tune(study, on_the_service(plan, "failed")) == plan
    assert still_to_tune(study, on_the_service(plan, "running")) == []


def test_a_study_that_grows_runs_only_what_is_new() -> None:
    study = study_of(document())
    jobs = on_the_service(still_to_tune(study, []))
    problems = [*document()["problems"], {"name": "levy", "function": "levy", "budget": {"steps": 20}}]
    arms = [*document()["arms"], {"arm": "Adam", "optimizer": {"name": "adam", "learning_rate": RATE}}]

    assert what_runs(still_to_tune(study_of(document(problems=problems)), jobs)) == {
        "levy": (["SGD", "AYLA-SGD"], [0, 1, 2, 3, 4])
    }
    assert what_runs(still_to_tune(study_of(document(arms=arms)), jobs)) == {
        name: (["Adam"], [0, 1, 2, 3, 4]) for name in ("sphere", "booth")
    }
    more = study_of(document(protocol={"settings": 4, "tuning_seeds": 7}))
    assert what_runs(still_to_tune(more, jobs)) == {name: (["SGD", "AYLA-SGD"], [5, 6]) for name in ("sphere", "booth")}


@pytest.mark.parametrize(
    "changes", [{"settings": 5}, {"settings": 4, "design_seed": 1}, {"settings": 4, "design": "sobol"}]
)
def test_other_settings_are_another_tuning(changes: dict[str, Any]) -> None:
    jobs = on_the_service(still_to_tune(study_of(document()), []))

    assert len(still_to_tune(study_of(document(protocol=changes)), jobs)) == 2


def test_the_confirmation_runs_what_was_selected_on_the_seeds_that_are_missing() -> None:
    study = study_of(document(protocol={"settings": 4, "confirm_seeds": 2}))
    more = study_of(document(protocol={"settings": 4, "confirm_seeds": 3}))
    problem, selected = (
        study.problems[0],
        [{"name": "sgd", "learning_rate": rate, "label": f"lr={rate}"} for rate in (0.1, 0.2)],
    )
    (first,) = confirmation_jobs(study, problem, selected, [])
    jobs = part_of(study, problem, Phase.CONFIRMATION, on_the_service([first]))

    assert first.spec["seeds"] == [1000, 1001]
    assert confirmation_jobs(study, problem, selected, jobs) == []
    assert [job.spec["seeds"] for job in confirmation_jobs(more, problem, selected, jobs)] == [[1002]]
    other = [selected[0], {"name": "sgd", "learning_rate": 0.3, "label": "lr=0.3"}]
    (changed,) = confirmation_jobs(study, problem, other, jobs)
    assert [one["label"] for one in changed.spec["optimizers"]] == ["lr=0.3"]


@pytest.mark.parametrize(
    ("changes", "pointer", "told"),
    [
        ({"study": ""}, "/study", "pattern"),
        ({"problems": []}, "/problems", "at least 1"),
        (
            {"problems": [{"name": "p", "function": "spere", "budget": {"steps": 1}}]},
            "/problems/0",
            "no function 'spere'",
        ),
        ({"problems": [{"name": "p", "budget": {"steps": 1}}]}, "/problems/0", "give a 'function'"),
        ({"problems": [{"name": "p", "problem": {}, "noise": 1.0, "budget": {}}]}, "/problems/0", "stand inside"),
        ({"problems": [{"name": "p", "function": "beale", "dimension": 3, "budget": {}}]}, "/problems/0", "dimension"),
        ({"protocol": {"tuning_seeds": [0, 1], "confirm_seeds": [1]}}, "/protocol", "seeds 1 are tuning and"),
        ({"protocol": {"settings": 0}}, "/protocol/settings", "greater than or equal to 1"),
        ({"arms": [{"arm": "A", "optimizer": SGD}] * 2}, "", "two arms are called 'A'"),
        ({"problem": []}, "/problem", "not permitted"),
    ],
)
def test_an_error_names_the_field(changes: dict[str, Any], pointer: str, told: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        study_of(document(**changes))

    assert caught.value.pointer == pointer
    assert told in caught.value.detail


@pytest.mark.parametrize("suite", ["small", "full"])
def test_the_files_that_init_writes_are_studies(suite: str, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    arguments = ["study", "init", str(file), "--suite", suite]

    assert CliRunner().invoke(app, arguments).exit_code == 0
    study = study_of(read_spec(str(file)))
    assert file.read_text("utf-8") == resources.files("ayla.study.suites").joinpath(f"{suite}.yaml").read_text("utf-8")
    assert CliRunner().invoke(app, arguments).exit_code == 2
    if suite == "full":
        functions = [one for one in study.problems if one.function is not None]
        assert (len(functions), len(study.problems) - len(functions), len(study.entries)) == (20, 5, 22)
        assert sum(one.noise is not None for one in functions) == 10


@given(st.integers(1, 60), st.integers(1, 30), st.sampled_from([0.05, 0.01]))
def test_what_could_be_detected_is_as_scipy_has_it(problems: int, tests: int, level: float) -> None:
    found = detectable(problems, tests, level)

    def adjusted(wins: int) -> float:
        return float(tests * min(1.0, 2 * binom.sf(wins - 1, problems, 0.5)))

    if found.least_wins is None:
        assert adjusted(problems) >= level
        assert set(found.power.values()) == {0.0}
        return
    assert adjusted(found.least_wins) < level
    assert found.least_wins == problems // 2 + 1 or adjusted(found.least_wins - 1) >= level
    for chance, power in found.power.items():
        assert power == pytest.approx(binom.sf(found.least_wins - 1, problems, chance), abs=1e-12)


def test_what_people_write_stays_text_in_every_form() -> None:
    page = "# study\n\n*<script>alert(1)</script>*\n\n`x[i]**2 + y**2`, 5 steps\n"

    assert "&lt;script&gt;" in html_page(page, Path())
    assert "x[i]**2 + y**2" in html_page(page, Path())
    assert "script" in latex_page(page)
