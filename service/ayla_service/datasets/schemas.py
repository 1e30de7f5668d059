"""Schemas of datasets."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class Dataset(BaseModel, frozen=True):
    """A table of numbers that the team has uploaded."""

    id: str
    name: str = Field(description="What jobs of the team call it.")
    description: str | None
    owner: str = Field(description="Name of the member who uploaded it.")
    format: Literal["csv", "npz", "parquet"] = Field(description="As it was uploaded; it is kept as Parquet.")
    rows: int
    column_count: int
    stored_bytes: int = Field(description="Size as it is kept, which counts towards the limits.")
    digest: str = Field(description="SHA-256 of what is kept.")
    created_at: datetime


class DatasetColumn(BaseModel, frozen=True):
    """Summary of the numbers of a column."""

    name: str
    kind: Literal["integer", "number"] = Field(
        description="Integer: every value is a whole number below 2^53 in size; larger ones may have been rounded."
    )
    min: float
    max: float
    mean: float | None = Field(description="Null where it is beyond what a float can hold.")
    std: float | None = Field(description="Standard deviation; null likewise.")
    distinct: int | None = Field(description="How many different values there are; null if more than 1000.")
    classes: int | None = Field(
        description="k where the values are the classes 0, 1, ..., k-1, so that the column can be the target of a "
        "classification; else null."
    )


class DatasetDetail(Dataset):
    """A dataset with its columns."""

    columns: list[DatasetColumn]


class DatasetPage(BaseModel, frozen=True):
    """One page of datasets, newest first."""

    data: list[Dataset]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")


class DatasetPreview(BaseModel, frozen=True):
    """The first rows of a dataset."""

    dataset_id: str
    rows: int
    columns: dict[str, list[int | float]] = Field(description="The values of each column.", examples=[{"x": [1, 2]}])


FILE_BODY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
"""Documentation of a body that is a file."""
