"""Waits for what has to happen, which on a machine with much else to do can take minutes."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 600.0
"""For anything that must happen. What must not happen, or must happen soon, has times of its own."""


def wait_until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Return when the condition holds.

    Raises:
        AssertionError: if it does not within ``PATIENCE_SECONDS``.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still waiting: {what}"
        time.sleep(0.02)
