"""Computing time of one answer, and its bound: the same for comparisons, answers about sweeps and tables."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ayla_service.errors import ServiceError

MOST_SECONDS = 30.0
"""Of computing for one answer."""

Item = TypeVar("Item")


class ComputingTime:
    """Computing time of this thread since the answer was begun; waiting does not count.

    Args:
        too_long: makes the error, given how long it took and how long it may.
    """

    def __init__(self, too_long: Callable[[str, str], ServiceError]) -> None:
        self._too_long = too_long
        self._begun = time.thread_time()

    def check(self) -> None:
        """Give up an answer that has taken too long; called between the stages, each of which is bounded itself.

        Raises:
            ServiceError: the answer's own, if it has.
        """
        spent = time.thread_time() - self._begun
        if spent > MOST_SECONDS:
            raise self._too_long(f"{spent:.0f} s of computing", f"{MOST_SECONDS:g} s")

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each of which takes its time; raises as ``check``."""
        for item in items:
            yield item
            self.check()
