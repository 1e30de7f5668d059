"""The contract of the version before still holds: paths, parameters, operations, schemas, fields and types.

What is new is an addition; descriptions and examples may change. The contract of the version before is in ``before``,
without its texts. When a version is released, write this one there:
``python -m tests.compatibility.test_contract_before``.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEFORE = Path(__file__).parent / "before" / "openapi.json.gz"
NOW = Path(__file__).parents[2] / "openapi.json"

_TEXTS = {"description", "summary", "title", "example", "examples", "info", "externalDocs"}
_NAMED = {"properties", "schemas", "parameters", "responses", "headers", "requestBodies", "securitySchemes", "$defs"}
"""Below these, keys are names that somebody chose: a field may be called description."""


CHANGED_ON_PURPOSE = {
    "/components/schemas/ComparisonRequest/properties/metric/default is gone",
    "/paths//v1/jobs/{job_id}/comparison/get/parameters/query metric/schema/default is gone",
    "/paths//v1/jobs/{job_id}/figures/{kind}/get/parameters/query width/schema/default is gone",
    "/paths//v1/jobs/{job_id}/figures/{kind}/get/parameters/query height/schema/default is gone",
    "/paths//v1/jobs/{job_id}/figures/{kind}/get/parameters/query height/schema/minimum is 1.5, was 3.0",
    (
        "/paths//v1/jobs/{job_id}/figures/{kind}/get/parameters/query dpi/schema can no longer be "
        "{'maximum': 300, 'minimum': 50, 'type': 'integer'}"
    ),
    "/components/schemas/ComparisonRequest/properties/job_ids/maxItems is 200, was 50",
    "/paths//v1/events/get/responses/200/content/text/event-stream/itemSchema is gone",
    "/paths//v1/jobs/{job_id}/events/get/responses/200/content/text/event-stream/itemSchema is gone",
    *(
        f"/paths//v1/jobs/{{job_id}}/{results}/get/parameters/query optimizer/schema can no longer be "
        "{'maximum': 10000, 'minimum': 0, 'type': 'integer'}"
        for results in ("metrics", "summary", "trajectories")
    ),
}
"""The metric of a comparison depends on the problem: a mini-batch's loss, the default before, decides nothing. Figures
can be smaller and finer than before, as papers need them, and their usual size depends on their style. The events of a
stream are named in its schema, as OpenAPI 3.1 has no itemSchema. A job can have more settings than before, and a
comparison more jobs."""


def without_texts(part: Any, *, names: bool = False) -> Any:
    """This part of a contract without what is for people only."""
    if isinstance(part, dict):
        kept = {name: value for name, value in part.items() if names or name not in _TEXTS}
        return {name: without_texts(value, names=name in _NAMED and not names) for name, value in kept.items()}
    if isinstance(part, list):
        return [without_texts(item) for item in part]
    return part


def broken(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Where the contract of now does not hold what that of before promised."""
    if len(_kinds(now)) > 1 and _kinds(now) != _kinds(before):
        yield from _lost(_kinds(before), _kinds(now), place)
    elif isinstance(before, dict) and isinstance(now, dict):
        for name, value in before.items():
            if name in now:
                yield from broken(value, now[name], f"{place}/{name}")
            else:
                yield f"{place}/{name} is gone"
    elif place.endswith("/parameters") and isinstance(now, list):
        yield from broken(_by_name(before), _by_name(now), place)
        yield from (f"{place}/{name} is required" for name in _required(now) - _required(before))
    elif place.endswith(("/enum", "/tags", "/required")) and isinstance(now, list):
        yield from (f"{place} lacks {value}" for value in before if value not in now)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for index, pair in enumerate(zip(before, now, strict=True)):
            yield from broken(*pair, f"{place}/{index}")
    elif before != now:
        yield f"{place} is {now!r}, was {before!r}"


def _by_name(parameters: list[Any]) -> dict[str, Any]:
    """Parameters of a request, in which order does not count."""
    return {f"{one['in']} {one['name']}": one for one in parameters}


def _required(parameters: list[Any]) -> set[str]:
    return {name for name, one in _by_name(parameters).items() if one.get("required")}


def _has_null(kinds: list[Any]) -> bool:
    return any(isinstance(kind, dict) and kind.get("type") == "null" for kind in kinds)


def _kinds(part: Any) -> list[Any]:
    """The schemas of which a value has one; what stands beside them, such as a default, is said of each."""
    if not isinstance(part, dict) or "anyOf" not in part:
        return [part]
    beside = {name: value for name, value in part.items() if name != "anyOf"}
    return [beside | kind for kind in part["anyOf"]]


def _lost(before: list[Any], now: list[Any], place: str) -> Iterator[str]:
    """What a value can no longer be. More kinds are an addition, but not null where there always was a value."""
    if _has_null(now) and not _has_null(before):
        yield f"{place} may be null"
    for kind in before:
        if all(any(broken(kind, other)) for other in now):
            yield f"{place} can no longer be {kind!r}"


def demanded(before: Any, now: Any) -> Iterator[str]:
    """Fields that requests need now and did not before; answers may always have more."""
    old, new = before["components"]["schemas"], now["components"]["schemas"]
    for name in _of_requests(now):
        if name in old:
            needed = {(name, one) for one in old[name].get("required", [])} | told_apart(before)
            yield from (f"{name}.{one}" for one in new[name].get("required", []) if (name, one) not in needed)


def told_apart(contract: Any) -> set[tuple[str, str]]:
    """Schema and field of each member of a union that this field tells apart.

    A request without it was always refused, so a contract that says so demands nothing new, and its default was none.
    """
    found, waiting = set[tuple[str, str]](), [contract]
    while waiting:
        part = waiting.pop()
        waiting.extend(part.values() if isinstance(part, dict) else part if isinstance(part, list) else ())
        if isinstance(part, dict) and "discriminator" in part:
            field, members = part["discriminator"]["propertyName"], part["discriminator"]["mapping"].values()
            found.update((reference.rpartition("/")[2], field) for reference in members)
    return found


def promises_lost(before: Any, now: Any) -> set[str]:
    """Where the contract of now is broken, but for defaults of what always had to be sent."""
    defaults = {f"/components/schemas/{name}/properties/{field}/default is gone" for name, field in told_apart(before)}
    return {*broken(before, now)} - defaults


def _of_requests(contract: Any) -> set[str]:
    """Names of the schemas that bodies of requests are made of."""
    schemas, found = contract["components"]["schemas"], set[str]()
    waiting = [operation.get("requestBody") for path in contract["paths"].values() for operation in path.values()]
    while waiting:
        part = waiting.pop()
        waiting.extend(part.values() if isinstance(part, dict) else part if isinstance(part, list) else ())
        reference = part.get("$ref") if isinstance(part, dict) else None
        if isinstance(reference, str) and (name := reference.rpartition("/")[2]) in schemas and name not in found:
            found.add(name)
            waiting.append(schemas[name])
    return found


def test_the_contract_of_the_version_before_holds() -> None:
    before = json.loads(gzip.decompress(BEFORE.read_bytes()))
    now = without_texts(json.loads(NOW.read_text()))
    assert promises_lost(before, now) == CHANGED_ON_PURPOSE
    assert list(demanded(before, now)) == []


def test_a_broken_contract_is_noticed() -> None:
    before = json.loads(gzip.decompress(BEFORE.read_bytes()))
    now = without_texts(json.loads(NOW.read_text()))
    schemas = now["components"]["schemas"]
    del schemas["Trial"]["properties"]["seed"]
    schemas["JobDetail"]["properties"]["version"]["type"] = "number"
    schemas["Team"]["required"].remove("name")
    schemas["MemberDraft"]["required"].append("colour")
    del schemas["Adam"]["properties"]["beta1"]["default"]
    schemas["JobDetail"]["properties"]["id"] = {"anyOf": [schemas["JobDetail"]["properties"]["id"], {"type": "null"}]}
    schemas["ExpressionProblem"]["properties"]["start"]["additionalProperties"]["anyOf"].pop()
    now["paths"]["/v1/jobs"]["get"]["operationId"] = "jobs"
    parameters = now["paths"]["/v1/jobs/{job_id}/comparison"]["get"]["parameters"]
    parameters[:] = [one for one in parameters if one["name"] != "baseline"]
    parameters.append({"in": "query", "name": "colour", "required": True})
    assert {line.split(" ")[0] for line in promises_lost(before, now) - CHANGED_ON_PURPOSE} == {
        "/paths//v1/jobs/{job_id}/comparison/get/parameters/query",
        "/paths//v1/jobs/get/operationId",
        "/components/schemas/Trial/properties/seed",
        "/components/schemas/Adam/properties/beta1",
        "/components/schemas/JobDetail/properties/version/type",
        "/components/schemas/Team/required",
        "/components/schemas/JobDetail/properties/id",
        "/components/schemas/ExpressionProblem/properties/start/additionalProperties",
    }
    assert "/paths//v1/jobs/{job_id}/comparison/get/parameters/query colour is required" in promises_lost(before, now)
    assert list(demanded(before, now)) == ["MemberDraft.colour"]


if __name__ == "__main__":
    contract = json.dumps(without_texts(json.loads(NOW.read_text())), sort_keys=True).encode()
    BEFORE.write_bytes(gzip.compress(contract, mtime=0))
