"""A team's queue and the place of a job in it, with what is to be expected: for users.

What is expected is played through anew at most once a second in a process, however many ask.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

from sqlalchemy.orm import Session

from ayla_service.db.session import Database
from ayla_service.jobs.scoping import job_of
from ayla_service.overview.estimates import PositionView, QueueView
from ayla_service.overview.overview import queue_view
from ayla_service.overview.position import position_view
from ayla_service.queue import control
from ayla_service.queue.fair_queue import SharePolicy
from ayla_service.queue.snapshot import Census, census
from ayla_service.queue.workers import WorkerView, list_workers
from ayla_service.teams.principal import Principal

_CENSUS = "census"
_Value = TypeVar("_Value")


class QueueBoard:
    """What users are told about the queue.

    Args:
        database: the store.
        presence_seconds: how often workers say that they live.
        shares: how use is remembered.
        keep_seconds: for how long what was found is told again.
    """

    def __init__(
        self, database: Database, presence_seconds: float, shares: SharePolicy, keep_seconds: float = 1.0
    ) -> None:
        self._database = database
        self._presence_seconds = presence_seconds
        self._shares = shares
        self._keep_seconds = keep_seconds
        self._kept: dict[str, tuple[float, object]] = {}

    def queue(self, principal: Principal) -> QueueView:
        """The team's queue; whether it is paused or draining is as it is now."""
        with self._database.read() as session:
            view = self._remembered(principal.team_id, lambda: self._look(session, principal.team_id))
            switches = control.switches(session, principal.team_id)
        return replace(view, switches=switches)

    def position(self, principal: Principal, job_id: str) -> PositionView:
        """Where a job stands.

        Raises:
            JobNotFound: if the team has none with this id.
        """
        with self._database.read() as session:
            job = job_of(session, principal, job_id)
            return position_view(session, self._census(session), job)

    def _look(self, session: Session, team_id: str) -> QueueView:
        return queue_view(session, self._census(session), team_id, self._shares)

    def _census(self, session: Session) -> Census:
        return self._remembered(_CENSUS, lambda: census(session, self._presence_seconds, self._shares))

    def _remembered(self, key: str, find: Callable[[], _Value]) -> _Value:
        """What was found a moment ago, or is now; if two ask at once both look, and either is right."""
        found_at, value = self._kept.get(key, (float("-inf"), None))
        if time.monotonic() - found_at < self._keep_seconds:
            return cast("_Value", value)
        found = find()
        self._kept[key] = (time.monotonic(), found)
        return found


class WorkerDirectory:
    """The workers that the store remembers.

    Args:
        database: the store.
        presence_seconds: how often workers say that they live.
    """

    def __init__(self, database: Database, presence_seconds: float) -> None:
        self._database = database
        self._presence_seconds = presence_seconds

    def list(self, principal: Principal) -> list[WorkerView]:
        """Every worker, in the order in which they started, with those of its attempts that are at the team's jobs."""
        with self._database.read() as session:
            return list_workers(session, self._presence_seconds, principal.team_id)
