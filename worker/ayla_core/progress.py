"""How a computation gets on, for whoever watches it from another thread, and how it is told to stop.

The kernels count in the same memory, from all their threads. Deep inside a computation ``got_on`` is enough: it counts
for the computation that runs in this thread.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

COUNT, STOP = 0, 1
"""Places of ``Progress.marks``."""


class Stopped(Exception):
    """Nothing of the computation is wanted any more; where it was is not kept."""


class Progress:
    """Signs of life of one computation.

    Attributes:
        doing: what is being computed, as a user may read it.
        marks: how often it has got on, and whether it is to stop; int64, shape [2]. The kernels share it.
    """

    def __init__(self) -> None:
        self.doing = "Beginning"
        self.marks = np.zeros(2, dtype=np.int64)

    @property
    def count(self) -> int:
        """How often the computation has got on; only that it changes means anything."""
        return int(self.marks[COUNT])

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return bool(self.marks[STOP])

    def got_on(self) -> None:
        """Say that the computation has got on.

        Raises:
            Stopped: if it is to stop.
        """
        self.marks[COUNT] += 1
        self.check()

    def check(self) -> None:
        """See whether the computation is to go on.

        Raises:
            Stopped: if it is to stop.
        """
        if self.stopping:
            raise Stopped

    def stop(self) -> None:
        """Tell the computation to stop the next time it gets on; for other threads."""
        self.marks[STOP] = 1


_NOBODY_WATCHES = Progress()
_current = ContextVar("progress", default=_NOBODY_WATCHES)


def current() -> Progress:
    """Of the computation that runs in this thread."""
    return _current.get()


def got_on() -> None:
    """Say that the computation in this thread has got on.

    Raises:
        Stopped: if it is to stop.
    """
    _current.get().got_on()


class _EachImport:
    """Stands before Python's own finders of modules; finds none, but sees that each is looked for."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        """Say that importing has got on."""
        del name, path, target
        got_on()


@contextmanager
def telling_of_imports() -> Iterator[None]:
    """Within the context, each module that is imported is a sign of life: large libraries have hundreds."""
    finder: Any = _EachImport()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def shown(progress: Progress) -> Iterator[None]:
    """Within the context, what this thread computes is told to ``progress``."""
    token = _current.set(progress)
    try:
        yield
    finally:
        _current.reset(token)
