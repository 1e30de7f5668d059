"""The committed contract is the one that is served, and the service keeps it, whatever is asked and whoever asks."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from ayla_service.app import contract_text
from ayla_service.datasets.routes.uploads import MEDIA_TYPES
from ayla_service.http.examples import JOB_EXAMPLES
from ayla_service.teams.principal import Scope
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from tests.cases import each
from tests.db.test_store_faults import rows
from tests.http.contract_cases import NEEDS_AN_ENDED_JOB, OF_SEVERAL_JOBS, good_request, is_stream, operations, things
from tests.http.contract_service import ContractService, contract_service
from tests.http.helpers import problem_of
from tests.keyring import make_key, shown

COMMITTED = Path(__file__).parents[2] / "openapi.json"

schemathesis.serializer.alias(
    [kind for kind in MEDIA_TYPES if not kind.endswith(("/csv", "octet-stream"))], "application/octet-stream"
)
schemathesis.serializer.alias("application/csv", "text/plain")
committed = schemathesis.openapi.from_path(COMMITTED)
committed.config.phases.coverage.unexpected_methods = set()  # hostile/test_requests.py has those of each path
uncovered = schemathesis.openapi.from_path(COMMITTED)
uncovered.config.phases.coverage.enabled = False
DOCUMENT = committed.raw_schema
OPERATIONS = {operation["operationId"]: (method, path) for method, path, operation in operations(DOCUMENT)}
STREAMS = [operation["operationId"] for _, _, operation in operations(DOCUMENT) if is_stream(operation)]
OF_SPECS = ["submit_job", "submit_jobs", "validate_job"]
FINITE = [name for name in OPERATIONS if name not in STREAMS]
"""Operations that are answered to the end. A stream of events has none, so a client in this process would wait for
ever; ``tests/streams`` has a service of its own for them."""


@pytest.fixture(scope="module")
def folder(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contract")
    shutil.copy(migrated_store, folder / "ayla.db")
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[ContractService]:
    """One service for every request, so that they also meet what earlier ones left behind."""
    with contract_service(folder) as service:
        yield service


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """Connections to the service, whatever proxies this machine has."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="module")
def admin(served: ContractService) -> Mapping[str, str]:
    """What an admin shows; from then on the service lets nobody in without a key."""
    return shown(make_key(served.database))


@pytest.fixture
def existing(served: ContractService, admin: Mapping[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    """Path parameters of things that are there, new for each operation: the one before may have deleted its own."""
    if request.node.name.endswith("[sign_in]"):  # by a key that is known: guesses before would use up those of others
        return {"key": admin["Authorization"].removeprefix("Bearer ")}
    for name, (_, path) in OPERATIONS.items():
        if request.node.name.endswith((f"[{name}]", f"[{OPERATIONS[name][0]} {path}]")):
            names = [*re.findall(r"{(\w+)}", path), *(("job_id",) if name in OF_SEVERAL_JOBS else ())]
            ended, kept = name in NEEDS_AN_ENDED_JOB, name != "recompute_trial"
            return things(served.database, names, ended=ended, kept=kept)
    raise LookupError(request.node.name)


@committed.exclude(operation_id=[*STREAMS, *OF_SPECS]).parametrize()
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_the_contract(
    case: schemathesis.Case[Any],
    served: ContractService,
    session: requests.Session,
    existing: dict[str, str],
    admin: dict[str, str],
) -> None:
    keeps_the_contract(case, served, session, existing, admin)


@uncovered.include(operation_id=OF_SPECS).parametrize()
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_operations_on_specs_keep_the_contract(
    case: schemathesis.Case[Any],
    served: ContractService,
    session: requests.Session,
    existing: dict[str, str],
    admin: dict[str, str],
) -> None:
    """Without a case for each bound of each field: thousands, and tests/jobs/test_hostile_specs.py has those."""
    keeps_the_contract(case, served, session, existing, admin)


def keeps_the_contract(
    case: schemathesis.Case[Any],
    served: ContractService,
    session: requests.Session,
    existing: dict[str, str],
    admin: dict[str, str],
) -> None:
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        case.path_parameters = {name: existing.get(name, given) for name, given in case.path_parameters.items()}
        name_jobs_that_are_there(case, existing)
    # A valid spec can still be refused: JSON Schema knows neither expressions nor cursors. Who comes without a key has
    # a test of its own, which asks each operation once and not for each case again.
    # A wrong value can vanish on its way, as null in a query does: what is refused is for the hostile requests.
    excluded = [negative_data_rejection, positive_data_acceptance, ignored_auth]
    case.call_and_validate(served.url, session=session, headers=admin, excluded_checks=excluded)


def name_jobs_that_are_there(case: schemathesis.Case[Any], existing: Mapping[str, str]) -> None:
    """Without them every other parameter would meet nothing but 404."""
    if "job_id" in case.query and "job_id" in existing:
        case.query["job_id"] = [existing["job_id"]]
    if isinstance(case.body, dict) and "job_ids" in case.body:
        case.body["job_ids"] = [existing["job_id"]]


@pytest.mark.parametrize("name", FINITE)
def test_every_operation_succeeds_by_its_own_example(
    name: str, served: ContractService, session: requests.Session, existing: dict[str, str], admin: dict[str, str]
) -> None:
    method, path = OPERATIONS[name]
    wanted = good_request(DOCUMENT["paths"][path][method.lower()], existing)
    case = committed[path][method].Case(**wanted)
    answer = case.call(served.url, session=session, headers={**admin, **wanted.get("headers", {})})
    assert 200 <= answer.status_code < 300, answer.text[:500]
    case.validate_response(answer, excluded_checks=[ignored_auth])


@pytest.mark.parametrize("name", OPERATIONS)
def test_nobody_is_let_in_without_a_key(name: str, served: ContractService, admin: dict[str, str]) -> None:
    assert admin, "the service is closed from its first key on"
    method, path = OPERATIONS[name]
    operation = DOCUMENT["paths"][path][method.lower()]
    shows_its_key = name == "sign_in"  # in its body; that of the example is nobody's
    body = good_request(operation, {})["body"] if shows_its_key else None
    answer = httpx2.request(method, served.url + path, json=body, trust_env=False)
    if path.startswith("/v1/"):
        problem_of(answer, 401, "not-authenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert operation["security"] == ([] if shows_its_key else [{"ApiKey": []}])
    else:
        assert answer.status_code == 200


def test_a_key_that_only_reads_changes_nothing(served: ContractService, existing_of_all: dict[str, str]) -> None:
    """403 comes before anything of the body is looked at, and is told for every operation that needs another scope.

    Those that only look need none, nor those on the caller's own key or session.
    """
    key = shown(make_key(served.database, scopes=[Scope.READ]))
    before = rows(served.database)
    with httpx2.Client(base_url=served.url, headers=key, trust_env=False) as reader:
        for name, (method, path) in OPERATIONS.items():
            if method == "GET" or name in ("compare_jobs", "rotate_key", "revoke_key", "sign_in", "sign_out"):
                continue
            answer = reader.request(method, path.format_map(existing_of_all), json={})
            problem_of(answer, 403, "not-allowed")
    assert rows(served.database) == before


@pytest.fixture
def existing_of_all(served: ContractService, admin: Mapping[str, str]) -> dict[str, str]:
    assert admin
    names = {name for _, path in OPERATIONS.values() for name in re.findall(r"{(\w+)}", path)}
    return {"kind": "trajectory", **things(served.database, names)}


def test_the_committed_contract_is_the_one_served() -> None:
    assert COMMITTED.read_text() == contract_text(), "run 'make openapi' and review the change"


def test_the_contract_is_the_same_in_every_process() -> None:
    printed = subprocess.run([sys.executable, "-m", "ayla_service", "openapi"], check=True, capture_output=True)
    assert printed.stdout.decode() == COMMITTED.read_text()


@pytest.mark.parametrize("name", JOB_EXAMPLES)
def test_the_examples_of_the_documentation_are_accepted(client: TestClient, name: str) -> None:
    answer = client.post("/v1/jobs", json=JOB_EXAMPLES[name]["value"])
    assert answer.status_code == 202
    assert answer.json()["spec"] == JOB_EXAMPLES[name]["value"]


@each(("method", "path", "operation"), list(operations(DOCUMENT)), ids=list(OPERATIONS))
def test_every_operation_is_documented(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert not operation["summary"].endswith(".")
    assert operation["description"]
    assert operation["tags"]
    for parameter in operation.get("parameters", ()):
        assert parameter["description"], parameter["name"]
    assert all(header["description"] for answer in operation["responses"].values() for header in headers_of(answer))
    if path.startswith("/v1/"):
        assert {"401", "403", "408", "421", "422", "429", "500", "503"} <= set(operation["responses"])
    if "{" in path:
        assert "404" in operation["responses"]
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        assert {"400", "413", "415"} <= set(operation["responses"])
        assert operation["requestBody"]["content"]["application/json"]["examples"]


def headers_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return list(answer.get("headers", {}).values())


@each(("method", "path", "operation"), list(operations(DOCUMENT)), ids=list(OPERATIONS))
def test_every_answer_says_what_it_is(method: str, path: str, operation: dict[str, Any]) -> None:
    successes = {code: answer for code, answer in operation["responses"].items() if code < "4"}
    assert any(code.startswith("2") for code in successes)
    for code, answer in successes.items():
        assert ("content" in answer) == (code not in ("204", "304")), code
        assert all("schema" in content for content in answer.get("content", {}).values()), code
    refusals = {code: answer for code, answer in operation["responses"].items() if code >= "4"}
    for code, answer in refusals.items():
        assert list(answer["content"]) == ["application/problem+json"], code


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations(DOCUMENT)]
    assert len(names) == len(set(names))
    assert len(names) == sum(len(item) for item in DOCUMENT["paths"].values())


def test_a_change_tells_no_defaults() -> None:
    """A client that is generated from the contract would send them, and so change what its user did not name."""
    changes = {name: schema for name, schema in DOCUMENT["components"]["schemas"].items() if name.endswith("Change")}
    assert {"JobChange", "MemberChange", "WebhookChange", "LimitsChange"} <= set(changes)
    for schema in changes.values():
        assert not any("default" in field for field in schema["properties"].values())


def test_only_streams_of_events_are_left_out() -> None:
    assert all(OPERATIONS[name][1].endswith("/events") for name in STREAMS)
