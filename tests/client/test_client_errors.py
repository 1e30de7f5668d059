"""Every refusal becomes the error of its kind, with all the service says about it."""

import inspect

import ayla
import httpx2
import pytest
from ayla import errors

from tests.client.fake_service import FakeService, problem

STATUSES = [
    (400, ayla.BadRequestError),
    (401, ayla.AuthenticationError),
    (403, ayla.PermissionDeniedError),
    (404, ayla.NotFoundError),
    (405, ayla.APIStatusError),
    (409, ayla.ConflictError),
    (413, ayla.PayloadTooLargeError),
    (412, ayla.PreconditionFailedError),
    (415, ayla.UnsupportedMediaTypeError),
    (418, ayla.APIStatusError),
    (422, ayla.UnprocessableEntityError),
    (429, ayla.RateLimitError),
    (500, ayla.ServerError),
    (503, ayla.ServerError),
    (599, ayla.ServerError),
]


def failing(reply: httpx2.Response | Exception) -> ayla.Client:
    return FakeService(replies=[reply]).client(max_retries=0)


@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_a_status_has_its_error(status: int, kind: type[ayla.APIStatusError]) -> None:
    with pytest.raises(ayla.APIStatusError) as caught:
        failing(problem(status, "some-slug", "The detail.")).jobs.get("job-0")

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.problem.slug == "some-slug"
    assert caught.value.request_id == "request-1"
    assert "The detail." in str(caught.value)


def test_the_message_lists_every_field() -> None:
    fields = [("/problem/start/x", "Not finite."), ("/seeds/0", "Below 0.")]
    with pytest.raises(ayla.UnprocessableEntityError) as caught:
        failing(problem(422, "invalid-request", "Invalid.", fields)).jobs.get("job-0")

    assert [(error.pointer, error.detail) for error in caught.value.errors] == fields
    assert "/problem/start/x: Not finite." in str(caught.value)
    assert "/seeds/0: Below 0." in str(caught.value)


def test_a_field_that_the_detail_already_names_is_not_said_twice() -> None:
    text = "/seeds/0: Below 0."
    with pytest.raises(ayla.UnprocessableEntityError) as caught:
        failing(problem(422, "invalid-request", text, [("/seeds/0", "Below 0.")])).jobs.get("job-0")

    assert str(caught.value).count(text) == 1
    assert len(caught.value.errors) == 1


def test_a_field_of_the_query_says_so() -> None:
    error = ayla.FieldError.model_validate({"in": "query", "pointer": "/limit", "detail": "Above 200."})

    assert str(error) == "query /limit: Above 200."


def test_a_proxy_that_answers_in_its_own_words_is_survived() -> None:
    page = httpx2.Response(502, text="<html>Bad gateway</html>", headers={"X-Request-ID": "abc"})
    with pytest.raises(ayla.ServerError) as caught:
        failing(page).jobs.get("job-0")

    assert caught.value.request_id == "abc"
    assert "502 Bad Gateway" in str(caught.value)
    assert "<html>" not in str(caught.value)


@pytest.mark.parametrize("text", ["<html>Welcome</html>", "[]", '{"unexpected": true}'])
def test_an_answer_of_another_program_is_an_error_of_its_own(text: str) -> None:
    with pytest.raises(ayla.APIResponseError, match="v1/jobs/job-0"):
        failing(httpx2.Response(200, text=text)).jobs.get("job-0")


@pytest.mark.parametrize("item", [{}, {"id": "job-0", "state": 7}])
def test_an_unknown_item_on_a_page_is_an_error_of_the_same_tree(item: dict[str, object]) -> None:
    page = httpx2.Response(200, json={"data": [item], "next_cursor": None})
    with pytest.raises(ayla.APIResponseError, match=r"v1/jobs.* has an unknown form"):
        [*failing(page).jobs.list()]


def test_a_redirect_is_not_followed_blindly() -> None:
    with pytest.raises(ayla.APIStatusError, match="302"):
        failing(httpx2.Response(302, headers={"Location": "http://elsewhere.test"})).jobs.get("job-0")


def test_no_answer_names_the_address() -> None:
    with pytest.raises(ayla.APIConnectionError, match=r"http://service\.test"):
        failing(httpx2.ConnectError("refused")).jobs.get("job-0")


def test_a_timeout_is_a_connection_error_too() -> None:
    with pytest.raises(ayla.APITimeoutError) as caught:
        failing(httpx2.ConnectTimeout("slow")).jobs.get("job-0")

    assert isinstance(caught.value, ayla.APIConnectionError)


@pytest.mark.parametrize("address", ["service.test", "ftp://service.test", "http://", "http://host:port"])
def test_what_is_not_an_address_is_refused_at_once(address: str) -> None:
    with pytest.raises(ayla.AylaError, match="not an address"):
        ayla.Client(address)


def test_all_errors_form_one_tree_that_the_package_exports() -> None:
    public = [
        value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception) and not name.startswith("_")
    ]
    ours = [kind for kind in public if kind.__module__ == "ayla.errors"]

    assert len(ours) > 15
    assert all(issubclass(kind, ayla.AylaError) for kind in ours)
    assert {kind.__name__ for kind in ours} <= set(ayla.__all__)
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in ours)
