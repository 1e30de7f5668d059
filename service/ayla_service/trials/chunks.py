"""Reader of stored chunks: a bounded amount at a time, each in a short unit of work of its own.

A download lasts as long as its client likes. A transaction that was open for so long would be ended by PostgreSQL,
and would keep SQLite's write-ahead log from being cleared.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import ColumnElement, LargeBinary, Row, exists, func, literal, select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow
from ayla_service.db.session import IN_BINARY
from ayla_service.errors import JobNotFound
from ayla_service.trials.selection import TrajectoryQuery
from ayla_service.trials.series import Series
from ayla_service.trials.snapshot import TrialRef, TrialsSnapshot

Pages = Callable[[], Iterator[list[bytes]]]
"""Reads the chunks of a trial in order, some at a time; from the start with each call."""

Units = Callable[[], AbstractContextManager[Session]]
"""Opens a unit of work that only reads."""

_KEYS_AT_ONCE = 256
_TRIALS_AT_ONCE = 200
_HEAD = 256 * 1024
"""Bytes of a chunk that its schema is certainly within, however many columns it has."""


@dataclass(frozen=True, slots=True)
class ChunkReader:
    """Reads the chunks of some trials of a job, as far as they had come when their snapshot was taken.

    Attributes:
        units: opens a unit of work for each page.
        series: which chunks.
        snapshot: the trials.
        query: whose range of steps is read.
    """

    units: Units
    series: Series
    snapshot: TrialsSnapshot
    query: TrajectoryQuery

    def heads(self, session: Session) -> Iterator[bytes]:
        """The beginnings of the first and last chunk of each trial, which tell what columns there are."""
        table = self.series.table
        for trials in _by_hundreds(list(self.snapshot.refs())):
            for end in (func.min, func.max):
                keys = (
                    select(table.trial_index, end(table.first_step).label("step"))
                    .where(*self._of(trials))
                    .group_by(table.trial_index)
                    .subquery()
                )
                head = func.substr(table.data, 1, _HEAD, type_=LargeBinary)
                found = (table.trial_index == keys.c.trial_index) & (table.first_step == keys.c.step)
                query = select(head).join(keys, found).where(table.job_id == self.snapshot.job_id)
                yield from session.scalars(query.execution_options(**IN_BINARY))

    def trials(self, rows_at_once: int) -> Iterator[tuple[TrialRef, Pages]]:
        """The trials in order, each with its chunks; small ones are read together.

        Args:
            rows_at_once: about how many rows a page may have.
        """
        for group in self._groups(rows_at_once):
            if len(group) == 1:
                yield group[0], self._paged(group[0], rows_at_once)
            else:
                together = self._together(group)
                yield from ((trial, _at_hand(together.get(trial.index))) for trial in group)

    def _groups(self, rows_at_once: int) -> Iterator[list[TrialRef]]:
        """Consecutive trials that are read up to the same step, and are few enough for a page."""
        for _, alike in groupby(self.snapshot.refs(), lambda trial: trial.last_chunk):
            group, rows = list[TrialRef](), 0
            for trial in alike:
                more = self._most_rows(trial)
                if group and (rows + more > rows_at_once or len(group) == _TRIALS_AT_ONCE):
                    yield group
                    group, rows = [], 0
                group.append(trial)
                rows += more
            if group:
                yield group

    def _of(self, trials: Iterable[TrialRef]) -> tuple[ColumnElement[bool], ...]:
        """Condition for the chunks of trials."""
        table, indexes = self.series.table, [trial.index for trial in trials]
        return table.job_id == self.snapshot.job_id, table.trial_index.in_(indexes)

    def _most_rows(self, trial: TrialRef) -> int:
        first = self.query.from_step or 0
        last = trial.steps_done if self.query.to_step is None else min(trial.steps_done, self.query.to_step)
        return max(0, last - first) // (self.snapshot.every if self.series.is_thinned else 1) + 2

    def _together(self, group: Sequence[TrialRef]) -> dict[int, list[bytes]]:
        table, found = self.series.table, dict[int, list[bytes]]()
        chunks = (
            select(table.trial_index, table.data)
            .where(*self._of(group), *self._range(group[0]))
            .order_by(table.trial_index, table.first_step)
            .execution_options(**IN_BINARY)
        )
        with self._unit() as session:
            for index, data in session.execute(chunks):
                found.setdefault(index, []).append(data)
        return found

    def _paged(self, trial: TrialRef, rows_at_once: int) -> Pages:
        def pages() -> Iterator[list[bytes]]:
            after = -1
            while True:
                with self._unit() as session:
                    keys = self._keys(session, trial, after)
                    page = keys[: _fitting(keys, rows_at_once)]
                    data = self._data(session, trial, after, page[-1].first_step) if page else []
                if data:
                    yield data
                if len(page) == len(keys) < _KEYS_AT_ONCE:
                    return
                after = page[-1].first_step

        return pages

    def _keys(self, session: Session, trial: TrialRef, after: int) -> Sequence[Row[int, int]]:
        table = self.series.table
        keys = select(table.first_step, table.rows).where(*self._of([trial]), table.first_step > after)
        return session.execute(keys.where(*self._range(trial)).order_by(table.first_step).limit(_KEYS_AT_ONCE)).all()

    def _data(self, session: Session, trial: TrialRef, after: int, last: int) -> list[bytes]:
        table = self.series.table
        chunks = select(table.data).where(
            *self._of([trial]), table.first_step > after, table.first_step <= last, *self._range(trial)
        )
        return list(session.scalars(chunks.order_by(table.first_step).execution_options(**IN_BINARY)))

    def _range(self, trial: TrialRef) -> list[ColumnElement[bool]]:
        table, last = self.series.table, trial.last_chunk
        conditions: list[ColumnElement[bool]] = [] if last is None else [table.first_step <= last]
        if self.query.from_step is not None:
            conditions.append(table.last_step >= self.query.from_step)
        if self.query.to_step is not None:
            conditions.append(table.first_step <= self.query.to_step)
        return conditions

    @contextmanager
    def _unit(self) -> Iterator[Session]:
        """A unit of work in which the job is still there; without it, part of a table would look like all of it.

        Raises:
            JobNotFound: if the job was deleted.
        """
        with self.units() as session:
            if session.scalar(select(literal(1)).where(exists().where(JobRow.id == self.snapshot.job_id))) is None:
                raise JobNotFound(self.snapshot.job_id)
            yield session


def _fitting(keys: Sequence[Row[int, int]], rows_at_once: int) -> int:
    """How many of the first chunks are read together; at least one, if there is one."""
    rows = 0
    for count, key in enumerate(keys):
        rows += key.rows
        if count and rows > rows_at_once:
            return count
    return len(keys)


def _at_hand(data: list[bytes] | None) -> Pages:
    return lambda: iter([data] if data else [])


def _by_hundreds(trials: Sequence[TrialRef]) -> Iterator[Sequence[TrialRef]]:
    for first in range(0, len(trials), _TRIALS_AT_ONCE):
        yield trials[first : first + _TRIALS_AT_ONCE]
