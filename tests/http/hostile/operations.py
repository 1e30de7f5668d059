"""Every operation of the contract, and what the answer to a hostile request has to be."""

import json
from pathlib import Path
from typing import Any

from httpx2 import Response

from tests.http.contract_cases import operations
from tests.http.helpers import problem_of

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[3] / "openapi.json").read_text())
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


def refused(answer: Response, *statuses: int) -> dict[str, Any]:
    """The problem that a request was answered with."""
    slug = answer.json()["type"].removeprefix("urn:ayla:problem:")
    assert answer.status_code in statuses or not statuses, answer.text[:300]
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert len(answer.content) < 30_000, "an answer must not echo a hostile request"
    return problem_of(answer, answer.status_code, slug)
