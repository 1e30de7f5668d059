"""What the tables have in common: naming of constraints, column types, partial indexes."""

from enum import StrEnum

from sqlalchemy import Index, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase

from ayla_service.states import values

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

ID = String(36)
STATE = String(16)
NAME = String(100)


class Base(DeclarativeBase):
    """Every table."""

    metadata = MetaData(naming_convention=_NAMING)


def one_of(column: str, states: type[StrEnum]) -> str:
    """The condition that a column holds one of the states."""
    return f"{column} IN ({', '.join(repr(value) for value in values(states))})"


def partial(name: str, condition: str, *columns: str) -> Index:
    """An index of the rows that meet a condition only, so that finished work does not make it grow."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))
