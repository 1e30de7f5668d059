"""The OpenAPI document of the API, complete with the problems that every operation can answer with."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ayla_service.http.problems import Problem
from ayla_service.http.published import publish
from ayla_service.streams.schemas import stream_schemas

_CONTRACT_NAMES = {"LimitUsage": "Standing"}
"""Schema names of the contract, by class, where the class has another name. Generated clients know the former."""


def install_contract(app: FastAPI) -> None:
    """Make ``app.openapi()`` and /openapi.json answer with the whole contract."""
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not document:
            document.update(_document(app))
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending the schema


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        summary=app.summary,
        description=app.description,
        contact=app.contact,
        license_info=app.license_info,
        servers=app.servers,
        tags=app.openapi_tags,
        routes=app.routes,
    )
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = document["components"]["schemas"]
    schemas |= schema.pop("$defs") | {"Problem": schema}
    document["components"]["schemas"] = stream_schemas() | schemas
    publish(document)
    return _with_contract_names(document)


def _with_contract_names(document: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(document)
    for name, public in _CONTRACT_NAMES.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{public}"')
    renamed: dict[str, Any] = json.loads(text)
    schemas = renamed["components"]["schemas"]
    for name, public in _CONTRACT_NAMES.items():
        schemas[public] = {**schemas.pop(name), "title": public}
    return renamed
