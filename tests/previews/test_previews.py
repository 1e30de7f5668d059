"""What lists of jobs show of their results."""

import math
from typing import Any

import pytest
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database, store_now
from ayla_service.previews import service
from ayla_service.states import JobState, TrialState
from fastapi.testclient import TestClient

from tests.factories import jobs, set_trials, spec, stranger, submit, submit_as
from tests.http.helpers import problem_of, record


def previews(client: TestClient, *job_ids: str) -> list[dict[str, Any]]:
    answer = client.get("/v1/previews", params={"job_id": job_ids})
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def end(database: Database, job_id: str) -> None:
    with database.write() as session:
        job = session.get_one(JobRow, job_id)
        job.state, job.finished_at = JobState.SUCCEEDED, store_now(session)


def test_a_job_that_waits_has_a_title_and_no_value(client: TestClient, database: Database) -> None:
    [told] = previews(client, submit(database).id)
    assert told["title"] == "x**4 - 3*x**3 + 2"
    assert (told["metric"], told["more_is_better"]) == ("final_loss", False)
    assert (told["value"], told["trial_id"], told["label"], told["optimizer_index"]) == (None, None, None, None)
    assert (told["diverged"], told["sparkline"]) == (0, [])


def test_the_best_trial_is_told_with_the_course_of_its_loss(client: TestClient, database: Database) -> None:
    job_id = submit(database, seeds=[1, 2], budget={"steps": 200}).id
    steps, falling = [*range(201)], [1 / (1 + step) for step in range(201)]
    falling[100] = 7.0
    record(database, f"{job_id}-3", {"step": steps, "loss": falling}, final_loss=0.1, best_loss=0.1, steps_done=200)
    set_trials(database, job_id, 1, state=TrialState.COMPLETED, final_loss=0.2, best_loss=0.01, steps_done=200)
    set_trials(database, job_id, 2, state=TrialState.DIVERGED, final_loss=math.inf, best_loss=0.001, steps_done=9)
    [told] = previews(client, job_id)
    assert (told["value"], told["optimizer_index"], told["diverged"]) == (0.1, 1, 1)
    assert told["trial_id"] == f"{job_id}-3"
    assert told["label"] == jobs(database).trials(job_id).items[3].label
    assert len(told["sparkline"]) <= 32
    assert (told["sparkline"][0], told["sparkline"][-1]) == (falling[0], falling[-1])
    assert max(told["sparkline"]) == 7.0


def test_before_a_trial_ends_the_lowest_loss_so_far_is_told_as_what_it_is(
    client: TestClient, database: Database
) -> None:
    made = submit(database)
    label = jobs(database).trials(made.id).items[1].label
    rows: dict[str, list[Any]] = {"step": [0, 1, 2], "loss": [3.0, math.nan, 1.0]}
    record(database, f"{made.id}-1", rows, state=TrialState.QUEUED, best_loss=1.0, steps_done=2)
    set_trials(database, made.id, 0, state=TrialState.DIVERGED, best_loss=0.5, steps_done=2)
    [told] = previews(client, made.id)
    assert (told["metric"], told["more_is_better"], told["value"]) == ("best_loss", False, 1.0)
    assert (told["label"], told["optimizer_index"], told["sparkline"]) == (label, 1, [3.0, None, 1.0])
    set_trials(database, made.id, 1, state=TrialState.COMPLETED, final_loss=2.0, best_loss=1.0, steps_done=10)
    [told] = previews(client, made.id)
    assert (told["metric"], told["value"], told["label"]) == ("final_loss", 2.0, label)


def test_a_job_whose_trials_have_all_diverged_has_a_line_and_no_value(client: TestClient, database: Database) -> None:
    job_id = submit(database).id
    rows: dict[str, list[Any]] = {"step": [0, 1], "loss": [3.0, math.inf]}
    record(database, f"{job_id}-1", rows, state=TrialState.DIVERGED, best_loss=3.0, steps_done=1)
    [told] = previews(client, job_id)
    assert (told["metric"], told["value"], told["label"], told["trial_id"]) == ("final_loss", None, None, None)
    assert told["sparkline"] == [3.0, None]


def test_jobs_are_told_in_the_order_asked_for_and_no_others(client: TestClient, database: Database) -> None:
    first, second = submit(database).id, submit(database, name="second").id
    theirs = submit_as(database, stranger(database)).id
    told = previews(client, second, theirs, "none", first.upper(), second)
    assert [each["job_id"] for each in told] == [second, first]
    for query in ("", "&".join(f"job_id={n}" for n in range(101)), f"job_id={first}&more=1"):
        problem_of(client.get(f"/v1/previews?{query}"), 422, "invalid-request")


def test_a_job_of_another_version_hides_no_other(client: TestClient, database: Database) -> None:
    mine, strange = submit(database).id, submit(database).id
    with database.write() as session:
        session.get_one(JobRow, strange).resolved_spec = {"unknown": True}
    assert [each["job_id"] for each in previews(client, strange, mine)] == [mine]


def test_what_has_ended_is_read_once_until_it_changes(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submit(database).id
    record(database, f"{job_id}-0", {"step": [0, 1], "loss": [2.0, 1.0]}, final_loss=1.0, best_loss=1.0, steps_done=1)
    end(database, job_id)
    before = previews(client, job_id)
    monkeypatch.setattr(service, "_found", lambda _session, jobs: [1 / 0 for _ in jobs])
    assert previews(client, job_id) == before
    monkeypatch.undo()
    set_trials(database, job_id, 1, state=TrialState.COMPLETED, final_loss=0.5, best_loss=0.5, steps_done=1)
    jobs(database).edit(job_id, name="changed")
    assert previews(client, job_id)[0]["value"] == 0.5


def test_no_more_is_read_than_there_is_room_for(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [submit(database, **spec(name=str(number))).id for number in range(3)]
    rows: dict[str, list[Any]] = {"step": [0, 1], "loss": [2.0, 1.0]}
    for job_id in ids:
        record(database, f"{job_id}-0", rows, final_loss=1.0, best_loss=1.0, steps_done=1)
        end(database, job_id)
    monkeypatch.setattr(service, "MOST_TRIALS", 4)
    monkeypatch.setattr(service, "MOST_STEPS", 1)
    told = previews(client, *ids)
    assert [each["value"] for each in told] == [1.0, 1.0, None]
    assert [each["sparkline"] for each in told] == [[2.0, 1.0], [], []]
    assert [each["value"] for each in previews(client, ids[2])] == [1.0]
