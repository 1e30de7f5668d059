"""Trajectories and metrics as JSON and CSV, encoded column by column and slice by slice: no large copy is made."""

import io
import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.csv
from starlette.responses import Response, StreamingResponse

from ayla_service.api.finite import finite_table

JSON = "application/json"
CSV = "text/csv"

_SLICE_ROWS = 20_000


def columns_response(trial_id: str, table: pa.Table, media_type: str) -> Response:
    """The rows of ``table`` as one of ``JSON`` and ``CSV``."""
    finite = finite_table(table)
    content = _csv(finite) if media_type == CSV else _json(trial_id, finite)
    return StreamingResponse(content, media_type=media_type, headers={"Vary": "Accept"})


def _json(trial_id: str, table: pa.Table) -> Iterator[str]:
    yield f'{{"trial_id":{json.dumps(trial_id)},"rows":{table.num_rows},"columns":{{'
    for place, name in enumerate(table.column_names):
        yield f"{',' if place else ''}{json.dumps(name)}:["
        yield from _values(table[name])
        yield "]"
    yield "}}"


def _values(column: pa.ChunkedArray) -> Iterator[str]:
    for first in range(0, len(column), _SLICE_ROWS):
        values = json.dumps(column.slice(first, _SLICE_ROWS).to_pylist(), allow_nan=False, separators=(",", ":"))
        yield f"{',' if first else ''}{values[1:-1]}"


def _csv(table: pa.Table) -> Iterator[bytes]:
    """A header line and one line per row; a number that is not finite is an empty field."""
    yield (",".join(table.column_names) + "\n").encode()
    options = pa.csv.WriteOptions(include_header=False)
    for first in range(0, table.num_rows, _SLICE_ROWS):
        sink = io.BytesIO()
        pa.csv.write_csv(table.slice(first, _SLICE_ROWS), sink, options)
        yield sink.getvalue()
