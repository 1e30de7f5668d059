"""The committed contract, openapi.json, as a text that depends on nothing but the program."""

import json

from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings


def contract_text() -> str:
    """The OpenAPI document: sorted, indented, with a newline at its end."""
    nowhere = Database("sqlite://")  # never opened: describing routes needs no store
    app = create_app(Settings.model_construct(), nowhere)
    return json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
