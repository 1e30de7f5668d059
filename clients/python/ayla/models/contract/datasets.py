"""Answers of the service about datasets. Generated from openapi.json by `make client`."""

from __future__ import annotations

from datetime import datetime

from ayla.models.base import ResponseModel


class Dataset(ResponseModel):
    """A table of numbers that the team has uploaded.

    Attributes:
        digest: SHA-256 of what is kept.
        format: as it was uploaded; it is kept as Parquet (csv, npz or parquet).
        name: what jobs of the team call it.
        owner: name of the member who uploaded it.
        stored_bytes: size as it is kept, which counts towards the limits.
    """

    column_count: int
    created_at: datetime
    description: str | None
    digest: str
    format: str
    id: str
    name: str
    owner: str
    rows: int
    stored_bytes: int


class DatasetColumn(ResponseModel):
    """Summary of the numbers of a column.

    Attributes:
        classes: k where the values are the classes 0, 1, ..., k-1, so that the column can be the target of a
            classification; else None.
        distinct: how many different values there are; None if more than 1000.
        kind: integer: every value is a whole number below 2^53 in size; larger ones may have been rounded (integer
            or number).
        mean: None where it is beyond what a float can hold.
        std: standard deviation; None likewise.
    """

    classes: int | None
    distinct: int | None
    kind: str
    max: float
    mean: float | None
    min: float
    name: str
    std: float | None


class DatasetDetail(ResponseModel):
    """A dataset with its columns.

    Attributes:
        digest: SHA-256 of what is kept.
        format: as it was uploaded; it is kept as Parquet (csv, npz or parquet).
        name: what jobs of the team call it.
        owner: name of the member who uploaded it.
        stored_bytes: size as it is kept, which counts towards the limits.
    """

    column_count: int
    columns: tuple[DatasetColumn, ...]
    created_at: datetime
    description: str | None
    digest: str
    format: str
    id: str
    name: str
    owner: str
    rows: int
    stored_bytes: int
