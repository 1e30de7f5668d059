"""The bar that a notebook shows while it waits for a job; it is in ``ayla.notebook``, imported in a notebook only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from ayla.models.jobs import JobData

J = TypeVar("J", bound=JobData)


def watched(
    on_progress: Callable[[J], None] | None, *, shown: bool | None
) -> AbstractContextManager[Callable[[J], None] | None]:
    """What to call with a job after each look at it.

    Args:
        on_progress: of the caller, which is called in any case.
        shown: False: there is no bar.
    """
    if shown is False or not in_notebook():
        return nullcontext(on_progress)
    from ayla.notebook.progress import bar_beside

    return bar_beside(on_progress)


def in_notebook() -> bool:
    """Whether this is IPython with a kernel, which can change what it has shown."""
    ipython = sys.modules.get("IPython")  # who has not imported it is not in a notebook
    return hasattr(None if ipython is None else ipython.get_ipython(), "kernel")
