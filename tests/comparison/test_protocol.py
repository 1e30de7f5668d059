"""Protocols over HTTP: arms of one job and of several, what is answered of them, and what is refused."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ayla_service.comparison import curves
from ayla_service.db.session import Database
from fastapi.testclient import TestClient

from tests.cases import each
from tests.comparison.stored import add_metrics
from tests.comparison.stored import end as end_in_store
from tests.comparison.test_api import document_of, end
from tests.factories import spec
from tests.http.helpers import pointers, problem_of

INF = math.inf

RATES = (0.01, 0.02, 0.03)
SGD = [{"name": "sgd", "learning_rate": rate, "arm": "SGD"} for rate in RATES]
AYLA = [
    {"name": "sgd", "learning_rate": rate, "arm": "AYLA-SGD", "ayla": {"n1": 1.0, "n2": n2}}
    for rate in RATES
    for n2 in (1.2, 1.4)
]
SEEDS = {"tuning_seeds": [0, 1, 2], "confirm_seeds": [3, 4, 5, 6, 7, 8, 9, 10, 11]}

Ends = Mapping[str, float | Sequence[float]]
"""Final losses by label: of every seed, or seed by seed from the job's first."""


def ended_job(client: TestClient, database: Database, ends: Ends, **changes: Any) -> str:
    """A job whose trials have ended so; a label that is left out has no result."""
    document = spec(**{"optimizers": [*SGD, *AYLA], "seeds": list(range(12)), "name": None} | changes)
    answer = client.post("/v1/jobs", json=document)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    for trial in client.get(f"/v1/jobs/{job_id}/trials", params={"limit": 200}).json()["data"]:
        if trial["label"] in ends:
            wanted = ends[trial["label"]]
            loss = wanted if isinstance(wanted, float) else wanted[document["seeds"].index(trial["seed"])]
            end(database, trial, loss + trial["seed"] / 1024)
    return job_id


def label(rate: float, n2: float | None = None) -> str:
    return f"SGD lr={rate}" if n2 is None else f"AYLA-SGD lr={rate} N1=1 N2={n2}"


PLAIN_ENDS = {label(0.01): 5.0, label(0.02): 4.0, label(0.03): INF}
AYLA_ENDS = {label(rate, n2): rate * 100 + n2 for rate in RATES for n2 in (1.2, 1.4)}


def asked(client: TestClient, *job_ids: str, protocol: Mapping[str, Any] = SEEDS, **changes: Any) -> dict[str, Any]:
    body = {"job_ids": list(job_ids), "protocol": protocol} | changes
    return document_of(client.post("/v1/comparisons", json=body))


def test_arms_are_tuned_on_some_seeds_and_compared_on_others(client: TestClient, database: Database) -> None:
    found = asked(client, ended_job(client, database, {**PLAIN_ENDS, **AYLA_ENDS}))
    assert (found["pairs"], found["problems"][0]["pairs"]) == ([], [])
    assert [one["seeds"] for one in found["problems"][0]["optimizers"]] == [12] * 9
    protocol = found["protocol"]
    assert (protocol["shared_seeds"], protocol["pairs"], protocol["notes"]) == ([], [], [])
    assert protocol["select"] == {"metric": None, "statistic": "median"}
    (there,) = protocol["problems"]
    assert (there["problem"], there["select_metric"]) == (0, "final_loss")
    plain, ayla = there["arms"]
    assert (plain["arm"], plain["budget"], plain["selected"], plain["tuning_value"]) == (
        "SGD",
        3,
        label(0.02),
        4 + 1 / 1024,
    )
    assert (ayla["arm"], ayla["budget"], ayla["selected"]) == ("AYLA-SGD", 6, label(0.01, 1.2))
    assert plain["divergence"] == {"settings": 3, "some": 1, "most": 1, "share": 1 / 3}
    assert (plain["confirmation"]["label"], plain["confirmation"]["seeds"]) == ("SGD", 9)
    assert plain["confirmation"]["optimizer"]["learning_rate"] == 0.02
    assert plain["confirmation"]["value"]["median"] == 4 + 7 / 1024
    assert [(one["k"], one["expected"], one["nothing_finite"]) for one in plain["expected_best"]] == [
        (1, None, 1 / 3),
        (2, 4 + 1 / 3 + 1 / 1024, 0.0),
        (3, 4 + 1 / 1024, 0.0),
    ]
    assert [one["rank"] for one in there["settings"]] == [2, 1, 3, 1, 2, 3, 4, 5, 6]
    series = {one["name"]: one["points"] for one in there["sensitivity"]}
    assert [(point["at"], point["best"]) for point in series["SGD"]] == [
        (0.01, 5 + 1 / 1024),
        (0.02, 4 + 1 / 1024),
        (0.03, None),
    ]
    assert [there["settings"][point["best_place"]]["label"] for point in series["AYLA-SGD"]] == [
        label(rate, 1.2) for rate in RATES
    ]
    (pair,) = there["pairs"]
    assert (pair["label"], pair["base_label"], pair["compared_as"], pair["wins"]) == ("AYLA-SGD", "SGD", "ayla", 9)
    assert (pair["budgets"], pair["base_budgets"]) == ([6], [3])
    assert pair["verdict"].startswith(
        "With unequal budgets (6 settings of AYLA-SGD, 3 of SGD): AYLA-SGD ended lower than SGD on 9 of 9 seeds: "
        "unlikely to be chance"
    )
    even = pair["equal_budgets"]
    assert (even["settings"], even["draws"]["better"], even["problems"]) == ([3], 1.0, None)
    assert even["verdict"] == (
        "With equal budgets of 3 settings each, drawn at random: AYLA-SGD is better than SGD in 100% of the draws, "
        "worse in 0%."
    )
    assert [curve["label"] for curve in found["profile"]["curves"]] == ["SGD", "AYLA-SGD"]
    assert found["profile"]["instances"] == 9


def test_tuning_and_confirmation_may_be_jobs_of_their_own(client: TestClient, database: Database) -> None:
    """What was selected is not yet run: the answer says what to run; then the same question has its answer."""
    tuning = ended_job(client, database, {**PLAIN_ENDS, **AYLA_ENDS}, seeds=[0, 1, 2])
    (before,) = asked(client, tuning)["protocol"]["problems"]
    (pair,) = before["pairs"]
    assert (pair["count"], pair["outcome"]) == (0, "no_statement")
    assert (
        f"confirmation seeds 3, 4, 5, 6, 7 and 4 more of SGD missing (to be run with '{label(0.02)}')"
        in pair["verdict"]
    )
    assert pair["verdict"].endswith(": No seed has a result of both AYLA-SGD and SGD: nothing can be said.")
    to_run = [
        {key: value for key, value in arm["confirmation"]["optimizer"].items() if value is not None}
        for arm in before["arms"]
    ]
    missing = before["arms"][0]["missing_seeds"]
    confirmed = ended_job(client, database, {label(0.02): 1.0, label(0.01, 1.2): 2.0}, seeds=missing, optimizers=to_run)
    (after,) = asked(client, tuning, confirmed)["protocol"]["problems"]
    assert [(arm["selected"], arm["missing_seeds"]) for arm in after["arms"]] == [
        (label(0.02), []), (label(0.01, 1.2), []),
    ]  # fmt: skip
    (pair,) = after["pairs"]
    assert (pair["wins"], pair["losses"]) == (0, 9)
    assert "missing" not in pair["verdict"]
    without_arms = [{name: value for name, value in one.items() if name != "arm"} for one in to_run]
    alone = ended_job(
        client, database, {label(0.02): 1.0, label(0.01, 1.2): 2.0}, seeds=missing, optimizers=without_arms
    )
    assert asked(client, tuning, alone)["protocol"]["problems"][0] == after


def test_several_problems_are_tuned_one_by_one_and_compared_by_medians(client: TestClient, database: Database) -> None:
    jobs = []
    for place in range(6):
        best = RATES[place % 3]
        plain = {label(rate): 3.0 + (rate != best) for rate in RATES}
        ayla = {label(rate, n2): 2.0 + place / 2 for rate in RATES for n2 in (1.2, 1.4)}
        jobs.append(ended_job(client, database, {**plain, **ayla}, budget={"steps": 10 + place}))
    found = asked(client, *jobs)
    assert [one["arms"][0]["selected"] for one in found["protocol"]["problems"]] == [
        label(RATES[place % 3]) for place in range(6)
    ]
    (pair,) = found["protocol"]["pairs"]
    assert (pair["unit"], pair["wins"], pair["ties"], pair["losses"]) == ("problem", 2, 1, 3)
    assert pair["verdict"].startswith(
        "With unequal budgets (6 settings of AYLA-SGD, 3 of SGD): AYLA-SGD ended higher than"
    )
    even = pair["equal_budgets"]
    assert even["problems"] == {"wins": 2, "losses": 3, "ties": 1, "unknown": 0, "p_value": 1.0}
    assert even["verdict"] == (
        "With equal budgets of 3 settings each, drawn at random: AYLA-SGD is more often better than SGD on 2 problems, "
        "more often worse on 3, as often on 1: could be chance (exact sign test, p = 1, not corrected)."
    )
    assert {one["tests"] for problem in found["protocol"]["problems"] for one in problem["pairs"]} == {6}


def test_a_baseline_is_an_arm(client: TestClient, database: Database) -> None:
    adam = [{"name": "adam", "learning_rate": rate} for rate in (0.1, 0.2)]
    ends = {**PLAIN_ENDS, "Adam lr=0.1": 1.0, "Adam lr=0.2": 6.0}
    job_id = ended_job(client, database, ends, optimizers=[*SGD, *adam])
    without = asked(client, job_id)["protocol"]
    assert without["notes"] == [
        "No arm with AYLA has the arm that it is built on beside it; name an arm as baseline to have tests."
    ]
    (there,) = asked(client, job_id, baseline="SGD")["protocol"]["problems"]
    assert [(pair["label"], pair["wins"], pair["qualifications"]) for pair in there["pairs"]] == [
        ("Adam lr=0.1", 9, ["SGD tuned over 3 settings and Adam lr=0.1 not tuned"]),
        ("Adam lr=0.2", 0, ["SGD tuned over 3 settings and Adam lr=0.2 not tuned"]),
    ]
    refused = client.post("/v1/comparisons", json={"job_ids": [job_id], "protocol": SEEDS, "baseline": label(0.01)})
    problem = problem_of(refused, 422, "invalid-request")
    assert pointers(problem) == ["/baseline"]
    assert "'SGD', 'Adam lr=0.1'" in problem["errors"][0]["detail"]


def test_a_metric_that_is_not_recorded_selects_nothing(client: TestClient, database: Database) -> None:
    job_id = ended_job(client, database, {**PLAIN_ENDS, **AYLA_ENDS})
    protocol = asked(client, job_id, protocol=SEEDS | {"select": {"metric": "test_loss"}})["protocol"]
    assert protocol["notes"] == [
        "Nothing can be selected by the test loss: an expression has no data; ask for final_loss."
    ]
    assert [(arm["selected"], arm["budget"]) for arm in protocol["problems"][0]["arms"]] == [(None, 0), (None, 0)]
    assert "no setting of AYLA-SGD selected" in protocol["problems"][0]["pairs"][0]["verdict"]


def test_steps_to_a_target_can_be_what_is_selected_by(client: TestClient, database: Database) -> None:
    """The trials are at 10, 8 and their final loss on steps 0, 5 and 10."""
    job_id = ended_job(client, database, {**PLAIN_ENDS, **AYLA_ENDS})
    select = {"select": {"metric": "steps_to_target"}}
    (there,) = asked(client, job_id, protocol=SEEDS | select, target=4.5)["protocol"]["problems"]
    assert [one["value"] for one in there["settings"]] == [None, 10.0, None, *[10.0] * 6]
    assert there["arms"][0]["selected"] == label(0.02)


def test_of_accuracies_more_is_better(client: TestClient, database: Database) -> None:
    """A setting without results is left out of the sensitivity, and places are still those of all settings."""
    rates = (0.1, 0.2, 0.3, 0.4)
    optimizers = [{"name": "sgd", "learning_rate": rate, "arm": "SGD"} for rate in rates]
    problem = {"type": "dataset", "dataset": {"name": "digits"}, "batch_size": 32}
    job_id = ended_job(client, database, {}, problem=problem, optimizers=optimizers, budget={"epochs": 1})
    for rate, accuracy in zip(rates[1:], (0.5, 0.9, 0.7), strict=True):
        for seed in range(12):
            losses = [2.0, INF if (rate, seed) == (0.3, 0) else 1.0 + seed / 64]
            end_in_store(database, job_id, label(rate), seed, losses)
            add_metrics(database, job_id, label(rate), seed, {"test_accuracy": [accuracy + seed / 1024]})
    select = {"select": {"metric": "test_accuracy"}, "tuning_seeds": [1, 2]}
    (there,) = asked(client, job_id, protocol=SEEDS | select)["protocol"]["problems"]
    (arm,) = there["arms"]
    assert (there["more_is_better"], arm["selected"], arm["tuning_value"]) == (True, label(0.3), 0.9 + 1.5 / 1024)
    assert [one["value"] for one in there["settings"]] == [None, *(x + 1.5 / 1024 for x in (0.5, 0.9, 0.7))]
    first, *_, last = arm["expected_best"]
    assert (last["expected"], last["low"], last["high"]) == (arm["tuning_value"],) * 3
    assert (first["low"], first["high"]) == (0.5 + 1.5 / 1024, 0.9 + 1.5 / 1024)
    (series,) = there["sensitivity"]
    assert [(point["at"], point["best"], point["best_place"]) for point in series["points"]] == [
        (rate, x + 1.5 / 1024, place) for place, rate, x in zip((1, 2, 3), rates[1:], (0.5, 0.9, 0.7), strict=True)
    ]
    (diverged,) = asked(client, job_id, protocol=SEEDS | select | {"tuning_seeds": [0]})["protocol"]["problems"]
    assert diverged["arms"][0]["selected"] == label(0.4)


def test_areas_that_are_too_much_to_read_are_refused(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ended_job(client, database, {**PLAIN_ENDS, **AYLA_ENDS})
    monkeypatch.setattr(curves, "MAX_ROWS", 10)
    asked(client, job_id)
    body = {"job_ids": [job_id], "protocol": SEEDS | {"select": {"metric": "area_under_curve"}}}
    problem_of(client.post("/v1/comparisons", json=body), 422, "comparison-too-large")


def test_a_job_that_has_not_begun_is_a_clear_answer(client: TestClient, database: Database) -> None:
    found = asked(client, ended_job(client, database, {}))
    (there,) = found["protocol"]["problems"]
    assert [(arm["selected"], arm["confirmation"], arm["notes"]) for arm in there["arms"]] == [
        (None, None, [f"no setting of {name} selected, as none has a value on a tuning seed"])
        for name in ("SGD", "AYLA-SGD")
    ]
    assert there["sensitivity"] == []


@each(
    ("change", "pointer"),
    [
        ({"protocol": {}}, "/protocol/tuning_seeds"),
        ({"protocol": SEEDS | {"tuning_seeds": []}}, "/protocol/tuning_seeds"),
        ({"protocol": SEEDS | {"tuning_seeds": [0, 1, 0]}}, "/protocol/tuning_seeds"),
        ({"protocol": SEEDS | {"tuning_seeds": [-1]}}, "/protocol/tuning_seeds/0"),
        ({"protocol": SEEDS | {"confirm_seeds": [1.5]}}, "/protocol/confirm_seeds/0"),
        ({"protocol": SEEDS | {"confirm_seeds": [2**32]}}, "/protocol/confirm_seeds/0"),
        ({"protocol": SEEDS | {"confirm_seeds": list(range(1001))}}, "/protocol/confirm_seeds"),
        ({"protocol": SEEDS | {"tuning_seeds": [77, 78]}}, "/protocol/tuning_seeds"),
        ({"protocol": SEEDS | {"select": {"metric": "speed"}}}, "/protocol/select/metric"),
        ({"protocol": SEEDS | {"select": {"statistic": "mean"}}}, "/protocol/select/statistic"),
        ({"protocol": SEEDS | {"select": {"metric": "steps_to_target"}}}, "/target"),
        ({"protocol": SEEDS | {"seeds": [1]}}, "/protocol/seeds"),
        ({"protocol": SEEDS, "baseline": "Adam"}, "/baseline"),
        ({"protocol": [0, 1]}, "/protocol"),
    ],
)
def test_wrong_protocols_are_refused(client: TestClient, job_id: str, change: dict[str, Any], pointer: str) -> None:
    answer = client.post("/v1/comparisons", json={"job_ids": [job_id]} | change)
    problem = problem_of(answer, 422, "invalid-request")
    assert pointers(problem)[0] == pointer
    assert problem["errors"][0]["in"] == "body"


def test_without_a_protocol_nothing_has_changed(client: TestClient, database: Database) -> None:
    job_id = ended_job(client, database, {**PLAIN_ENDS, **AYLA_ENDS})
    found = document_of(client.post("/v1/comparisons", json={"job_ids": [job_id]}))
    assert found["protocol"] is None
    assert len(found["problems"][0]["pairs"]) == 6
