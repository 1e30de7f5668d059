"""What is known of all jobs that somebody watches, and what is new about them."""

import time
from collections.abc import Callable

from ayla_service.db.session import Database
from ayla_service.streams.events import Encode
from ayla_service.streams.feeds import News, Wanted
from ayla_service.streams.poll import Look, Memory


class Board:
    """Looks into the store for many streams at once: as many statements for a thousand of them as for one.

    One look at a time, and one soon after the other: what is known is not read again.

    Args:
        database: the store.
        encode: writes an event; each is written once, however many streams tell it.
        clock: seconds that only grow.
    """

    def __init__(self, database: Database, encode: Encode, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._encode = encode
        self._clock = clock
        self._memory = Memory()

    def look(self, wanted: Wanted) -> News:
        """What has changed since the last look.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: if the store does not answer. What was known is forgotten then, as some of
                the changes would never be told; every stream has to begin anew.
        """
        try:
            with self._database.read() as session:
                return Look(session, wanted, self._memory, self._encode, self._clock()).news()
        except BaseException:
            self._memory = Memory()
            raise
