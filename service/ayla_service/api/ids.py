"""Ids of things as clients send them: in capitals as well, as other programs write UUIDs."""

from typing import Annotated

from pydantic import AfterValidator

from ayla_service.db.lookup import as_stored

Id = Annotated[str, AfterValidator(as_stored)]
"""An id in a path, a query or a body; a text that is none stays as it is, and nothing is found by it."""
