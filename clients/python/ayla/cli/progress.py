"""Progress of jobs: bars on a terminal, else a line of text every few seconds."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from ayla.cli.news import format_duration
from ayla.cli.session import Session
from ayla.cli.sparkline import sparkline
from ayla.models import Job

SECONDS_BETWEEN_LINES = 10.0

_BAR_WIDTH = 12
_CURVE_WIDTH = 20
_LONGEST_TITLE = 24


class Reporter(Protocol):
    """Shows the progress of jobs."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, job: Job, eta_seconds: float | None = None, losses: Sequence[float] = ()) -> None:
        """Show the job as it is now, with its remaining time and the course of its lowest loss where they are known."""


def reporter_for(session: Session, *, quiet: bool = False) -> Reporter:
    """Bars where standard error is a terminal, else lines."""
    if quiet:
        return _NoReporter()
    return _BarReporter(session) if session.messages.is_terminal else _LineReporter(session)


class _NoReporter:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, job: Job, eta_seconds: float | None = None, losses: Sequence[float] = ()) -> None:
        """Show nothing."""


class _LineReporter(_NoReporter):
    """A line when a job is first seen, when its state changes, and every few seconds in between."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last_lines: dict[str, tuple[str, float]] = {}  # by job: state with its reason, and when

    def update(self, job: Job, eta_seconds: float | None = None, losses: Sequence[float] = ()) -> None:
        now = self._session.clock.monotonic()
        state, moment = self._last_lines.get(job.id, ("", 0.0))
        if _state(job) == state and (job.finished or now - moment < SECONDS_BETWEEN_LINES):
            return
        self._last_lines[job.id] = (_state(job), now)
        done = f"{job.progress.fraction:.0%} ({_trials(job)})"
        loss = f", lowest loss {losses[-1]:.4g}" if losses else ""
        self._session.say(f"{job.title}: {job.state}, {done}{loss}{_remaining(job, eta_seconds)}{_reason(job)}")


class _BarReporter:
    """A bar for each job, and below them the course of the lowest loss."""

    def __init__(self, session: Session) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(_BAR_WIDTH),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[state]}", table_column=Column(ratio=1)),  # which goes on in a second line
        )
        self._progress = Progress(*columns, console=session.messages, expand=True)
        self._curve = Text(no_wrap=True, overflow="ellipsis")
        self._live = Live(Group(self._progress, self._curve), console=session.messages)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def update(self, job: Job, eta_seconds: float | None = None, losses: Sequence[float] = ()) -> None:
        if job.id not in self._tasks:
            self._tasks[job.id] = self._progress.add_task(_short_title(job), total=1.0, state=job.state)
        state = f"{job.state}, {_trials(job)}{_remaining(job, eta_seconds)}{_reason(job)}"
        self._progress.update(self._tasks[job.id], completed=job.progress.fraction, state=state)
        self._curve.plain = curve_text(losses)
        if job.finished:
            self._progress.stop_task(self._tasks[job.id])
        self._live.refresh()


def curve_text(losses: Sequence[float]) -> str:
    """The course of the lowest loss as one line, which says what it shows; nothing while there is none."""
    curve = sparkline(losses, _CURVE_WIDTH)
    if curve is None:
        return ""
    return f"lowest loss {curve.text} {curve.first:.4g} to {curve.last:.4g} ({curve.scale} scale, over time)"


def _short_title(job: Job) -> str:
    return job.title if len(job.title) <= _LONGEST_TITLE else f"{job.title[: _LONGEST_TITLE - 1]}…"


def _state(job: Job) -> str:
    return job.state + _reason(job)


def _reason(job: Job) -> str:
    """Why the job is in its state, for example why it waits, where the service says so."""
    return f" - {job.status_detail}" if job.status_detail else ""


def _remaining(job: Job, seconds: float | None) -> str:
    """The remaining time of the job, where it is known."""
    return "" if seconds is None or job.finished else f", {format_duration(seconds)} left"


def _trials(job: Job) -> str:
    ended = job.trials.completed + job.trials.diverged
    return f"{ended} of {job.trials.total} trials ended"
