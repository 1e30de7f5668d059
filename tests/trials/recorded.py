"""Results of a job of two trials, and how the tables of answers are read."""

import io
import math
import struct
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from httpx2 import Response

NAN, INF = math.nan, math.inf
COLUMNS: dict[str, list[Any]] = {
    "step": [0, 1, 2, 3, 4, 5],
    "loss": [6.0, 4.5, 9.25, 1e-300, INF, NAN],
    "param.x": [-1.0, -0.5, 0.1, 0.2, -INF, 0.4],
}
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"


def table_of(answer: Response) -> pa.Table:
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"] == ARROW:
        return pa.ipc.open_stream(answer.content).read_all()
    assert answer.headers["content-type"] == PARQUET
    return pq.read_table(io.BytesIO(answer.content))


def bits_of(values: list[float]) -> bytes:
    return struct.pack(f"{len(values)}d", *values)
