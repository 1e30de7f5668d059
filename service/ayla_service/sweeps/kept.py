"""What was read for an answer and will soon be wanted for the next one, kept for a while."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")

KEPT_SECONDS = 60.0
"""Since it was used last; who looks at a sweep asks for its answers one after the other."""


@dataclass(slots=True)
class _Kept(Generic[Value]):
    value: Value
    size: int
    used_at: float


class KeptTables(Generic[Value]):
    """Values by what they were read of, those that were used last; safe to use from several threads.

    Args:
        most: of the sizes of all together; a larger value is not kept at all.
        seconds: after which a value that nobody used is forgotten.
        clock: tells the time in seconds.
    """

    def __init__(self, most: int, seconds: float = KEPT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, _Kept[Value]] = OrderedDict()

    def __len__(self) -> int:
        """How many there are."""
        with self._lock:
            return len(self._values)

    def get(self, key: Hashable) -> Value | None:
        """The value, unless it was never kept or has been forgotten."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            found.used_at = self._clock()
            self._values.move_to_end(key)
            return found.value

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value, and forget those for which there is no more room, the longest unused first."""
        with self._lock:
            self._values.pop(key, None)
            if size > self._most:
                return
            self._values[key] = _Kept(value, size, self._clock())
            while sum(one.size for one in self._values.values()) > self._most:
                self._values.popitem(last=False)

    def forget_unused(self) -> None:
        """Forget what nobody has used for long; to be called now and then."""
        with self._lock:
            while self._values and next(iter(self._values.values())).used_at + self._seconds <= self._clock():
                self._values.popitem(last=False)
