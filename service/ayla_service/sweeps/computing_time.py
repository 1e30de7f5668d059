"""Computing time of one answer, and its bound."""

import time

from ayla_service.errors import SweepTooLarge
from ayla_service.sweeps.query import MOST_SECONDS


class ComputingTime:
    """Computing time of this thread since the answer was begun.

    Args:
        most: seconds that it may take.
    """

    def __init__(self, most: float = MOST_SECONDS) -> None:
        self._most = most
        self._begun = time.thread_time()

    def check(self) -> None:
        """Give up an answer that has taken too long; called between the stages, each of which is bounded itself.

        Raises:
            SweepTooLarge: if it has.
        """
        spent = time.thread_time() - self._begun
        if spent > self._most:
            raise SweepTooLarge(f"{spent:.0f} s of computing", f"{self._most:g} s", "Name fewer jobs, or fewer bins.")
