"""Seconds between two times, computed by the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, SQLColumnExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class SecondsBetween(FunctionElement[float]):
    """Seconds from one time to another, for both kinds of store.

    Args:
        start: a column of times.
        end: another, or an expression of such columns.
    """

    type = Double()
    inherit_cache = True
    name = "seconds_between"

    def __init__(self, start: SQLColumnExpression[datetime], end: SQLColumnExpression[datetime]) -> None:
        super().__init__(start, end)


@compiles(SecondsBetween, "postgresql")
def _on_postgresql(element: SecondsBetween, compiler: SQLCompiler, **how: Any) -> str:
    start, end = (compiler.process(one, **how) for one in element.clauses)
    return f"EXTRACT(EPOCH FROM ({end}) - ({start}))::float8"


@compiles(SecondsBetween, "sqlite")
def _on_sqlite(element: SecondsBetween, compiler: SQLCompiler, **how: Any) -> str:
    start, end = (compiler.process(one, **how) for one in element.clauses)
    return f"((julianday({end}) - julianday({start})) * 86400.0)"
