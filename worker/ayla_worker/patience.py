"""Bears a store that is away for a moment: every write to it can be repeated."""

from collections.abc import Callable
from typing import TypeVar

import stamina
from ayla_service.db.session import store_is_away

Answer = TypeVar("Answer")


def patiently(seconds: float, write: Callable[[], Answer]) -> Answer:
    """Do something with the store, again and again while it does not answer, for about so many seconds.

    Args:
        seconds: the attempt's lease: after that another worker has the shard.
        write: to be repeated; its answer is returned, what else it raises passes through.

    Raises:
        sqlalchemy.exc.DBAPIError: the last error, when the time is over.
    """
    for attempt in stamina.retry_context(on=store_is_away, attempts=None, timeout=seconds, wait_max=1.0):
        with attempt:
            return write()
    raise AssertionError("the last try either returns or raises")
