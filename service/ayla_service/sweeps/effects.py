"""Exponents of AYLA that had no effect in a sweep: settings that differ only in them are one setting."""

import numpy as np

from ayla_service.sweeps.groups import Bools, Floats, Integers
from ayla_service.sweeps.table import SweepTable

N1, N2 = "ayla.n1", "ayla.n2"


def idle_exponents(table: SweepTable, chosen: Bools) -> dict[str, int]:
    """How many of these settings have an exponent on an axis that had no effect, by the axis; none that nobody has.

    An exponent is for losses on its side of 1; where none was, nothing depends on it.

    Args:
        table: of the sweep.
        chosen: the settings, shape [settings].
    """
    found = {path: int(np.sum(_is_idle(table, path) & chosen)) for path in (N1, N2) if path in table.columns}
    return {path: count for path, count in found.items() if count}


def different_settings(table: SweepTable, chosen: Bools) -> int:
    """How many different settings these are: those that differ only in an exponent without effect are one."""
    if not idle_exponents(table, chosen):
        return int(chosen.sum())
    columns = [np.where(_is_idle(table, path), np.nan, column)[chosen] for path, column in table.columns.items()]
    return _distinct([table.arm[chosen].astype(np.float64), *columns])


def _is_idle(table: SweepTable, path: str) -> Bools:
    losses = table.below if path == N1 else table.above
    return (losses == 0) & ~np.isnan(table.columns[path]) if path in (N1, N2) else np.zeros(len(losses), dtype=bool)


def _distinct(columns: list[Floats]) -> int:
    """Number of different rows; NaN is equal to NaN."""
    codes: Integers = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        own = np.unique(column, return_inverse=True)[1]
        codes = np.unique(codes * (int(own.max()) + 1) + own, return_inverse=True)[1]
    return int(codes.max()) + 1
