"""How fast a job has been lately."""

from collections import deque

_WINDOW_SECONDS = 30.0


class Pace:
    """Steps per second, over the last half minute of what was seen."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, at: float, steps: int) -> None:
        """So many steps were done at this time (seconds)."""
        if self._seen and steps < self._seen[-1][1]:
            self._seen.clear()  # an attempt began again from an earlier step
        if not self._seen or steps != self._seen[-1][1]:
            self._seen.append((at, steps))
        while at - self._seen[0][0] > _WINDOW_SECONDS and len(self._seen) > 1:
            self._seen.popleft()

    @property
    def per_second(self) -> float | None:
        """None until steps were seen to be made."""
        if len(self._seen) < 2:
            return None
        (begun, first), (at, last) = self._seen[0], self._seen[-1]
        return (last - first) / (at - begun) if at > begun else None
