"""NaN and infinities, which diverging optimizers make and JSON cannot carry, become null."""

import math

import pyarrow as pa
import pyarrow.compute as pc


def finite_or_none(value: float | None) -> float | None:
    """``value``, or None if it is NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None


def finite_table(table: pa.Table) -> pa.Table:
    """``table`` with a null in place of every number that is not finite."""
    columns = [_finite_column(column) if pa.types.is_floating(column.type) else column for column in table.columns]
    return pa.table(columns, names=table.column_names)


def _finite_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
