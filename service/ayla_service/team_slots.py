"""Slots of teams: how many answers that take long each team may have computed at once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ayla_service.computing_time import ComputingTime
from ayla_service.errors import ServiceError, TeamBusy

MOST_PER_TEAM = 2


class TeamSlots:
    """Slots of every team, of one process; safe to use from several threads.

    Args:
        most: slots of each team.
    """

    def __init__(self, most: int = MOST_PER_TEAM) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()

    @contextmanager
    def slot(self, team_id: str) -> Iterator[None]:
        """Hold a slot of a team; nobody waits for one.

        Raises:
            TeamBusy: if all of them are held.
        """
        with self._lock:
            if self._held[team_id] >= self._most:
                raise TeamBusy(self._most)
            self._held[team_id] += 1
        try:
            yield
        finally:
            self._give_back(team_id)

    @contextmanager
    def computing(self, team_id: str, too_long: Callable[[str, str], ServiceError]) -> Iterator[ComputingTime]:
        """Hold a slot of a team while an answer is computed, whose computing time is bounded.

        Args:
            team_id: the team.
            too_long: makes the answer's error, see ``ComputingTime``.

        Raises:
            TeamBusy: if all of them are held.
        """
        with self.slot(team_id):
            yield ComputingTime(too_long)

    def _give_back(self, team_id: str) -> None:
        with self._lock:
            self._held[team_id] -= 1
            if not self._held[team_id]:
                del self._held[team_id]
