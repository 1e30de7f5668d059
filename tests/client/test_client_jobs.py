"""Submitting, listing and cancelling jobs."""

import json
from typing import Any

import ayla
import numpy
import pytest

from tests.client.fake_service import FakeService

SPEC: dict[str, Any] = {
    "name": "saddle",
    "problem": {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}},
    "optimizers": [
        {"name": "adam", "learning_rate": 0.01},
        {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": 1.0, "n2": 0.57}},
    ],
    "budget": {"steps": 8},
    "seeds": [0, 1],
}


@pytest.fixture
def service() -> FakeService:
    return FakeService()


def sent(service: FakeService) -> Any:
    return json.loads(service.requests[-1].content)


def test_a_spec_is_sent_as_it_is(service: FakeService) -> None:
    job = service.client().jobs.submit(SPEC)

    assert sent(service) == SPEC
    assert job.spec == SPEC
    assert job.trials.total == 4


def test_a_job_says_its_name_where_it_has_one(service: FakeService) -> None:
    named = service.client().jobs.submit(SPEC)
    unnamed = named.model_copy(update={"name": None})
    assert str(named).startswith(f"Job {named.id} (saddle): ")
    assert str(unnamed).startswith(f"Job {named.id}: ")


def test_keywords_and_builders_make_the_same_spec(service: FakeService) -> None:
    service.client().jobs.submit(
        name="saddle",
        problem=ayla.expression("x**4 - 3*x**3 + 2", x=-1.0),
        optimizers=[ayla.adam(0.01), ayla.adam(0.01, ayla=ayla.transform(n1=1.0, n2=0.57))],
        budget=8,
        seeds=range(2),
    )

    assert sent(service) == SPEC


def test_builders_say_only_what_was_given() -> None:
    assert ayla.sgd(0.1, label="mine") == {"name": "sgd", "learning_rate": 0.1, "label": "mine"}
    assert ayla.adam(0.1, beta2=0.99) == {"name": "adam", "learning_rate": 0.1, "beta2": 0.99}
    assert ayla.transform(2.0, max_scale=5.0, cap_weights=False, transform_on="sample") == {
        "n1": 2.0,
        "n2": 1.0,
        "max_scale": 5.0,
        "cap_weights": False,
        "transform_on": "sample",
    }


def test_numpy_values_are_numbers_like_any_other(service: FakeService) -> None:
    service.client().jobs.submit(
        problem=ayla.expression("x**2", x=numpy.float64(0.5)),
        optimizers=[ayla.sgd(rate) for rate in numpy.array([0.1, 0.25])],
        budget={"steps": numpy.int64(5)},
        seeds=numpy.arange(3),
    )

    assert sent(service)["seeds"] == [0, 1, 2]
    assert sent(service)["problem"]["start"] == {"x": 0.5}
    assert [item["learning_rate"] for item in sent(service)["optimizers"]] == [0.1, 0.25]


@pytest.mark.parametrize("budget", [5, numpy.int64(5), numpy.uint8(5), {"steps": 5}])
def test_a_budget_is_a_number_of_any_integer_type_or_the_mapping(service: FakeService, budget: Any) -> None:
    service.client().jobs.submit(problem=ayla.expression("x**2", x=1.0), optimizers=[ayla.sgd(0.1)], budget=budget)

    assert sent(service)["budget"] == {"steps": 5}


@pytest.mark.parametrize("budget", [True, numpy.bool_(True), 5.0, "5", [5]], ids=repr)
def test_a_budget_that_is_no_whole_number_is_refused(service: FakeService, budget: Any) -> None:
    with pytest.raises(TypeError, match=r"/budget: .* is not a whole number"):
        service.client().jobs.submit(problem=ayla.preset("poly-sgd"), budget=budget)

    assert service.requests == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), numpy.float64("nan")])
def test_a_number_that_is_not_finite_is_refused_with_its_place(service: FakeService, value: float) -> None:
    with pytest.raises(ValueError, match="/optimizers/0/learning_rate"):
        service.client().jobs.submit(problem=ayla.expression("x**2", x=1), optimizers=[ayla.sgd(value)], budget=1)

    assert service.requests == []


def test_what_json_cannot_say_is_refused_with_its_place(service: FakeService) -> None:
    with pytest.raises(ayla.InvalidRequest, match="/problem/start"):
        service.client().jobs.submit(problem={"type": "expression", "start": object()})


def test_a_spec_and_fields_together_are_refused(service: FakeService) -> None:
    with pytest.raises(TypeError, match="not both; here also name"):
        service.client().jobs.submit(SPEC, name="other")
    with pytest.raises(TypeError, match="Nothing to minimize"):
        service.client().jobs.submit(budget=3)


def test_an_invalid_spec_names_its_fields(service: FakeService) -> None:
    with pytest.raises(ayla.UnprocessableEntityError) as caught:
        service.client().jobs.submit(problem=ayla.expression("x**2 + z", x=1.0), optimizers=[], budget=0)

    assert {"/optimizers", "/budget/steps"} <= {error.pointer for error in caught.value.errors}


def test_the_list_pages_by_itself_newest_first(service: FakeService) -> None:
    service.page_size = 2
    client = service.client()
    submitted = [client.jobs.submit(SPEC).id for _ in range(5)]
    service.requests.clear()

    assert [job.id for job in client.jobs.list()] == submitted[::-1]

    assert [request.url.params.get("cursor") for request in service.requests] == [None, "2", "4"]


def test_pages_are_fetched_only_when_needed(service: FakeService) -> None:
    service.page_size = 2
    client = service.client()
    for _ in range(5):
        client.jobs.submit(SPEC)
    service.requests.clear()

    next(client.jobs.list())

    assert len(service.requests) == 1


@pytest.mark.parametrize(("limit", "requests"), [(0, 0), (1, 1), (2, 1), (3, 2), (9, 3)])
def test_a_limit_bounds_the_list_and_the_requests(service: FakeService, limit: int, requests: int) -> None:
    service.page_size = 2
    client = service.client()
    for _ in range(5):
        client.jobs.submit(SPEC)
    service.requests.clear()

    assert len([*client.jobs.list(limit=limit)]) == min(limit, 5)

    assert len(service.requests) == requests


def test_filters_are_sent_and_what_is_not_given_is_not(service: FakeService) -> None:
    assert [*service.client().jobs.list(state="queued", tag="paper & co")] == []

    assert dict(service.requests[0].url.params) == {"state": "queued", "tag": "paper & co", "limit": "200"}


def test_trials_come_over_pages(service: FakeService) -> None:
    service.page_size = 3
    client = service.client()
    trials = client.jobs.trials(client.jobs.submit(SPEC))

    assert [(trial.optimizer_index, trial.seed) for trial in trials] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert client.trials.get(trials[2]) == trials[2]


def test_conditions_of_trials_are_sent_and_no_more_trials_than_wanted_are_fetched(service: FakeService) -> None:
    service.page_size = 2
    client = service.client()
    job = client.jobs.submit(SPEC)
    before = len(service.requests)
    where = ["learning_rate>0.01", "seed=0"]
    trials = client.jobs.trials(job, where=where, arm="A", states=["completed"], sort="-best_loss", limit=1)
    assert len(trials) == 1
    (request,) = service.requests[before:]
    assert request.url.params.get_list("where") == where
    sent = {name: value for name, value in request.url.params.items() if name != "where"}
    assert sent == {"arm": "A", "states": "completed", "sort": "-best_loss", "limit": "1"}
    client.jobs.trials(job, where="seed=0")
    assert service.requests[before + 1].url.params.get_list("where") == ["seed=0"]


def test_a_cancelled_job_says_so_and_a_finished_one_refuses(service: FakeService) -> None:
    client = service.client()
    first, second = client.jobs.submit(SPEC), client.jobs.submit(SPEC)

    assert client.jobs.cancel(first.id).state == "cancelled"
    assert client.jobs.cancel(first).state == "cancelled"
    client.jobs.wait(second)
    with pytest.raises(ayla.ConflictError, match="succeeded"):
        client.jobs.cancel(second)


@pytest.mark.parametrize("identifier", ["no such job", "../catalogue", "a/b?c#d", "%2e"])
def test_any_text_is_an_id_and_nothing_else(service: FakeService, identifier: str) -> None:
    with pytest.raises(ayla.NotFoundError):
        service.client().jobs.get(identifier)

    assert len(service.requests[0].url.raw_path.split(b"/")) == 4


def test_unknown_fields_of_a_newer_server_are_ignored(service: FakeService) -> None:
    job = service.client().jobs.submit(SPEC)

    assert "a_field_of_a_newer_server" in next(iter(service.jobs.values())).document()
    assert not hasattr(job, "a_field_of_a_newer_server")


def test_answers_are_frozen(service: FakeService) -> None:
    job = service.client().jobs.submit(SPEC)

    with pytest.raises(ValueError, match="frozen"):
        job.state = "succeeded"  # type: ignore[misc]


def test_a_trial_tells_of_exponents_that_had_no_effect() -> None:
    """Of an older service nothing is known."""
    fields: dict[str, Any] = {"id": "t", "job_id": "j", "index": 0, "optimizer_index": 0, "label": "A", "optimizer": {}}
    note = "N2 had no effect, as the loss was above 1 in size on no step."
    counts = {"losses_below_one": 10, "losses_above_one": 0, "notes": [note]}
    told = ayla.Trial.model_validate(fields | {"seed": 0, "state": "completed", "summary": counts})
    older = ayla.Trial.model_validate(fields | {"seed": 0, "state": "completed", "summary": {}})

    assert told.notes == (note,)
    assert note in told._repr_html_()
    assert older.summary is not None
    assert (older.notes, older.summary.losses_below_one, older.summary.losses_above_one) == ((), None, None)
    assert "notes" not in older._repr_html_()


def test_a_trial_tells_its_metrics() -> None:
    """What is not recorded is None, as of an older service all of it."""
    fields: dict[str, Any] = {"id": "t", "job_id": "j", "index": 0, "optimizer_index": 0, "label": "A", "optimizer": {}}
    recorded = {"final_loss": 0.5, "metrics": {"test_loss": {"final": 0.25, "best": 0.125, "best_epoch": 3}}}
    told = ayla.Trial.model_validate(fields | {"seed": 0, "state": "completed", "summary": recorded})
    older = ayla.Trial.model_validate(fields | {"seed": 0, "state": "completed", "summary": {"final_loss": 0.5}})
    running = ayla.Trial.model_validate(fields | {"seed": 0, "state": "running"})

    names = ("test_loss", "test_accuracy", "final_loss", "best_loss")
    assert [told.value(name) for name in names] == [0.25, None, 0.5, None]
    assert [older.value(name) for name in names] == [None, None, 0.5, None]
    assert [running.value(name) for name in names] == [None] * 4
    assert told.summary is not None
    assert told.summary.metrics["test_loss"].best_epoch == 3
