"""Queries of a team's datasets, in the caller's transaction; those of another team count as missing."""

import uuid
from typing import IO, Any

from sqlalchemy import Row, Select, func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ayla_service import cursors
from ayla_service.datasets import schemas
from ayla_service.datasets.content import write_parts
from ayla_service.db.models import DatasetRow, JobRow, MemberRow
from ayla_service.db.session import store_now
from ayla_service.errors import DatasetNameTaken, DatasetNotFound
from ayla_service.states import UNFINISHED_JOB
from ayla_service.teams.principal import Principal
from ayla_service.teams.scoping import of_team, require_change

_SHOWN = (
    DatasetRow.id,
    DatasetRow.name,
    DatasetRow.description,
    MemberRow.name.label("owner"),
    DatasetRow.format,
    DatasetRow.rows,
    # The columns themselves can be a megabyte for each dataset.
    func.json_array_length(DatasetRow.columns).label("column_count"),
    DatasetRow.stored_bytes,
    DatasetRow.digest,
    DatasetRow.created_at,
)


def dataset_of(session: Session, principal: Principal, dataset_id: str, *, lock: bool = False) -> DatasetRow:
    """A dataset of the caller's team, locked until the transaction ends if asked for.

    Raises:
        DatasetNotFound: if there is none; one of another team is none.
    """
    return of_team(session, principal, DatasetRow, dataset_id, DatasetNotFound, lock=lock)


def own_dataset(session: Session, principal: Principal, dataset_id: str) -> DatasetRow:
    """A dataset that the caller may delete, locked until the transaction ends.

    Raises:
        DatasetNotFound: if there is none in the caller's team.
        NotYours: if it is another member's, and the caller is no admin.
    """
    dataset = dataset_of(session, principal, dataset_id, lock=True)
    require_change(principal, dataset.owner_id, "dataset", dataset_id)
    return dataset


def refuse_name_in_use(session: Session, principal: Principal, name: str) -> None:
    """Refuse a name that a dataset of the team has.

    Raises:
        DatasetNameTaken: if one has it.
    """
    query = select(DatasetRow.id).where(DatasetRow.team_id == principal.team_id, DatasetRow.name == name)
    dataset_id = session.scalar(query)
    if dataset_id is not None:
        raise DatasetNameTaken(name, dataset_id)


def add(session: Session, principal: Principal, fields: dict[str, Any], file: IO[bytes]) -> str:
    """Store a dataset with its file; returns its id.

    Args:
        session: the unit of work.
        principal: the owner.
        fields: columns of its row, beside its id, its owner and the time.
        file: the encoded file.

    Raises:
        DatasetNameTaken: if a dataset of the team has the name.
    """
    refuse_name_in_use(session, principal, fields["name"])
    dataset = DatasetRow(
        id=str(uuid.uuid4()),
        team_id=principal.team_id,
        owner_id=principal.member_id,
        created_at=store_now(session),
        **fields,
    )
    try:
        with session.begin_nested():
            session.add(dataset)
            session.flush()
    except IntegrityError:
        # Another upload of this name was stored at the same moment.
        refuse_name_in_use(session, principal, fields["name"])
        raise
    write_parts(session, dataset.id, file)
    return dataset.id


def page(session: Session, principal: Principal, limit: int, cursor: str | None) -> schemas.DatasetPage:
    """The team's datasets, newest first.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    query = _visible_to(principal)
    if cursor is not None:
        query = query.where(tuple_(DatasetRow.created_at, DatasetRow.id) < tuple_(*cursors.job_key(cursor)))
    query = query.order_by(DatasetRow.created_at.desc(), DatasetRow.id.desc()).limit(limit + 1)
    rows = session.execute(query).all()
    more = len(rows) > limit
    rows = rows[:limit]
    last = cursors.encode(rows[-1].created_at.isoformat(), rows[-1].id) if more else None
    return schemas.DatasetPage(data=[schemas.Dataset(**row._asdict()) for row in rows], next_cursor=last)


def detail(session: Session, principal: Principal, dataset: DatasetRow) -> schemas.DatasetDetail:
    """A dataset with its columns."""
    row = session.execute(_visible_to(principal).where(DatasetRow.id == dataset.id)).one()
    return schemas.DatasetDetail(**row._asdict(), columns=dataset.columns)


def unfinished_jobs(session: Session, dataset: DatasetRow) -> list[str]:
    """Ids of the jobs that run on a dataset and have not ended, oldest first."""
    used = JobRow.resolved_spec["problem"]["dataset"]["id"].as_string()
    query = select(JobRow.id).where(
        JobRow.team_id == dataset.team_id, JobRow.state.in_(UNFINISHED_JOB), used == dataset.id
    )
    return list(session.scalars(query.order_by(JobRow.created_at, JobRow.id)))


def _visible_to(principal: Principal) -> Select[Row[Any]]:
    return (
        select(*_SHOWN)
        .join(MemberRow, MemberRow.id == DatasetRow.owner_id)
        .where(DatasetRow.team_id == principal.team_id)
    )
