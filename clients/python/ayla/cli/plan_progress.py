"""Progress of a plan of jobs: how much of all its jobs is done, and the time that is left."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ayla.cli.news import format_duration
from ayla.cli.progress import SECONDS_BETWEEN_LINES
from ayla.cli.session import Session
from ayla.planned_jobs import Planned, SubmittedJob

_MINIMUM_SECONDS = 3.0
_MINIMUM_SHARE = 0.02
"""Of work before a remaining time is said."""


class Forecast:
    """The share that is done of all planned jobs, weighted by their costs, and the time that is left at this speed.

    Args:
        planned: every job.
        now: seconds of a clock that only goes forward.
    """

    def __init__(self, planned: Sequence[Planned], now: float) -> None:
        self._costs = {job.name: job.cost for job in planned}
        self._done = dict.fromkeys(self._costs, 0.0)
        self._start, self._done_at_start = now, 0.0

    def found(self, name: str, fraction: float) -> None:
        """Take what an earlier run has done as done, which says nothing of the speed of this one."""
        self.update(name, fraction)
        self._done_at_start = self._cost_done

    def update(self, name: str, fraction: float) -> None:
        """Take the share of a job that is done."""
        self._done[name] = fraction

    def leave_out(self, names: Sequence[str]) -> None:
        """Take jobs from the plan that will not be run."""
        for name in names:
            self._costs.pop(name, None)
            self._done.pop(name, None)

    @property
    def fraction(self) -> float:
        """Of the costs of all jobs."""
        return self._cost_done / sum(self._costs.values()) if self._costs else 1.0

    def seconds_left(self, now: float) -> float | None:
        """At the speed since the start; None while that says too little."""
        done, elapsed = self._cost_done - self._done_at_start, now - self._start
        total = sum(self._costs.values())
        if elapsed < _MINIMUM_SECONDS or done <= _MINIMUM_SHARE * total:
            return None
        return elapsed * (total - self._cost_done) / done

    @property
    def _cost_done(self) -> float:
        return sum(self._costs[name] * share for name, share in self._done.items())


class PlanProgress:
    """A bar on a terminal; else a line when a job ends and every few seconds in between.

    Args:
        session: for messages and time.
        planned: every job.
        title: what is run, for the bar.
    """

    def __init__(self, session: Session, planned: Sequence[Planned], title: str) -> None:
        self._session, self._title = session, title
        self._forecast = Forecast(planned, session.clock.monotonic())
        self._number = len(planned)
        self._ended: set[str] = set()
        self._said = session.clock.monotonic()
        self._bar = _bar(session) if session.messages.is_terminal else None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._bar.add_task(self._title, total=1.0, state="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def submitted(self, jobs: Sequence[SubmittedJob[Planned]]) -> None:
        """Say which jobs an earlier run had submitted."""
        found = [item for item in jobs if item.found]
        for item in found:
            self._forecast.found(item.planned.name, item.job.progress.fraction)
        if found:
            self._session.say(f"{len(found)} of {len(jobs)} jobs are those of an earlier run and go on, or are done.")

    def seen(self, item: SubmittedJob[Planned]) -> None:
        """Show a job as it is now."""
        name, now = item.planned.name, self._session.clock.monotonic()
        self._forecast.update(name, 1.0 if item.job.finished else item.job.progress.fraction)
        just_ended = item.job.finished and name not in self._ended
        if item.job.finished:
            self._ended.add(name)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._forecast.fraction, state=self._state(now))
        elif just_ended or now - self._said >= SECONDS_BETWEEN_LINES:
            self._said = now
            ended = f"{name}: {item.job.state}; " if just_ended else ""
            self._session.say(f"{ended}{self._forecast.fraction:.0%}, {self._state(now)}")

    def _state(self, now: float) -> str:
        seconds = self._forecast.seconds_left(now)
        left = "" if seconds is None or self._forecast.fraction >= 1 else f", {format_duration(seconds)} left"
        return f"{len(self._ended)} of {self._number} jobs{left}"

    def left_out(self, names: Sequence[str]) -> None:
        """Take jobs from what there is to do, and say so."""
        self._session.say(f"Data are missing: {len(names)} jobs of {self._number} are left out.")
        self._forecast.leave_out(names)
        self._number -= len(names)


def _bar(session: Session) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}"),
    )
    return Progress(*columns, console=session.messages)
