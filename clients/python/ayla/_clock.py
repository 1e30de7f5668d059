"""The clock that the client uses."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of waiting and retrying; tests give their own.

    Attributes:
        monotonic: seconds from an arbitrary start that never go back.
        sleep: waits a number of seconds.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
