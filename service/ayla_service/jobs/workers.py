"""Which workers there are and what they run, for users."""

from ayla_service.db.session import Database
from ayla_service.queue.workers import WorkerView, list_workers
from ayla_service.teams.principal import Principal


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
