"""Ids, paths, queries and headers meant to break something, to every route: each is refused and stores nothing."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from tests.factories import spec
from tests.http.contract_cases import Operation, good_request, is_stream
from tests.http.helpers import BASE_URL, pointers, problem_of
from tests.http.hostile.operations import (
    ANY_VERSION,
    DOCUMENT,
    OPERATIONS,
    WITH_IDS,
    WITH_JSON,
    WITH_QUERY,
    refused,
)

IDS = {
    "a NUL": "%00",
    "a NUL at the end": "a%00",
    "a folder above": "..%2f..%2f..%2fetc%2fpasswd",
    "dots": "%2e%2e",
    "a dot": "%2e",
    "SQL": "%27%20OR%20%271%27=%271",
    "a wildcard of LIKE": "%25",
    "a star": "*",
    "bytes that are no UTF-8": "%ff%fe",
    "half of a surrogate pair": "%ed%a0%80",
    "an emoji": "%F0%9F%92%A9",
    "a blank": "%20",
    "a line break": "%0d%0aX-Injected:%201",
    "a template": "{{7*7}}",
    "null": "null",
    "a number": "-1",
    "an id of nothing": "00000000-0000-0000-0000-000000000000",
    "an id in braces": "%7B00000000-0000-4000-8000-000000000001%7D",
    "five thousand letters": "a" * 5000,
    "a colon": ":bulk",
}

HEADERS: dict[str, list[tuple[str, str]]] = {
    "two keys of a request": [("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
    "an empty key of a request": [("Idempotency-Key", "")],
    "a long key of a request": [("Idempotency-Key", "k" * 256)],
    "a key of a request with a tab": [("Idempotency-Key", "a\tb")],
    "a key of a request that is not ASCII": [("Idempotency-Key", "sch\xf6n")],
    "a key of a request with a NUL": [("Idempotency-Key", "a\x00b")],
    "two versions": [("If-Match", "*"), ("If-Match", '"1"')],
    "two content types": [("Content-Type", "application/json"), ("Content-Type", "text/plain")],
    "two lengths": [("Content-Length", "2"), ("Content-Length", "200")],
    "two places of a stream": [("Last-Event-ID", "1"), ("Last-Event-ID", "2")],
}


def test_a_hostile_id_leads_nowhere(client: TestClient, there: dict[str, str], subtests: pytest.Subtests) -> None:
    for name in WITH_IDS:
        with subtests.test(name):
            method, path, operation = OPERATIONS[name]
            body = good_request(operation, there).get("body")
            for parameter in re.findall(r"{(\w+)}", path):
                for what, hostile in IDS.items():
                    url = (
                        path.replace(f"{{{parameter}}}", hostile).format_map(there)
                        if "{{" not in hostile
                        else f"/v1/{hostile}"
                    )
                    answer = client.request(method, url, json=body, headers=ANY_VERSION, follow_redirects=False)
                    refused(answer, 404, 405, 422)
                    assert "x-injected" not in answer.headers, what


def test_hostile_headers_are_refused(client: TestClient, there: dict[str, str], subtests: pytest.Subtests) -> None:
    for what, headers in HEADERS.items():
        with subtests.test(what):
            path = f"/v1/jobs/{there['job_id']}"
            given = [(name.encode(), value.encode("latin-1")) for name, value in headers]
            asked = [b"application/json"] if headers[0][0] != "Content-Type" else []
            given += [(b"Content-Type", value) for value in asked]
            for method, url, body in (
                ("POST", "/v1/jobs", spec()),
                ("POST", f"{path}/clone", {}),
                ("POST", f"{path}/pause", None),
            ):
                content = b"" if body is None else json.dumps(body).encode()
                problem = refused(client.request(method, url, content=content, headers=given), 422)
                assert [error["in"] for error in problem["errors"]] == ["header"]


def test_long_and_odd_headers_change_nothing(client: TestClient, there: dict[str, str]) -> None:
    """What is not understood is ignored, as HTTP has it, or refused; the answer is never an error of the service."""
    for name in ("Accept", "If-None-Match", "If-Match", "Last-Event-ID", "X-Request-ID", "Range", "Cookie", "Expect"):
        for value in (
            b"a" * 60_000,
            b'"' * 10_000,
            b";q=" * 5000,
            b"\x00\xff",
            b"text/csv;q=nan",
            b"*/*;q=1e999",
            b",",
        ):
            for way in ("", "/trajectories", "/summary", "/figures"):
                headers = [(name.encode(), value), (name.encode(), value)]
                answer = client.get(f"/v1/jobs/{there['job_id']}{way}", headers=headers)
                assert answer.status_code in (200, 304, 406, 409, 422), (name, value[:20], way)
                assert len(answer.headers["x-request-id"]) < 130


def test_two_keys_are_one_too_many(client: TestClient) -> None:
    given = [(b"Authorization", client.headers["Authorization"].encode())] * 2
    anonymous = TestClient(client.app, BASE_URL)
    problem_of(anonymous.get("/v1/jobs", headers=given), 401, "not-authenticated")
    for value in (b"Bearer", b"Bearer ", b"Basic YTpi", b"Bearer \xff\x00", b"Bearer " + b"a" * 60_000, b"ayla_a"):
        problem_of(anonymous.get("/v1/jobs", headers=[(b"Authorization", value)]), 401, "not-authenticated")


def test_methods_that_a_path_does_not_have_are_refused(
    client: TestClient, there: dict[str, str], subtests: pytest.Subtests
) -> None:
    for path in sorted(DOCUMENT["paths"]):
        with subtests.test(path):
            here = {method.upper() for method in DOCUMENT["paths"][path]} | {"HEAD"}
            for method in sorted(
                {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "X" * 100} - here
            ):
                answer = client.request(method, path.format_map(there))
                problem_of(answer, 405, "method-not-allowed")
                assert set(answer.headers["allow"].split(", ")) <= here


PATHS = (
    "/v1//jobs",
    "//v1/jobs",
    "/v1/jobs//",
    "/v1/./jobs/x/y",
    "/v1/jobs;a=b",
    "/V1/jobs",
    "/v1/jobs%00",
    "/v1%2fjobs%2f",
    "/v1/%2e%2e/metrics/x",
    "/v1/..%2f..%2fetc/passwd",
    "/docs/assets/..%2f..%2f..%2fetc%2fpasswd",
    "/v1/jobs%0a",
    "/docs/assets/%2e%2e/%2e%2e/docs.py",
    "/v1/jobs:nothing",
    "/v1/jobs%3abulk%20",
    "/v1/" + "a/" * 20_000,
    "/" + "a" * 60_000,
)


def test_a_hostile_path_leads_nowhere(client: TestClient, subtests: pytest.Subtests) -> None:
    for path in PATHS:
        with subtests.test(path[:50]):
            refused(client.get(path, follow_redirects=False), 404, 405)


def test_hostile_queries_are_refused(client: TestClient, there: dict[str, str], subtests: pytest.Subtests) -> None:
    for name in WITH_QUERY:
        with subtests.test(name):
            method, path, operation = OPERATIONS[name]
            url = path.format_map(there)
            for parameter in (item for item in operation["parameters"] if item["in"] == "query"):
                given = parameter["name"]
                if parameter["schema"].get("type") != "array" and "array" not in str(parameter["schema"].get("anyOf")):
                    answer = client.request(method, f"{url}?{given}=1&{given}=1")
                    assert f"/{given}" in pointers(refused(answer, 422)), given
                if not is_stream(operation):
                    for value in ("%00", "%ff", "%0a", "a" * 60_000, "%ed%a0%80", "9" * 5000):
                        answer = client.request(method, f"{url}?{given}={value}")
                        assert answer.status_code < 500, (given, value[:20])
            refused(client.request(method, f"{url}?" + "&".join(f"p{place}=1" for place in range(5000))), 422)
            refused(client.request(method, f"{url}?{'q' * 60_000}=1"), 422)


def test_operations_without_ids_are_known() -> None:
    """That nothing is left out because the document says it in another way."""
    declared: list[Operation] = [operation for _, _, operation in OPERATIONS.values()]
    assert len(WITH_IDS) > 25
    assert len(WITH_JSON) == sum("requestBody" in operation for operation in declared) - 1, "all but an upload"
