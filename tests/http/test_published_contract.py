"""The contract is one that linters and generators of clients can use: valid, complete, and exact about requests.

``make contract-ts`` asks public linters and a compiler; these are their findings, held without them.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from ayla_service.http.published import publish
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator

from tests.cases import each
from tests.http.contract_cases import is_stream, operations
from tests.http.helpers import problem_of

COMMITTED = Path(__file__).parents[2] / "openapi.json"
DOCUMENT: dict[str, Any] = json.loads(COMMITTED.read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = list(operations(DOCUMENT))
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]
PREFIX = "#/components/schemas/"


def objects(part: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in this part."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from objects(inner)


def referred(part: Any) -> set[str]:
    """Names of the components that this part needs."""
    found, waiting = set[str](), [part]
    while waiting:
        names = {one["$ref"].removeprefix(PREFIX) for one in objects(waiting.pop()) if isinstance(one.get("$ref"), str)}
        waiting += [SCHEMAS[name] for name in names - found]
        found |= names
    return found


UNIONS = {
    (schema["discriminator"]["propertyName"], *sorted(schema["discriminator"]["mapping"].items())): schema
    for schema in objects(DOCUMENT)
    if "discriminator" in schema
}
"""One of each kind: all optimizers, all schedules and so on."""

OPTIMIZERS: dict[str, str] = SCHEMAS["JobSpec"]["properties"]["optimizers"]["anyOf"][0]["items"]["discriminator"][
    "mapping"
]


def test_it_is_a_document_of_its_version_of_openapi() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_a_word_of_another_version_is_noticed() -> None:
    document = json.loads(COMMITTED.read_text())
    stream = document["paths"]["/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    stream["itemSchema"] = {"$ref": PREFIX + "TeamEvent"}
    with pytest.raises(Exception, match="itemSchema"):
        schemathesis.openapi.from_dict(document).validate()


def test_it_says_where_the_service_is_and_who_made_it(client: TestClient) -> None:
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]
    assert {"title", "summary", "description", "contact", "license", "version"} <= DOCUMENT["info"].keys()
    assert client.get("/openapi.json").json()["servers"] == DOCUMENT["servers"]


@each(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_every_operation_says_which_key_it_needs(method: str, path: str, operation: dict[str, Any]) -> None:
    needs_key = path.startswith("/v1/") and operation["operationId"] != "sign_in"  # its body has one
    assert operation["security"] == ([{"ApiKey": []}] if needs_key else [])


def test_every_subject_is_described() -> None:
    used = {tag for _, _, operation in OPERATIONS for tag in operation["tags"]}
    described = [tag["name"] for tag in DOCUMENT["tags"]]
    assert sorted(described) == sorted(used)
    assert all(tag["description"].endswith(".") for tag in DOCUMENT["tags"])


@pytest.mark.parametrize("union", UNIONS.values(), ids=[" ".join(name for name, _ in key[1:3]) for key in UNIONS])
def test_members_of_a_union_require_what_tells_them_apart(union: dict[str, Any]) -> None:
    field = union["discriminator"]["propertyName"]
    for value, reference in union["discriminator"]["mapping"].items():
        member = SCHEMAS[reference.removeprefix(PREFIX)]
        assert field in member["required"], reference
        assert member["properties"][field]["const"] == value
        assert "default" not in member["properties"][field]


def test_fields_with_a_default_are_optional_in_requests() -> None:
    bodies = referred([operation.get("requestBody") for _, _, operation in OPERATIONS])
    assert {"JobSpec", "Adam", "DatasetProblem", "ComparisonRequest"} <= bodies
    for name in bodies:
        required = SCHEMAS[name].get("required", ())
        assert not [field for field in required if "default" in SCHEMAS[name]["properties"][field]], name
    for _, _, operation in OPERATIONS:
        for parameter in operation.get("parameters", ()):
            assert not (parameter["required"] and "default" in parameter["schema"]), parameter["name"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_the_contract_requires_is_all_that_a_request_needs(client: TestClient, name: str) -> None:
    required = SCHEMAS[OPTIMIZERS[name].removeprefix(PREFIX)]["required"]
    optimizer = {**dict.fromkeys(required, 0.01), "name": name}
    assert client.post("/v1/jobs:validate", json=job(optimizer)).status_code == 200
    for field in required:
        without = {key: value for key, value in optimizer.items() if key != field}
        problem = problem_of(client.post("/v1/jobs:validate", json=job(without)), 422, "invalid-request")
        assert any(error["pointer"].startswith("/optimizers/0") for error in problem["errors"])


def job(optimizer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "problem": {"type": "expression", "expression": "x**2", "start": {"x": 1.0}},
        "optimizers": [optimizer],
        "budget": {"steps": 1},
    }


def test_streams_name_their_events() -> None:
    streams = {path: operation for _, path, operation in OPERATIONS if is_stream(operation)}
    events = {
        path: operation["responses"]["200"]["content"]["text/event-stream"]["schema"]["contentSchema"]["items"]["$ref"]
        for path, operation in streams.items()
    }
    assert events == {"/v1/events": PREFIX + "TeamEvent", "/v1/jobs/{job_id}/events": PREFIX + "JobEvent"}


def test_every_schema_is_used_and_written_once() -> None:
    assert referred(DOCUMENT["paths"]) == SCHEMAS.keys()
    copies = [one for one in objects(DOCUMENT) if SCHEMAS.get(str(one.get("title"))) == one]
    assert len(copies) == len(SCHEMAS)


def test_every_example_is_what_its_schema_allows() -> None:
    shown = [schema for schema in objects(DOCUMENT["paths"]) if isinstance(schema.get("examples"), list)]
    shown += [schema for one in SCHEMAS.values() for schema in objects(one) if isinstance(schema.get("examples"), list)]
    assert len(shown) > 20
    for schema in shown:
        validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
        for example in schema["examples"]:
            errors = [error.message for error in validator.iter_errors(example)]
            assert not errors, (example, schema.get("description"))


def test_every_array_says_what_its_items_are() -> None:
    assert all("items" in schema for schema in objects(DOCUMENT) if schema.get("type") == "array")


def test_a_tuple_of_different_things_has_items_of_each_kind() -> None:
    pair: dict[str, Any] = {
        "type": "array",
        "prefixItems": [{"type": "string"}, {"type": "number"}, {"type": "string"}],
    }
    document = {"components": {"schemas": {"Pair": pair}}}
    publish(document)
    assert pair["items"] == {"anyOf": [{"type": "string"}, {"type": "number"}]}
