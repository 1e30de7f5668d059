"""Retries of calls of the store: every write to it can be repeated."""

from collections.abc import Callable
from typing import TypeVar

import stamina
from ayla_service.db.session import store_is_away

Answer = TypeVar("Answer")


def retry_store(seconds: float, write: Callable[[], Answer]) -> Answer:
    """Call the store, and again while it does not answer, for about ``seconds``.

    Args:
        seconds: how long to retry; the attempt's lease, as after it another worker has the shard.
        write: to be repeated; its answer is returned, what else it raises passes through.

    Raises:
        sqlalchemy.exc.DBAPIError: the last error, when the time is over.
    """
    for attempt in stamina.retry_context(on=store_is_away, attempts=None, timeout=seconds, wait_max=1.0):
        with attempt:
            return write()
    raise AssertionError("the last try either returns or raises")
