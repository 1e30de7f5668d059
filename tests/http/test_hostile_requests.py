"""Requests meant to break something, to every route that there is: each is refused, stores nothing, harms nothing."""

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.routers import SIGN_IN
from ayla_service.settings import Settings
from ayla_service.teams.routes.session import MOST_BODY_BYTES
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.db.test_store_faults import rows
from tests.factories import spec
from tests.http.contract_cases import Operation, good_request, is_stream, operations, things
from tests.http.helpers import BASE_URL, pointers, problem_of, with_shared_routes
from tests.keyring import make_key, shown

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "openapi.json").read_text())
OPERATIONS = {f"{method} {path}": (method, path, operation) for method, path, operation in operations(DOCUMENT)}
WITH_IDS = [name for name in OPERATIONS if "{" in name]
WITH_JSON = [
    name
    for name, (_, _, operation) in OPERATIONS.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
]
WITH_QUERY = [
    name
    for name, (_, _, operation) in OPERATIONS.items()
    if any(item["in"] == "query" for item in operation.get("parameters", ()))
]
JSON = {"Content-Type": "application/json"}
ANY_VERSION = {"If-Match": "*"}

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

PROPERTIES = (
    *("id", "owner", "owner_id", "team", "team_id", "state", "attempt", "version", "role ", "is_admin", "stored_bytes"),
    *("created_at", "finished_at", "resolved", "submitted_spec", "digest", "secret", "__class__", "__proto__", "$ref"),
)


@pytest.fixture(scope="module")
def folder(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(migrated_store, folder / "ayla.db")
    return folder


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[Database]:
    database = Database(Settings(data_dir=folder).store_url)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def there(store: Database) -> dict[str, str]:
    """Path parameters of things that are there."""
    names = {name for path in DOCUMENT["paths"] for name in re.findall(r"{(\w+)}", path)}
    return {**things(store, names), "kind": "loss"}


@pytest.fixture(scope="module")
def client(folder: Path, store: Database) -> TestClient:
    """It raises what the application lets through: nothing must get through."""
    app = with_shared_routes(create_app(Settings(data_dir=folder, rate_limit_per_minute=0), store))
    return TestClient(app, BASE_URL, headers=shown(make_key(store)))


@pytest.fixture(autouse=True)
def _nothing_is_stored_and_the_service_lives(
    client: TestClient, store: Database, there: dict[str, str]
) -> Iterator[None]:
    assert there
    before = rows(store)
    yield
    assert rows(store) == before
    assert client.get("/healthz").status_code == 200
    assert client.post("/v1/jobs", json=spec()).status_code == 202


def refused(answer: Response, *statuses: int) -> dict[str, Any]:
    """The problem that a request was answered with."""
    slug = answer.json()["type"].removeprefix("urn:ayla:problem:")
    assert answer.status_code in statuses or not statuses, answer.text[:300]
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert len(answer.content) < 30_000, "an answer must not echo a hostile request"
    return problem_of(answer, answer.status_code, slug)


def is_too_large(name: str, content: bytes) -> bool:
    """Whether the operation takes no body of this size, though others do: signing in, which anybody may try."""
    return OPERATIONS[name][:2] == SIGN_IN and len(content) > MOST_BODY_BYTES


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


def test_operations_without_ids_are_known() -> None:
    """That nothing is left out because the document says it in another way."""
    declared: list[Operation] = [operation for _, _, operation in OPERATIONS.values()]
    assert len(WITH_IDS) > 25
    assert len(WITH_JSON) == sum("requestBody" in operation for operation in declared) - 1, "all but an upload"
