"""Progress of a computation, which another thread can watch, and the request to stop it.

The compiled kernels count in the same memory, from all their threads. Code deep inside a computation calls
``report_progress``, which counts for the computation that runs in this thread.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

COUNT, STOP = 0, 1
"""Places of ``ComputationProgress.marks``."""


class ComputationStopped(Exception):
    """The computation was asked to stop; its state is not kept."""


class ComputationProgress:
    """Progress counter and stop flag of one computation.

    Attributes:
        activity: what is being computed, as a user may read it.
        marks: the counter and the flag; int64, shape [2]. The kernels share it.
    """

    def __init__(self) -> None:
        self.activity = "Beginning"
        self.marks = np.zeros(2, dtype=np.int64)

    @property
    def count(self) -> int:
        """Reports so far; only that it changes means anything."""
        return int(self.marks[COUNT])

    @property
    def stopping(self) -> bool:
        """Whether the computation was asked to stop."""
        return bool(self.marks[STOP])

    def report_progress(self) -> None:
        """Count one more report.

        Raises:
            ComputationStopped: if the computation was asked to stop.
        """
        self.marks[COUNT] += 1
        self.check()

    def check(self) -> None:
        """Stop here if that was asked for.

        Raises:
            ComputationStopped: if the computation was asked to stop.
        """
        if self.stopping:
            raise ComputationStopped

    def stop(self) -> None:
        """Ask the computation to stop at its next report; for other threads."""
        self.marks[STOP] = 1


_UNOBSERVED = ComputationProgress()
_current = ContextVar("progress", default=_UNOBSERVED)


def current() -> ComputationProgress:
    """Progress of the computation that runs in this thread."""
    return _current.get()


def report_progress() -> None:
    """Count one more report of the computation in this thread.

    Raises:
        ComputationStopped: if the computation was asked to stop.
    """
    _current.get().report_progress()


class _EachImport:
    """A finder of modules before Python's own; it finds none and reports each that is looked for."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        """Report one more import."""
        del name, path, target
        report_progress()


@contextmanager
def reporting_imports() -> Iterator[None]:
    """Within the context, each imported module is reported: large libraries have hundreds."""
    finder: Any = _EachImport()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def reporting_to(progress: ComputationProgress) -> Iterator[None]:
    """Within the context, this thread reports to ``progress``."""
    token = _current.set(progress)
    try:
        yield
    finally:
        _current.reset(token)
