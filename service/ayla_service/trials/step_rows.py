"""The selected rows of one trial, read and thinned from its chunks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ayla_service.trials.chunks import Pages
from ayla_service.trials.encoding import decode
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.series import AXES, Series
from ayla_service.trials.thinning import Integers, every_nth, with_extremes

HELD_NUMBERS = 4_000_000
"""Numbers of a trial that are held to be thinned; a longer one is read twice instead, at first two columns of it."""


@dataclass(frozen=True, slots=True)
class StepRows:
    """Selects the wanted rows from a trial's chunks.

    Attributes:
        series: what the chunks are.
        query: which rows.
        schema: which columns; one that a trial does not have is null.
    """

    series: Series
    query: TrajectoryQuery
    schema: pa.Schema

    def tables(self, pages: Pages) -> Iterator[pa.Table]:
        """The rows in order, some at a time."""
        if self.query.thins:
            yield from self._thinned(pages)
            return
        for page in pages():
            yield conformed(self._decoded(page, ()), self.schema)

    def _thinned(self, pages: Pages) -> Iterator[pa.Table]:
        whole = self._held(pages)
        if whole is not None:
            yield conformed(whole.take(pa.array(self._kept(whole))), self.schema)
            return
        judged = pa.concat_tables(list(self._judged(pages)))
        kept = judged["step"].to_numpy()[self._kept(judged)]
        for page in pages():
            table = self._decoded(page, ())
            yield conformed(table.filter(pa.array(np.isin(table["step"].to_numpy(), kept))), self.schema)

    def _held(self, pages: Pages) -> pa.Table | None:
        """All rows in the range with all columns that matter; None if they are too many to be held."""
        tables, numbers = [], 0
        for page in pages():
            tables.append(self._decoded(page, self._values))
            numbers += tables[-1].num_rows * tables[-1].num_columns
            if numbers > HELD_NUMBERS:
                return None
        return joined(tables) if tables else pa.table({"step": pa.array([], pa.int64())})

    def _judged(self, pages: Pages) -> Iterator[pa.Table]:
        """The columns that decide which rows are kept."""
        judged = pa.schema([("step", pa.int64()), *((name, pa.float64()) for name in self._values)])
        for page in pages():
            yield conformed(self._within(joined([decode(data, judged.names) for data in page])), judged)

    def _kept(self, rows: pa.Table) -> Integers:
        steps = rows["step"].to_numpy()
        kept = np.arange(len(steps)) if self.query.every is None else every_nth(steps, self.query.every)
        if self.query.max_points is not None:
            values = [_floats(rows, name)[kept] for name in self._values]
            kept = kept[with_extremes(steps[kept], values, self.query.max_points, self.query.scale)]
        return kept

    @property
    def _values(self) -> Sequence[str]:
        """The columns whose extremes are kept."""
        if self.query.max_points is None:
            return []
        named = [name for name in self.query.columns or [] if name in self.schema.names and name not in AXES]
        return list(dict.fromkeys(named)) or [self.series.value]

    def _decoded(self, page: Sequence[bytes], values: Sequence[str]) -> pa.Table:
        needed = None if self.query.columns is None else {"step", *self.schema.names, *values}
        return self._within(joined([decode(data, needed) for data in page]))

    def _within(self, table: pa.Table) -> pa.Table:
        if self.query.from_step is None and self.query.to_step is None:
            return table
        steps = table["step"].to_numpy()
        first = 0 if self.query.from_step is None else int(steps.searchsorted(self.query.from_step, side="left"))
        end = len(steps) if self.query.to_step is None else int(steps.searchsorted(self.query.to_step, side="right"))
        return table.slice(first, max(0, end - first))


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of ``schema``, in its order and types; one that is not there is null."""
    if table.schema.equals(schema):
        return table
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """One after the other. Another version of the worker may have recorded other columns."""
    return pa.concat_tables(tables, promote_options="permissive")


def _floats(table: pa.Table, name: str) -> np.ndarray:
    if name not in table.column_names:
        return np.full(len(table), np.nan)
    return np.asarray(table[name].to_numpy(), dtype=np.float64)
