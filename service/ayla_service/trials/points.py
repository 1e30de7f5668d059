"""Points of a job that were drawn: stored in pieces of consecutive settings, and read as far as they are needed.

Grids are listed by a function and have none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.space import Space
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobPointsRow
from ayla_service.db.session import IN_BINARY
from ayla_service.trials.encoding import decode, encode, numbers_in

Columns = Mapping[str, npt.NDArray[np.float64]]

SETTINGS_PER_PIECE = 16_384


@dataclass(frozen=True, slots=True)
class PointsPiece:
    """Points of consecutive settings of one arm.

    Attributes:
        first: number in the job of the first of these settings.
        columns: the axes by path, of one length.
    """

    first: int
    columns: Columns

    @property
    def end(self) -> int:
        """Number after that of the last setting."""
        return self.first + len(next(iter(self.columns.values())))


def points_rows(job_id: str, space: Space, points: Sequence[Columns]) -> list[dict[str, Any]]:
    """Rows of the table of points of a new job.

    Args:
        job_id: the job.
        space: its arms.
        points: of each arm, as ``design.plan_points`` draws them, empty of an arm that draws none; or none at all.
    """
    return [
        _row(job_id, arm.first, start, min(arm.settings, start + SETTINGS_PER_PIECE), columns)
        for arm, columns in zip(space.arms, points, strict=bool(points))
        if columns
        for start in range(0, arm.settings, SETTINGS_PER_PIECE)
    ]


def has_points(resolved_spec: Mapping[str, Any]) -> bool:
    """Whether the points of a job, by its spec as it is stored, were drawn."""
    search = resolved_spec.get("search")
    return search is not None and search.get("design", "grid") != "grid"


def read_points(session: Session, job_id: str, first: int, end: int) -> tuple[PointsPiece, ...]:
    """The pieces that have any of the settings from number ``first`` in the job to before ``end``, in order."""
    query = select(JobPointsRow.first_setting, JobPointsRow.data).where(
        JobPointsRow.job_id == job_id,
        JobPointsRow.first_setting < end,
        JobPointsRow.first_setting + JobPointsRow.settings > first,
    )
    rows = session.execute(query.order_by(JobPointsRow.first_setting).execution_options(**IN_BINARY))
    return tuple(PointsPiece(row.first_setting, _columns(row.data)) for row in rows)


def with_pieces(space: Space, pieces: Sequence[PointsPiece]) -> Space:
    """The space with points that were read; whoever asks for others gets a ``LookupError``."""
    return replace(space, points=lambda arm, start, stop: _cut(space, pieces, arm, start, stop))


def stored_space(session: Session, job_id: str, spec: ResolvedJobSpec) -> Space:
    """The space of a stored job, whose points are read when they are asked for, while the session is open."""
    space = Space.of(spec)

    def read(arm: int, start: int, stop: int) -> Columns:
        first = space.arms[arm].first
        return _cut(space, read_points(session, job_id, first + start, first + stop), arm, start, stop)

    return replace(space, points=read)


def _row(job_id: str, offset: int, start: int, stop: int, columns: Columns) -> dict[str, Any]:
    data = encode({path: column[start:stop] for path, column in columns.items()})
    return {"job_id": job_id, "first_setting": offset + start, "settings": stop - start, "data": data}


def _columns(data: bytes) -> Columns:
    table = decode(data)
    return {name: numbers_in(table.column(name)) for name in table.column_names}


def _cut(space: Space, pieces: Sequence[PointsPiece], arm: int, start: int, stop: int) -> Columns:
    """The settings ``start`` to before ``stop`` of an arm, counted within it.

    Raises:
        LookupError: if the pieces do not have all of them.
    """
    first = space.arms[arm].first
    parts = list(_parts(pieces, first + start, first + stop))
    if sum(part.end - part.first for part in parts) != stop - start:
        raise LookupError("points of the job are missing in the store")
    return {path: np.concatenate([part.columns[path] for part in parts]) for path in space.arms[arm].axes}


def _parts(pieces: Sequence[PointsPiece], first: int, end: int) -> Iterator[PointsPiece]:
    for piece in pieces:
        low, high = max(first, piece.first), min(end, piece.end)
        if low < high:
            inside = slice(low - piece.first, high - piece.first)
            yield PointsPiece(low, {path: column[inside] for path, column in piece.columns.items()})
