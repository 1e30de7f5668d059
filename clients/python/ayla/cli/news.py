"""What the events of a job tell while the job is watched: its remaining time, and its losses."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ayla.models.events import Event

_MINUTE = 60
_HOUR = 60 * _MINUTE
PROGRESS_EVENT, ETA_FIELD = "progress", "eta_seconds"
ROWS_EVENTS, ROWS_FIELD, LOSS_FIELD = ("snapshot", "metric"), "trials", "loss"

_MOST_LOSSES = 512


class JobNews:
    """What the events of a job tell; where there is no stream of them, nothing.

    Attributes:
        eta_seconds: until the job is done, by the newest event; None while unknown.
        losses: the lowest loss of all trials at each event so far, oldest first; thinned once they are many.
    """

    def __init__(self) -> None:
        self.eta_seconds: float | None = None
        self.losses: list[float] = []
        self._newest: dict[str, float] = {}  # by trial

    def take(self, event: Event) -> None:
        """Learn from an event; what a newer service tells in another form is left out."""
        if event.name == PROGRESS_EVENT:
            seconds = event.data.get(ETA_FIELD)
            self.eta_seconds = float(seconds) if isinstance(seconds, int | float) else None
        trials = event.data.get(ROWS_FIELD)
        if event.name in ROWS_EVENTS and isinstance(trials, list):
            self._take_losses(trials)

    def _take_losses(self, trials: Iterable[dict[str, Any]]) -> None:
        found = {trial["id"]: trial.get(LOSS_FIELD) for trial in trials}
        self._newest |= {trial: float(loss) for trial, loss in found.items() if isinstance(loss, int | float)}
        lowest = min(self._newest.values(), default=math.nan)
        if math.isfinite(lowest):
            self.losses = [*self.losses, lowest][:: 2 if len(self.losses) >= _MOST_LOSSES else 1]


def format_duration(seconds: float) -> str:
    """A duration, rounded: ``about 40 s``, ``about 12 min``, ``about 3 h 20 min``."""
    if seconds < 1.5 * _MINUTE:
        return f"about {max(1, round(seconds))} s"
    if seconds < 1.5 * _HOUR:
        return f"about {round(seconds / _MINUTE)} min"
    tens = round(seconds / _MINUTE / 10)
    return f"about {tens // 6} h {tens % 6 * 10} min" if seconds < 24 * _HOUR else f"about {round(seconds / _HOUR)} h"
