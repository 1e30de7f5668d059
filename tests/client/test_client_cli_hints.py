"""What the command says to do next fits the error, and so does its exit code."""

import json

import httpx2
import pytest

from tests.client.command import ayla_command
from tests.client.fake_service import FakeService, Reply, problem


@pytest.fixture
def service() -> FakeService:
    return FakeService()


REFUSALS: list[tuple[Reply, int, str]] = [
    (problem(404, "job-not-found", "No job x."), 3, "See what there is: ayla ls"),
    (problem(404, "trial-not-found", "No trial x."), 3, "ayla show JOB"),
    (httpx2.Response(404, text="<html>"), 3, "Is http://service.test the address of an AYLA service? If not, give"),
    (problem(401, "not-authenticated", "No key."), 4, "Give an API key with --api-key or AYLA_API_KEY."),
    (problem(403, "not-allowed", "Not yours."), 4, "Use an API key that may do this"),
    (httpx2.ConnectError("refused"), 5, "See whether http://service.test is right and the service runs there, or give"),
    (httpx2.ReadTimeout("slow"), 5, "Try again; if http://service.test is not the service, give"),
    (problem(409, "job-finished", "Finished."), 1, "See its state: ayla show x"),
    (problem(409, "limit-reached", "Enough."), 1, "ayla ls --state queued"),
    (problem(413, "too-large", "Too large."), 1, "Make the request smaller"),
    (problem(422, "idempotency-key-reused", "Reused."), 1, "another --idempotency-key"),
    (problem(422, "invalid-request", "Wrong.", [("/seeds", "Wrong.")]), 1, "http://service.test/docs"),
    (problem(429, "rate-limited", "Too many."), 1, "Wait a little"),
    (problem(500, "internal-error", "Our fault."), 1, "request-1"),
    (problem(503, "store-unavailable", "Away."), 1, "Try again a little later"),
    (httpx2.Response(200, text="<html>"), 1, "If http://service.test is another program's, give its address"),
]


@pytest.mark.parametrize(("reply", "code", "advice"), REFUSALS, ids=str)
def test_errors_have_their_exit_code_and_advice(service: FakeService, reply: Reply, code: int, advice: str) -> None:
    service.replies = [reply] * 3
    result = ayla_command(service, "show", "x")

    assert result.exit_code == code
    assert result.stderr.startswith("Error: ")
    assert advice in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_hints_fit_the_key_the_place_and_the_option_that_are_wrong(service: FakeService) -> None:
    service.replies = [problem(401, "not-authenticated", "Unknown key.")]
    assert "is not, or no longer, valid here" in ayla_command(service, "show", "x", api_key="wrong").stderr

    service.replies = [httpx2.ConnectError("refused")] * 3
    here = ayla_command(service, "--base-url", "http://127.0.0.1:1", "ls")
    assert "Start a service with 'ayla-service serve'" in here.stderr

    refused = problem(422, "invalid-request", "One field is invalid.", [("/state", "Must be …")])
    content = json.loads(refused.content)
    content["errors"][0]["in"] = "query"
    service.replies = [httpx2.Response(422, json=content)]
    wrong = ayla_command(service, "ls", "--state", "ended")
    assert "Correct the option or argument; --help after the command says what it takes." in wrong.stderr
    assert "/docs" not in wrong.stderr
