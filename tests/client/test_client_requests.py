"""Requests that cannot be sent, and addresses where another program answers."""

import traceback
from collections.abc import Callable
from typing import Any

import ayla
import httpx2
import pytest

from tests.cases import each
from tests.client.fake_service import FakeService

ITSELF: list[Any] = []
ITSELF.append(ITSELF)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (float("nan"), "/a~1b/0"),
        (float("-inf"), "/a~1b/0"),
        ("\ud800", "/a~1b/0"),
        ({"\ud800": 1}, "/a~1b/0"),
        (10**5000, "/a~1b/0"),
        (-(2**1024), "/a~1b/0"),
        (object(), "/a~1b/0"),
        (b"bytes", "/a~1b/0"),
        (ITSELF, ""),
    ],
    ids=lambda value: f"{value!a:.20}" if not isinstance(value, int) else "integer",
)
def test_a_spec_that_json_cannot_say_is_refused_with_its_place(value: object, pointer: str) -> None:
    service = FakeService()
    with pytest.raises(ayla.InvalidRequest) as caught:
        service.client().jobs.submit({"a/b": [value]})

    assert caught.value.pointer == pointer
    assert isinstance(caught.value, ayla.AylaError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.detail in str(caught.value)
    assert service.requests == []


def test_the_largest_numbers_are_sent_and_left_to_the_service() -> None:
    service = FakeService()
    with pytest.raises(ayla.UnprocessableEntityError):
        service.client().jobs.submit({"seeds": [2**1024 - 1], "budget": {"steps": 1.7e308}})


@each("identifier", ["", ".", "..", None, 7, b"id", "\ud800", "x" * 100_000], ids=lambda x: repr(x)[:9])
@each(
    "call",
    [
        lambda client, item: client.jobs.get(item),
        lambda client, item: client.jobs.cancel(item),
        lambda client, item: client.jobs.wait(item),
        lambda client, item: client.jobs.trials(item),
        lambda client, item: client.jobs.pause(item),
        lambda client, item: client.jobs.resume(item),
        lambda client, item: client.jobs.prioritise(item, "low"),
        lambda client, item: client.jobs.attempts(item),
        lambda client, item: client.trials.get(item),
        lambda client, item: client.trials.trajectory(item),
        lambda client, item: client.trials.trajectory_csv(item),
        lambda client, item: client.trials.predictions(item),
        lambda client, item: client.compare(item),
    ],
)
def test_what_is_no_id_is_refused(call: Callable[[ayla.Client, Any], Any], identifier: object) -> None:
    service = FakeService()
    with pytest.raises(ayla.InvalidRequest):
        call(service.client(), identifier)

    assert service.requests == []


def test_filters_and_keys_that_cannot_be_sent_are_refused() -> None:
    client = FakeService().client()
    for refused in (
        lambda: [*client.jobs.list(tag="\ud800")],
        lambda: [*client.jobs.list(tag="x" * 100_000)],
        lambda: client.trials.trajectory("t", max_points=10**5000),
        lambda: client.jobs.submit(problem=ayla.preset("poly-sgd"), idempotency_key="é"),
        lambda: client.jobs.submit(problem=ayla.preset("poly-sgd"), idempotency_key="a\nb"),
    ):
        with pytest.raises(ayla.InvalidRequest):
            refused()


def test_a_closed_client_says_so() -> None:
    client = FakeService().client()
    client.close()
    for refused in (
        client.catalogue,
        lambda: client.jobs.submit(problem=ayla.preset("poly-sgd")),
        lambda: client.jobs.wait("job-0"),
    ):
        with pytest.raises(ayla.InvalidRequest, match="client is closed"):
            refused()


@pytest.mark.parametrize("key", ["sécret", "secret\n", "sec\r\nret", " secret", "secret\x00", "secret\ud800"])
@pytest.mark.parametrize("from_environment", [False, True])
def test_a_key_that_no_header_carries_is_refused_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, key: str, *, from_environment: bool
) -> None:
    if from_environment and not key.endswith(("\x00", "\ud800")):
        monkeypatch.setenv("AYLA_API_KEY", key)
        key = ""
    with pytest.raises(ayla.InvalidRequest, match="api_key") as caught:
        ayla.Client(api_key=key)

    told = "".join(traceback.format_exception_only(caught.value))
    assert "ret" not in told.replace("InvalidRequest", "")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "address", ["http://service.test/v1", "http://service.test/v1/", "http://service.test/team/v1"]
)
def test_an_address_may_end_with_the_version(address: str) -> None:
    service = FakeService(replies=[httpx2.Response(200, json={"data": []})])
    client = ayla.Client(address, transport=service.transport)
    assert [*client.jobs.list()] == []

    assert service.requests[0].url.path.removeprefix("/team") == "/v1/jobs"
    assert not client.base_url.endswith("v1")


@each(
    "call",
    [
        lambda client: client.jobs.get("job-0"),
        lambda client: [*client.jobs.list()],
        lambda client: client.trials.get("t"),
        lambda client: client.trials.trajectory("t"),
        lambda client: client.trials.trajectory_csv("t"),
        lambda client: client.trials.predictions("t"),
    ],
)
@each("answer", [{"args": {}, "url": "elsewhere"}, [1, 2], None])
def test_the_answers_of_another_program_are_told_in_plain_words(
    call: Callable[[ayla.Client], Any], answer: object
) -> None:
    service = FakeService(replies=[httpx2.Response(200, json=answer)])
    with pytest.raises(ayla.APIResponseError, match="does not look like an AYLA service") as caught:
        call(service.client())

    assert str(service.requests[0].url) in str(caught.value)
    assert "validation error" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_json_beyond_reading_is_an_answer_of_another_program() -> None:
    for status, kind in ((200, ayla.APIResponseError), (404, ayla.NotFoundError)):
        service = FakeService(replies=[httpx2.Response(status, text="[" * 100_000)])
        with pytest.raises(kind, match="AYLA service"):
            service.client().jobs.get("job-0")


@pytest.mark.parametrize("columns", ["loss", ["loss"], ("loss",), iter(["loss"])])
def test_one_column_needs_no_list(columns: Any) -> None:
    service = FakeService()
    job = service.client().jobs.submit(problem=ayla.preset("poly-sgd"))
    trial = service.client().jobs.trials(job)[0]

    assert [*service.client().trials.trajectory(trial, columns=columns)] == ["loss"]


def test_one_column_as_csv_needs_no_list() -> None:
    service = FakeService()
    job = service.client().jobs.submit(problem=ayla.preset("poly-sgd"))
    trial = service.client().jobs.trials(job)[0]

    assert service.client().trials.trajectory_csv(trial, columns="loss").startswith("loss\r\n")
