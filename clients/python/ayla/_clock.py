"""Time as the client sees it."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """What waiting and retrying measure and spend time with; tests give their own.

    Attributes:
        monotonic: seconds from an arbitrary start that never go back.
        sleep: waits that many seconds.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
