"""A bar in the output of a cell for as long as it waits for a job."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ayla.errors import WaitTimeout
from ayla.models import Job
from ayla.notebook.jobs import counts, job_bar
from ayla.notebook.markup import Markup, element, note, page, state

OnProgress = Callable[[Job], None]


class ProgressBar:
    """Shows a job in one place of a notebook, which changes with each look at it.

    Args:
        display: ``IPython.display.display``.
    """

    def __init__(self, display: Callable[..., Any]) -> None:
        self._display = display
        self._id = f"ayla-{uuid.uuid4()}"
        self._shown = ""
        self.job: Job | None = None

    def update(self, job: Job) -> None:
        """Show the job as it is now."""
        self.job = job
        self._show(job)

    def detach(self) -> None:
        """Say that nobody waits any more."""
        if self.job is not None and not self.job.finished:
            self._show(self.job, note("Nobody waits for it here any more; the job goes on."))

    def _show(self, job: Job, remark: Markup | None = None) -> None:
        said = element("div", element("b", job.title), " ", state(job.standing, _detail(job)))
        html = page(said, job_bar(job), remark or Markup())
        if html == self._shown:
            return
        bundle = {"text/html": html, "text/plain": str(job)}
        self._display(bundle, raw=True, display_id=self._id, update=bool(self._shown))
        self._shown = html


@contextmanager
def watched(on_progress: OnProgress | None, *, shown: bool | None = None) -> Iterator[OnProgress | None]:
    """What to call with a job after each look at it: also shows a bar in a notebook.

    Args:
        on_progress: of the caller.
        shown: whether there is a bar; None: in a notebook.
    """
    display = notebook_display() if shown is not False else None
    if display is None:
        yield on_progress
        return
    bar = ProgressBar(display)

    def tell(job: Job) -> None:
        bar.update(job)
        if on_progress is not None:
            on_progress(job)

    try:
        yield tell
    except (KeyboardInterrupt, WaitTimeout):
        bar.detach()
        raise


def notebook_display() -> Callable[..., Any] | None:
    """IPython's ``display`` where it can change what it has shown: in a notebook; None elsewhere."""
    ipython = sys.modules.get("IPython")  # who has not imported it is not in a notebook
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display

    found: Callable[..., Any] = display
    return found


def _detail(job: Job) -> str:
    if job.error is not None:
        return job.error.detail
    said = f"{job.progress.fraction:.0%}, trials: {counts(job.trials)}"
    return f"{said}. {job.status_detail}" if job.status_detail else said
