"""Optimizers of a comparison as rows of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ayla.comparison import ComparedOptimizer, Distribution

_MEASURES = (
    "value",
    "final_loss",
    "best_loss",
    "test_loss",
    "test_accuracy",
    "full_train_loss",
    "full_train_accuracy",
    "gap",
    "area_under_curve",
    "steps_to_target",
    "epochs_to_target",
)


def row_of(optimizer: ComparedOptimizer) -> dict[str, object]:
    """An optimizer as a row of a frame."""
    row: dict[str, object] = {
        "label": optimizer.label,
        "seeds": optimizer.seeds,
        "runs": optimizer.runs,
        "diverged": optimizer.diverged,
        "unfinished": optimizer.unfinished,
    }
    for name in _MEASURES:
        found: Distribution | None = getattr(optimizer, name)
        if found is not None:
            row |= {f"{name}_median": found.median, f"{name}_min": found.min, f"{name}_max": found.max}
    return row | {"wall_seconds": optimizer.wall_seconds, "steps_per_second": optimizer.steps_per_second}
