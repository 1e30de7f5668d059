"""Bodies meant to break something, to every route that takes one: each is refused, stores nothing, harms nothing."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ayla_service.routers import SIGN_IN
from ayla_service.teams.routes.session import MOST_BODY_BYTES
from fastapi.testclient import TestClient

from tests.factories import spec
from tests.http.contract_cases import good_request
from tests.http.helpers import pointers, problem_of
from tests.http.hostile.operations import ANY_VERSION, JSON, OPERATIONS, WITH_JSON, refused

BODIES: dict[str, tuple[bytes, int]] = {
    "a hundred thousand lists": (b"[" * 100_000, 400),
    "a hundred thousand objects": (b'{"a":' * 100_000, 400),
    "nested and closed": (b"[" * 100_000 + b"]" * 100_000, 400),
    "a number of a million digits": (b'{"name":' + b"9" * 1_000_000 + b"}", 400),
    "a number of ten million digits": (b'{"name":' + b"9" * 10_000_000 + b"}", 413),
    "bytes that are no UTF-8": (b'{"name":"\xff\xfe"}', 400),
    "an overlong encoding": (b'{"name":"\xc0\xaf"}', 400),
    "UTF-16 without its mark": ('{"name":1}'.encode("utf-16-le"), 422),
    "a mark and nothing": (b"\xef\xbb\xbf", 400),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbf{}", 400),
    "half an object": (b'{"name":', 400),
    "a comment": (b'{} // "name"', 400),
    "two documents": (b"{}{}", 400),
    "single quotes": (b"{'name': 'a'}", 400),
    "a comma too much": (b'{"name":"a",}', 400),
    "a NUL": (b"\x00", 400),
    "nothing": (b"", 422),
    "blanks": (b"   ", 400),
    "NaN": (b"NaN", 422),
    "NaN in a field": (b'{"name":NaN}', 422),
    "an infinity in an unknown field": (b'{"unknown":-Infinity}', 422),
    "a number beyond floats": (b'{"unknown":1e999}', 422),
    "a field twice": (b'{"name":"a","name":"b"}', 422),
    "a field twice, deep inside": (b'{"unknown":[{"a":{"b":1,"b":1}}]}', 422),
    "half of a surrogate pair": (b'{"\\ud800":"\\udfff"}', 422),
    "a field without a name": (b'{"":1}', 422),
    "a crowd of fields": (b"{" + b",".join(b'"f%d":1' % place for place in range(60_000)) + b"}", 422),
    "a crowd of lists": (b'{"unknown":[' + b"[]," * 30_000 + b"[]]}", 422),
    "a list": (b"[]", 422),
    "a text": (b'"spec"', 422),
    "a number": (b"1", 422),
    "null": (b"null", 422),
}

CONTENT_TYPES = {
    "none": "",
    "text": "text/plain",
    "a form": "application/x-www-form-urlencoded",
    "parts": "multipart/form-data; boundary=x",
    "XML": "application/xml",
    "almost JSON": "application/jsonx",
    "two in one": "text/plain, application/json",
    "long": "a" * 10_000 + "/json",
    "nonsense": ";;;=\x7f",
}

PROPERTIES = (
    *("id", "owner", "owner_id", "team", "team_id", "state", "attempt", "version", "role ", "is_admin", "stored_bytes"),
    *("created_at", "finished_at", "resolved", "submitted_spec", "digest", "secret", "__class__", "__proto__", "$ref"),
)


def is_too_large(name: str, content: bytes) -> bool:
    """Whether the operation takes no body of this size, though others do: signing in, which anybody may try."""
    return OPERATIONS[name][:2] == SIGN_IN and len(content) > MOST_BODY_BYTES


def test_a_hostile_body_is_refused_by_every_route(
    client: TestClient, there: dict[str, str], subtests: pytest.Subtests
) -> None:
    for body in BODIES:
        with subtests.test(body):
            content, status = BODIES[body]
            for name in WITH_JSON:
                method, path, operation = OPERATIONS[name]
                if content in (b"", b"null") and not operation["requestBody"].get("required"):
                    continue
                answer = client.request(
                    method, path.format_map(there), content=content, headers={**JSON, **ANY_VERSION}
                )
                if is_too_large(name, content):
                    refused(answer, 413)
                else:
                    refused(answer, status, 400 if status == 422 else status)


def test_a_body_that_is_not_said_to_be_json_is_refused(
    client: TestClient, there: dict[str, str], subtests: pytest.Subtests
) -> None:
    for name in WITH_JSON:
        with subtests.test(name):
            method, path, operation = OPERATIONS[name]
            content = json.dumps(good_request(operation, there)["body"]).encode()
            for given in CONTENT_TYPES.values():
                headers = {**ANY_VERSION, "Content-Type": given}
                refused(client.request(method, path.format_map(there), content=content, headers=headers), 415, 422)


def test_a_compressed_body_is_refused_for_that(client: TestClient, there: dict[str, str]) -> None:
    content = gzip.compress(json.dumps(spec()).encode())
    upload = [("POST", "/v1/datasets?name=a&format=csv", {"Content-Type": "text/csv"})]
    for method, path, headers in [*((*OPERATIONS[name][:2], JSON) for name in WITH_JSON), *upload]:
        for coding in (
            "gzip",
            "GZIP",
            "x-gzip",
            "deflate",
            "br",
            "zstd",
            "identity, gzip",
            "gzip, identity",
            "a" * 5000,
        ):
            given = {**ANY_VERSION, **headers, "Content-Encoding": coding}
            answer = client.request(method, path.format_map(there), content=content, headers=given)
            problem = refused(answer, 415)
            assert answer.headers["accept-encoding"] == "identity"
            assert [(error["in"], error["pointer"]) for error in problem["errors"]] == [("header", "/Content-Encoding")]
            assert "Content-Encoding" in problem["detail"]


def test_a_body_that_is_only_said_to_be_as_it_is_is_read(client: TestClient) -> None:
    for coding in ("identity", "Identity", "", " identity , "):
        answer = client.post("/v1/jobs:validate", json=spec(), headers={"Content-Encoding": coding})
        assert answer.status_code == 200, coding
    assert client.get("/v1/jobs", headers={"Content-Encoding": "gzip"}).status_code == 200


def test_nobody_sets_what_is_not_for_him_to_set(
    client: TestClient, there: dict[str, str], subtests: pytest.Subtests
) -> None:
    for name in WITH_JSON:
        with subtests.test(name):
            method, path, operation = OPERATIONS[name]
            body = good_request(operation, there)["body"]
            for field in PROPERTIES:
                answer = client.request(
                    method, path.format_map(there), json={**body, field: "admin"}, headers=ANY_VERSION
                )
                assert f"/{field}" in pointers(refused(answer, 422)), field


def test_a_crowd_is_refused_before_each_of_it_is_looked_at(
    client: TestClient, there: dict[str, str], subtests: pytest.Subtests
) -> None:
    def bodies(most: int) -> dict[str, bytes]:
        crowds: dict[str, Any] = {
            "fields": {f"f{place}": 1 for place in range(most + 1)},
            "lists and objects": {"x": [[] for _ in range(2 * most)]},
        }
        return {what: json.dumps(crowd).encode() for what, crowd in crowds.items()}

    of_one, of_many = bodies(5_000), bodies(50_000)
    for name in WITH_JSON:
        method, path, _ = OPERATIONS[name]
        for what, content in (of_many if path.endswith(":bulk") else of_one).items():
            with subtests.test(name, what=what):
                answer = client.request(
                    method, path.format_map(there), content=content, headers={**JSON, **ANY_VERSION}
                )
                if is_too_large(name, content):
                    refused(answer, 413)
                    continue
                problem = refused(answer, 422)
                assert f"{what}; no request needs so many" in problem["detail"]
                assert pointers(problem) == [""]


def test_a_body_where_none_belongs_is_ignored(client: TestClient, there: dict[str, str]) -> None:
    job = f"/v1/jobs/{there['job_id']}"
    for content in (b"[" * 100_000, b"\xff", json.dumps({"owner_id": "me"}).encode()):
        assert client.request("GET", job, content=content, headers=JSON).json()["id"] == there["job_id"]
        refused(client.request("DELETE", job, content=content, headers=JSON), 409)


def test_a_body_in_chunks_is_bounded_and_read_like_any_other(client: TestClient) -> None:
    def chunks(size: int) -> Iterator[bytes]:
        yield from (b"[" * 1000 for _ in range(size))

    refused(client.post("/v1/jobs", content=chunks(10), headers=JSON), 400)
    problem_of(client.post("/v1/jobs", content=chunks(2000), headers=JSON), 413, "body-too-large")


def test_a_hostile_change_makes_no_clone(client: TestClient, there: dict[str, str], subtests: pytest.Subtests) -> None:
    """Merging goes as deep as the changes do, and no deeper than can be read."""
    for pointer in ("", "/problem", "/problem/start", "/optimizers", "/unknown"):
        with subtests.test(pointer):
            deep, wide = '{"a":' * 900 + "1" + "}" * 900, json.dumps({f"f{place}": {} for place in range(4900)})
            for change in (
                deep,
                wide,
                '{"a":' * 5000 + "1" + "}" * 5000,
                json.dumps({f"f{place}": 1 for place in range(10_000)}),
            ):
                names = pointer.split("/")[1:]
                content = "".join(f'{{"{name}":' for name in names) + change + "}" * len(names)
                refused(client.post(f"/v1/jobs/{there['job_id']}/clone", content=content, headers=JSON), 400, 422)


def test_one_hostile_job_keeps_all_of_a_bulk_out(client: TestClient) -> None:
    jobs: list[Any] = [{}, [], None, 1, spec(owner_id="me"), spec(seeds=[-1]), spec(budget={"steps": 10**12})]
    for hostile in jobs:
        problem = refused(client.post("/v1/jobs:bulk", json={"jobs": [spec(), hostile, spec()]}), 422)
        assert all(pointer.startswith("/jobs/1") for pointer in pointers(problem))
