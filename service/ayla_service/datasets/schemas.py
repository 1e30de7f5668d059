"""What is sent and answered about datasets."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from ayla_service.datasets.views import DatasetDetailView, DatasetView, PreviewView
from ayla_service.schemas import Page


class Dataset(BaseModel):
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

    @classmethod
    def of(cls, view: DatasetView) -> Self:
        """The answer for one dataset."""
        return cls.model_validate(asdict(view))


class DatasetColumn(BaseModel):
    """What the numbers of a column are like."""

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

    @classmethod
    def of(cls, view: DatasetView) -> Self:
        """The answer for one dataset."""
        assert isinstance(view, DatasetDetailView)  # noqa: S101  # what this is made of
        return cls.model_validate(asdict(view))


class DatasetPage(BaseModel):
    """One page of datasets, newest first."""

    data: list[Dataset]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")

    @classmethod
    def of(cls, page: Page[DatasetView]) -> Self:
        """The answer for one page."""
        return cls(data=[Dataset.of(view) for view in page.items], next_cursor=page.next_cursor)


class DatasetPreview(BaseModel):
    """The first rows of a dataset."""

    dataset_id: str
    rows: int
    columns: dict[str, list[int | float]] = Field(description="The values of each column.", examples=[{"x": [1, 2]}])

    @classmethod
    def of(cls, dataset_id: str, view: PreviewView) -> Self:
        """The answer for one dataset."""
        return cls(dataset_id=dataset_id, rows=view.rows, columns=view.columns)


FILE_BODY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
"""Documentation of a body that is a file."""
