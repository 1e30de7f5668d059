"""Comparisons as the client returns and prints them; their numbers and words are the service's."""

import copy
import json
import math
from typing import Any

import ayla
import httpx2
import pytest

from tests.client.fake_service import FakeService, problem

SPREAD: dict[str, Any] = {
    "values": 3,
    "finite": 2,
    "median": 2.0,
    "lower_quartile": 1.5,
    "upper_quartile": None,
    "min": 1.0,
    "max": None,
    "interval": {"low": 1.0, "high": None, "low_infinity": None, "high_infinity": "inf", "coverage": 0.984375},
    "no_interval": None,
    "more_is_better": False,
}

PAIR: dict[str, Any] = {
    "label": "AYLA",
    "base_label": "<plain>",
    "compared_as": "ayla",
    "unit": "seed",
    "count": 3,
    "pairs": 3,
    "unreached": 0,
    "not_recorded": 0,
    "wins": 0,
    "losses": 2,
    "ties": 1,
    "superiority": 1 / 6,
    "median_difference": None,
    "interval": None,
    "no_interval": "fewer than 6 pairs cannot carry one of 95 %",
    "sign_test": {"p_value": 0.5, "adjusted": 1.0},
    "rank_test": {"pairs": 2, "statistic": 0.0, "exact": True, "p_value": 0.5, "adjusted": 1.0},
    "tests": 2,
    "family": "2 tests over seeds",
    "outcome": "undecided",
    "verdict": "What the service says about AYLA and <plain>.",
    "values": [
        {"seed": 0, "value": 3.0, "base": 2.0},
        {"seed": 1, "value": None, "base": 2.0},
        {"seed": 2, "value": 2.0, "base": 2.0},
    ],
}


NOT_RECORDED: dict[str, Any] = dict.fromkeys(
    [
        "test_loss",
        "test_accuracy",
        "full_train_loss",
        "full_train_accuracy",
        "gap",
        "area_under_curve",
        "steps_to_target",
        "epochs_to_target",
    ]
)


def optimizer(label: str, **changes: Any) -> dict[str, Any]:
    return {
        "label": label,
        "optimizer": {"name": "sgd", "learning_rate": 0.1},
        "varies": False,
        "seeds": 3,
        "runs": 3,
        "diverged": 0,
        "unfinished": 0,
        "not_recorded": 0,
        "value": SPREAD,
        "final_loss": SPREAD,
        "best_loss": {**SPREAD, "min": 0.25},
        **NOT_RECORDED,
        "wall_seconds": 0.5,
        "steps_per_second": 20.0,
        "notes": ["N2 had no effect, as the loss was above 1 in size on no step."],
        "copy_of": None,
    } | changes


ANSWER: dict[str, Any] = {
    "job_id": "job",
    "state": "succeeded",
    "metric": "final_loss",
    "more_is_better": False,
    "target": None,
    "target_metric": "final_loss",
    "minimum": None,
    "mini_batches": False,
    "not_recorded": None,
    "confidence": 0.95,
    "baseline": None,
    "optimizers": [optimizer("<plain>"), optimizer("AYLA", diverged=2, final_loss={**SPREAD, "median": None})],
    "pairs": [PAIR],
    "notes": ["Some labels stand for different settings.", "N1 of <AYLA> never acted."],
    "profile": {"measure": "steps_to_near_best", "curves": []},
}


def compared(answer: dict[str, Any], job: ayla.Job | str = "job", **question: Any) -> ayla.Comparison:
    """What the client makes of an answer of the service."""
    service = FakeService(replies=[httpx2.Response(200, json=answer)])
    found: ayla.Comparison = service.client().compare(job, **question)
    return found


def test_the_answer_is_kept_as_it_is() -> None:
    newer = copy.deepcopy(ANSWER)
    newer["a_field_of_a_newer_server"] = newer["pairs"][0]["another"] = 1

    assert compared(newer).model_dump(mode="json") == ANSWER


def test_what_is_infinite_is_no_number_that_could_win() -> None:
    plain, with_ayla = compared(ANSWER).optimizers

    assert plain.final_loss is not None
    assert with_ayla.final_loss is not None
    assert (plain.final_loss.median, with_ayla.final_loss.median) == (2.0, math.inf)
    assert json.loads(with_ayla.model_dump_json())["final_loss"]["median"] is None


def test_a_table_has_a_row_per_optimizer_and_the_services_words_below() -> None:
    assert str(compared(ANSWER)).splitlines() == [
        "optimizer  seeds  final loss, median  final loss, lowest  best loss  diverged",
        "<plain>        3                   2                   1       0.25         0",
        "AYLA           3                 inf                   1       0.25         2",
        "What the service says about AYLA and <plain>.",
        "Some labels stand for different settings.",
        "N1 of <AYLA> never acted.",
    ]


def test_a_notebook_shows_the_same() -> None:
    html = compared(ANSWER)._repr_html_()

    for part in ("&lt;plain&gt;", ">inf<", "<p>What the service says about AYLA and &lt;plain&gt;.</p>"):
        assert part in html
    assert "<p>N1 of &lt;AYLA&gt; never acted.</p>" in html
    assert "<plain>" not in html


def test_trials_without_a_result_are_counted_and_what_has_none_is_no_number() -> None:
    nothing = optimizer("none", seeds=0, runs=0, unfinished=3, final_loss=None, best_loss=None)
    table = str(compared(ANSWER | {"optimizers": [ANSWER["optimizers"][0], nothing]})).splitlines()

    assert table[0].endswith("diverged  unfinished")
    assert [line.split() for line in table[1:3]] == [
        ["<plain>", "3", "2", "1", "0.25", "0", "0"],
        ["none", "0", "-", "-", "-", "0", "3"],
    ]


def test_another_measure_has_a_column_of_its_own() -> None:
    reached = {**SPREAD, "median": None}
    optimizers = [optimizer("plain", value=reached, steps_to_target=reached), optimizer("other", value=None)]
    answer = ANSWER | {"metric": "steps_to_target", "target": 0.5, "optimizers": optimizers}
    table = str(compared(answer, metric="steps_to_target", target=0.5)).splitlines()

    assert table[0].endswith("best loss  diverged  steps to target, median  reached")
    assert [line.split()[6:] for line in table[1:3]] == [["inf", "2/3"], ["-", "-"]]


def test_models_are_shown_by_their_metric_and_not_by_the_loss_of_a_mini_batch() -> None:
    accuracy = {**SPREAD, "median": 0.9, "min": None, "max": 0.95, "lower_quartile": None, "more_is_better": True}
    lost = optimizer("lost", value={**accuracy, "median": None, "max": None}, diverged=3)
    optimizers = [optimizer("plain", value=accuracy), lost, optimizer("older", value=None, not_recorded=3)]
    answer = ANSWER | {"metric": "test_accuracy", "more_is_better": True, "mini_batches": True}
    comparison = compared(answer | {"optimizers": optimizers})

    assert comparison.headers == ("optimizer", "seeds", "test accuracy, median", "test accuracy, highest", "diverged")
    assert comparison.cells() == [
        ["plain", "3", "0.9", "0.95", "0"],
        ["lost", "3", "-inf", "-inf", "3"],
        ["older", "3", "-", "-", "0"],
    ]
    assert json.loads(comparison.model_dump_json())["optimizers"][1]["value"]["median"] is None
    unsaid = compared(answer | {"metric": "final_loss", "not_recorded": "Ask for test_loss.", "optimizers": optimizers})
    assert unsaid.headers == ("optimizer", "seeds", "diverged", "final loss, median")
    assert [row[-1] for row in unsaid.cells()] == ["-"] * 3


def test_an_answer_of_a_service_before_is_read_as_it_was() -> None:
    before = copy.deepcopy(ANSWER) | {"metric": "area_under_curve"}
    for name in ("more_is_better", "target_metric", "minimum", "mini_batches", "not_recorded"):
        del before[name]
    for one in before["optimizers"]:
        for name in ("value", "not_recorded", *NOT_RECORDED):
            del one[name]
    before["optimizers"][0]["area_under_curve"] = SPREAD
    table = str(compared(before)).splitlines()

    assert table[0].endswith("best loss  diverged  area under curve, median")
    assert [line.split()[-1] for line in table[1:3]] == ["2", "-"]


def test_the_question_is_passed_on_and_the_default_left_to_the_service() -> None:
    service = FakeService()
    client = service.client()
    job = client.jobs.submit(problem=ayla.preset("poly-adam"))
    client.compare(job)
    asked_for: dict[str, Any] = {"metric": "best_loss", "target": 1e-05, "confidence": 0.9, "baseline": "Adam & others"}
    asked_for |= {"target_metric": "gap", "minimum": -1.5}
    client.compare(job.id, **asked_for)
    plain, asked = service.requests[-2:]

    assert (plain.url.path, asked.url.path) == (f"/v1/jobs/{job.id}/comparison",) * 2
    assert [*plain.url.params] == []
    assert dict(asked.url.params) == {
        "metric": "best_loss",
        "target": "1e-05",
        "confidence": "0.9",
        "baseline": "Adam & others",
        "target_metric": "gap",
        "minimum": "-1.5",
    }


def test_a_refusal_of_the_question_is_an_error() -> None:
    refusal = problem(422, "invalid-request", "One parameter is invalid.", [("/baseline", "No such label.")])
    with pytest.raises(ayla.UnprocessableEntityError, match="No such label"):
        FakeService(replies=[refusal]).client().compare("job", baseline="none")


def test_a_job_and_its_id_are_compared_alike_by_one_request() -> None:
    service = FakeService()
    client = service.client()
    job = client.jobs.wait(client.jobs.submit(problem=ayla.preset("poly-adam")))
    before = len(service.requests)
    comparison = client.compare(job)

    assert len(service.requests) == before + 1
    assert [one.label for one in comparison.optimizers] == ["Adam lr=0.01", "AYLA-Adam lr=0.01 N1=1 N2=0.57"]
    assert comparison == client.compare(job.id)
    assert comparison.pairs[0].wins == 1


def test_jobs_and_trials_show_themselves_in_a_notebook() -> None:
    client = FakeService(outcomes={"<b>": "failed"}).client()
    job = client.jobs.submit(problem=ayla.preset("poly-sgd"), name="<b>")
    with pytest.raises(ayla.JobFailed) as caught:
        client.jobs.wait(job)
    trial_html = client.jobs.trials(job)[0]._repr_html_()
    job_html = caught.value.job._repr_html_()

    assert "ran out of memory" in job_html
    assert "&lt;b&gt;" in job_html
    assert "<b>" not in job_html
    assert "SGD lr=0.03" in trial_html
    assert "2.00068" in trial_html
