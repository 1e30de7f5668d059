"""What the event stream of a job tells while the job is watched: its remaining time, and its losses."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from ayla._client import Client
from ayla.errors import AylaError
from ayla.models import Job

_MINUTE = 60
_HOUR = 60 * _MINUTE
PROGRESS_EVENT, ETA_FIELD = "progress", "eta_seconds"
ROWS_EVENTS, ROWS_FIELD, LOSS_FIELD = ("snapshot", "metric"), "trials", "loss"

_MOST_LOSSES = 512


class JobNews:
    """Reads the event stream of a job in a thread; where there is no stream, there is nothing to tell.

    Args:
        client: of the service; its connections must outlive this.
        job: the job or its id.
        listening: False: the stream is not read.

    Attributes:
        eta_seconds: until the job is done, by the newest event; None while unknown.
        losses: the lowest loss of all trials at each event so far, oldest first; thinned once they are many.
    """

    def __init__(self, client: Client, job: Job | str, *, listening: bool = True) -> None:
        self._client = client
        self._job = job
        self._listening = listening
        self._closed = threading.Event()
        self._losses: list[float] = []
        self._newest: dict[str, float] = {}  # by trial
        self.eta_seconds: float | None = None

    @property
    def losses(self) -> Sequence[float]:
        """A copy, as the thread goes on."""
        return tuple(self._losses)

    def __enter__(self) -> Self:
        if self._listening:
            threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()

    def _listen(self) -> None:
        """Read the stream to its end. What ends it early ends the news only; the watch goes on."""
        try:
            with self._client.jobs.events(self._job) as events:
                for event in events:
                    if self._closed.is_set():
                        return
                    self._take(event.name, event.data)
        except (AylaError, RuntimeError, ValueError, KeyError, TypeError):
            self.eta_seconds = None

    def _take(self, name: str, data: dict[str, Any]) -> None:
        if name == PROGRESS_EVENT:
            seconds = data.get(ETA_FIELD)
            self.eta_seconds = float(seconds) if isinstance(seconds, int | float) else None
        if name in ROWS_EVENTS:
            self._take_losses(data.get(ROWS_FIELD) or [])

    def _take_losses(self, trials: Iterable[dict[str, Any]]) -> None:
        found = {trial["id"]: trial.get(LOSS_FIELD) for trial in trials}
        self._newest |= {trial: loss for trial, loss in found.items() if isinstance(loss, int | float)}
        lowest = min(self._newest.values(), default=math.nan)
        if math.isfinite(lowest):
            self._losses = [*self._losses, lowest][:: 2 if len(self._losses) >= _MOST_LOSSES else 1]


def format_duration(seconds: float) -> str:
    """A duration, rounded: ``about 40 s``, ``about 12 min``, ``about 3 h 20 min``."""
    if seconds < 1.5 * _MINUTE:
        return f"about {max(1, round(seconds))} s"
    if seconds < 1.5 * _HOUR:
        return f"about {round(seconds / _MINUTE)} min"
    tens = round(seconds / _MINUTE / 10)
    return f"about {tens // 6} h {tens % 6 * 10} min" if seconds < 24 * _HOUR else f"about {round(seconds / _HOUR)} h"
