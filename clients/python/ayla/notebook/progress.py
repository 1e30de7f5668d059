"""A bar in the output of a cell for as long as it waits for a job."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ayla.errors import WaitTimeout
from ayla.models.jobs import JobData
from ayla.notebook.jobs import counts, job_bar
from ayla.notebook.markup import Markup, element, note, page, state

J = TypeVar("J", bound=JobData)


class ProgressBar:
    """Shows a job in one place of a notebook, which changes with each look at it.

    Args:
        display: ``IPython.display.display``.
    """

    def __init__(self, display: Callable[..., Any]) -> None:
        self._display = display
        self._id = f"ayla-{uuid.uuid4()}"
        self._shown = ""
        self.job: JobData | None = None

    def update(self, job: JobData) -> None:
        """Show the job as it is now."""
        self.job = job
        self._show(job)

    def detach(self) -> None:
        """Say that nobody waits any more."""
        if self.job is not None and not self.job.finished:
            self._show(self.job, note("Nobody waits for it here any more; the job goes on."))

    def _show(self, job: JobData, remark: Markup | None = None) -> None:
        said = element("div", element("b", job.title), " ", state(job.standing, _detail(job)))
        html = page(said, job_bar(job), remark or Markup())
        if html == self._shown:
            return
        bundle = {"text/html": html, "text/plain": str(job)}
        self._display(bundle, raw=True, display_id=self._id, update=bool(self._shown))
        self._shown = html


@contextmanager
def bar_beside(on_progress: Callable[[J], None] | None) -> Iterator[Callable[[J], None]]:
    """A bar that moves with each call, beside what else is to be called; it says so when the wait is given up."""
    from IPython.display import display

    bar = ProgressBar(display)

    def tell(job: J) -> None:
        bar.update(job)
        if on_progress is not None:
            on_progress(job)

    try:
        yield tell
    except (KeyboardInterrupt, WaitTimeout):
        bar.detach()
        raise


def _detail(job: JobData) -> str:
    if job.error is not None:
        return job.error.detail
    said = f"{job.progress.fraction:.0%}, trials: {counts(job.trials)}"
    return f"{said}. {job.status_detail}" if job.status_detail else said
