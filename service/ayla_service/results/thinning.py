"""Fewer rows of a trajectory, in ways that keep what a reader looks for."""

import numpy as np
import pyarrow as pa


def every_nth(table: pa.Table, every: int) -> pa.Table:
    """The rows whose step is a multiple of ``every``, and the first and the last row."""
    keep = table["step"].to_numpy() % every == 0
    if len(keep):
        keep[0] = keep[-1] = True
    return table.filter(pa.array(keep))


def with_extremes(table: pa.Table, max_points: int, column: str = "loss") -> pa.Table:
    """At most ``max_points`` rows (>= 2): first and last, and the lowest and highest ``column`` of equal stretches.

    A spike between two kept steps is therefore never lost. Rows with a loss that is not finite are the last ones of a
    diverged trial, and the last row is kept.
    """
    if table.num_rows <= max_points:
        return table
    loss = np.asarray(table[column].to_numpy(), dtype=np.float64)
    stretches = np.array_split(np.arange(1, table.num_rows - 1), max(1, (max_points - 2) // 2))
    kept = {0, table.num_rows - 1}
    if max_points >= 4:
        for stretch in stretches:
            kept |= _extremes(loss, stretch)
    return table.take(pa.array(sorted(kept)))


def _extremes(loss: np.ndarray, stretch: np.ndarray) -> set[int]:
    """Places of the lowest and highest finite loss; none if no loss in the stretch is finite."""
    finite = stretch[np.isfinite(loss[stretch])]
    if not len(finite):
        return set()
    return {int(finite[loss[finite].argmin()]), int(finite[loss[finite].argmax()])}
