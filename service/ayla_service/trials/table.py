"""Table of the rows of one or of many trials, read piece by piece."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa

from ayla_service.computing_time import ComputingTime
from ayla_service.errors import InvalidQuery, TableTooLarge
from ayla_service.trials.chunks import ChunkReader, Units
from ayla_service.trials.encoding import schema_of
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.series import Series
from ayla_service.trials.snapshot import TrialRef, TrialsSnapshot
from ayla_service.trials.step_rows import StepRows

IDENTITY = ("trial_index", "label", "optimizer_index", "seed")
"""Columns that tell the trials of a job apart."""

NUMBERS_AT_ONCE = 2_000_000
"""About how many numbers of a table are held at a time."""

TOO_LONG = partial(TableTooLarge, advice="Ask for some of the trials with trials, arm or where.")
"""Makes the error of a table, or a piece of one, that takes too much computing time."""

_ADVICE = "Thin them with max_points or every, ask for a range or, as CSV, Arrow or Parquet, for all of them"
_LABEL = pa.dictionary(pa.int32(), pa.string())
_IDENTITY_SCHEMA = pa.schema(
    [("trial_index", pa.int32()), ("label", _LABEL), ("optimizer_index", pa.int32()), ("seed", pa.int64())]
)


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A table whose rows are read while they are sent.

    Attributes:
        schema: the columns.
        rows_at_once: how many rows are a good piece.
    """

    schema: pa.Schema
    rows_at_once: int
    _chunks: ChunkReader
    _step_rows: StepRows
    _labels: "_Labels | None"

    def pieces(self) -> Iterator[pa.Table]:
        """The rows in pieces of about ``rows_at_once``; each holds whole small trials or a part of a large one.

        Raises:
            JobNotFound: if the job is deleted meanwhile.
            TableTooLarge: if one of them takes too long, as very much is read for few rows.
        """
        waiting, rows, time = list[pa.Table](), 0, ComputingTime(TOO_LONG)
        for table in self._tables():
            time.check()
            waiting.append(table)
            rows += table.num_rows
            if rows >= self.rows_at_once:
                yield pa.concat_tables(waiting).combine_chunks()
                # Another thread may ask for the next one, which has a time of its own.
                waiting, rows, time = [], 0, ComputingTime(TOO_LONG)
        if rows:
            yield pa.concat_tables(waiting).combine_chunks()

    def stored(self) -> Iterator[list[bytes]] | None:
        """The chunks as they are, some at a time, if together they are this table; None if anything has to be done."""
        query = self._step_rows.query
        as_stored = self._labels is None and query == TrajectoryQuery(scale=query.scale)
        return self._pages() if as_stored else None

    def whole(self, max_rows: int, max_numbers: int) -> pa.Table:
        """All rows at once.

        Raises:
            InvalidQuery: if they are more than that.
            JobNotFound: if the job is deleted meanwhile.
            TableTooLarge: if it takes too long.
        """
        parts, rows = [self.schema.empty_table()], 0
        for part in ComputingTime(TOO_LONG).over(self.pieces()):
            parts.append(part)
            rows += part.num_rows
            refuse_crowd(rows, max_rows, part.num_columns, max_numbers, ("max_points", _ADVICE))
        return pa.concat_tables(parts)

    def _pages(self) -> Iterator[list[bytes]]:
        for _, pages in self._chunks.trials(self.rows_at_once):
            yield from pages()

    def _tables(self) -> Iterator[pa.Table]:
        for trial, pages in self._chunks.trials(self.rows_at_once):
            for table in self._step_rows.tables(pages):
                yield table if self._labels is None else self._labels.before(trial, table)


def open_table(
    units: Units, series: Series, snapshot: TrialsSnapshot, query: TrajectoryQuery, *, identified: bool
) -> ResultTable:
    """The table of some trials: only which columns there are is read, no rows yet.

    Args:
        units: opens a unit of work for each piece.
        series: which rows.
        snapshot: of which trials.
        query: which part of them.
        identified: whether the columns that tell the trials apart come first.

    Raises:
        InvalidQuery: on an unknown column.
    """
    chunks = ChunkReader(units, series, snapshot, query)
    with units() as session:
        stored = _union(chunks.heads(session))
    wanted = _selected(stored, series, query.columns, IDENTITY if identified else ())
    labels = _Labels.of(snapshot) if identified else None
    schema = wanted if labels is None else pa.schema([*_IDENTITY_SCHEMA, *wanted])
    rows_at_once = NUMBERS_AT_ONCE // max(1, len(stored or series.known))
    return ResultTable(schema, rows_at_once, chunks, StepRows(series, query, wanted), labels)


@dataclass(frozen=True, slots=True)
class _Labels:
    """Puts the columns that tell a trial from others before its rows."""

    labels: pa.StringArray
    codes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: TrialsSnapshot) -> "_Labels":
        recorded = snapshot.recorded
        known = [] if recorded is None else recorded.layout.labels(np.unique(recorded.setting))
        labels = list(dict.fromkeys(known))
        return cls(pa.array(labels, pa.string()), {label: code for code, label in enumerate(labels)})

    def before(self, trial: TrialRef, table: pa.Table) -> pa.Table:
        rows = table.num_rows
        codes = pa.array(np.full(rows, self.codes[trial.label], np.int32))
        columns = [
            pa.array(np.full(rows, trial.index, np.int32)),
            pa.DictionaryArray.from_arrays(codes, self.labels),
            pa.array(np.full(rows, trial.optimizer_index, np.int32)),
            pa.array(np.full(rows, trial.seed, np.int64)),
        ]
        return pa.table([*columns, *table.columns], schema=pa.schema([*_IDENTITY_SCHEMA, *table.schema]))


def _union(heads: Iterator[bytes]) -> pa.Schema | None:
    """The columns of all chunks; None if there is no chunk."""
    schemas: list[pa.Schema] = []
    for head in heads:
        schema = schema_of(head)
        if not any(schema.equals(other) for other in schemas):
            schemas.append(schema)
    return pa.unify_schemas(schemas, promote_options="permissive") if schemas else None


def _selected(
    stored: pa.Schema | None, series: Series, columns: list[str] | None, always: tuple[str, ...]
) -> pa.Schema:
    """The wanted columns. Before anything is recorded nobody can say which there will be."""
    wanted = None if columns is None else [name for name in dict.fromkeys(columns) if name not in always]
    if stored is None:
        early = [name for name in wanted or () if name in series.known.names]
        return pa.schema([series.known.field(name) for name in early]) if early else series.known
    if wanted is None:
        return stored
    unknown = [name for name in wanted if name not in stored.names]
    if unknown:
        known, owner = ", ".join((*always, *stored.names)), "job" if always else "trial"
        raise InvalidQuery("columns", f"Unknown column '{unknown[0][:64]}'; this {owner} has {known}.")
    return pa.schema([stored.field(name) for name in wanted])


def refuse_crowd(rows: int, max_rows: int, columns: int, max_numbers: int, way_out: tuple[str, str]) -> None:
    """Refuse an answer in JSON that would be too long.

    Args:
        rows: at least so many it has.
        max_rows: the most it may have.
        columns: of each row.
        max_numbers: the most of all rows together.
        way_out: the parameter to change, and the advice.

    Raises:
        InvalidQuery: if it is too long.
    """
    parameter, advice = way_out
    if rows > max_rows:
        raise InvalidQuery(parameter, f"More than {max_rows} rows are too many for one answer in JSON. {advice}.")
    if rows * columns > max_numbers:
        detail = f"Over {rows} rows of {columns} columns are too many for one answer in JSON"
        raise InvalidQuery(parameter, f"{detail}; at most {max_numbers} numbers are sent. {advice}.")
