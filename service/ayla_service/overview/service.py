"""Service behind the routes of the queue: a team's queue, the position of a job, the workers.

The snapshot of the queue and a team's overview are cached for one second in each process, however many ask.
"""

import time
from collections.abc import Callable
from typing import TypeVar, cast

from sqlalchemy.orm import Session

from ayla_service.db.session import Database
from ayla_service.jobs.scoping import job_of
from ayla_service.overview.position import queue_position
from ayla_service.overview.schemas import Queue, QueuePosition, WorkerList
from ayla_service.overview.team_queue import team_queue
from ayla_service.queue import control
from ayla_service.queue.fair_queue import SharePolicy
from ayla_service.queue.snapshot import QueueSnapshot, queue_snapshot
from ayla_service.queue.workers import list_workers
from ayla_service.teams.principal import Principal

_SNAPSHOT = "snapshot"
_Value = TypeVar("_Value")


class QueueOverview:
    """Overview of the queue for its users.

    Args:
        database: the store.
        presence_seconds: time between two signs of life of a worker.
        policy: how past usage counts.
        cache_seconds: time for which an answer is cached.
    """

    def __init__(
        self, database: Database, presence_seconds: float, policy: SharePolicy, cache_seconds: float = 1.0
    ) -> None:
        self._database = database
        self._presence_seconds = presence_seconds
        self._policy = policy
        self._cache_seconds = cache_seconds
        self._cache: dict[str, tuple[float, object]] = {}

    def queue(self, principal: Principal) -> Queue:
        """The caller's team's queue; whether it is paused or draining is never cached."""
        with self._database.read() as session:
            queue = self._cached(principal.team_id, lambda: self._team_queue(session, principal.team_id))
            switches = control.switches(session, principal.team_id)
        return queue.model_copy(update=switches.model_dump())

    def position(self, principal: Principal, job_id: str) -> QueuePosition:
        """Position of a job in the queue.

        Raises:
            JobNotFound: if the team has none with this id.
        """
        with self._database.read() as session:
            job = job_of(session, principal, job_id)
            return queue_position(session, self._snapshot(session), job)

    def workers(self, principal: Principal) -> WorkerList:
        """All workers, in the order in which they started, with those of their attempts that are at the team's jobs."""
        with self._database.read() as session:
            return WorkerList(data=list_workers(session, self._presence_seconds, principal.team_id))

    def _team_queue(self, session: Session, team_id: str) -> Queue:
        return team_queue(session, self._snapshot(session), team_id, self._policy)

    def _snapshot(self, session: Session) -> QueueSnapshot:
        return self._cached(_SNAPSHOT, lambda: queue_snapshot(session, self._presence_seconds, self._policy))

    def _cached(self, key: str, find: Callable[[], _Value]) -> _Value:
        """The cached value, or a new one; if two ask at once both find one, and either is right."""
        found_at, value = self._cache.get(key, (float("-inf"), None))
        if time.monotonic() - found_at < self._cache_seconds:
            return cast("_Value", value)
        found = find()
        self._cache[key] = (time.monotonic(), found)
        return found
