"""What is told about datasets; plain values, apart from the store's rows and from HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class DatasetView:
    """A dataset.

    Attributes:
        id: of the dataset.
        name: unique in the team.
        description: by its owner.
        owner: name of the member who uploaded it.
        format: as it was uploaded.
        rows: how many.
        column_count: how many.
        stored_bytes: size as it is kept.
        digest: SHA-256 of what is kept.
        created_at: when it was uploaded.
    """

    id: str
    name: str
    description: str | None
    owner: str
    format: str
    rows: int
    column_count: int
    stored_bytes: int
    digest: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DatasetDetailView(DatasetView):
    """A dataset with what each of its columns is like: the fields of ``measures.Column``."""

    columns: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PreviewView:
    """The first rows of a dataset, as columns."""

    rows: int
    columns: dict[str, list[int | float]]
