"""Lists of jobs, page by page: filters, search by text and orders, each read from an index where there is one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ayla_spec.text import normalized
from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from ayla_service import cursors
from ayla_service.db.models import JobLabelRow, JobRow, MemberRow
from ayla_service.errors import InvalidQuery
from ayla_service.jobs import repository
from ayla_service.jobs.planning import searchable
from ayla_service.jobs.schemas import JobSummary
from ayla_service.schemas import Page
from ayla_service.states import JobState, LabelKind
from ayla_service.teams.principal import Principal

_RARE = (JobState.QUEUED, JobState.RUNNING, JobState.FAILED, JobState.CANCELLED)
"""States that few of many jobs are in."""

_MANY = 1000
"""Jobs with a label that are counted at most; counting more would cost more than it saves."""


class Sort(StrEnum):
    """Orders of a list of jobs; a minus is for descending."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    LAST_CHANGED = "-updated_at"
    FIRST_CHANGED = "updated_at"


class Archived(StrEnum):
    """Whether archived jobs are listed."""

    NO = "no"
    ONLY = "only"
    ALSO = "also"


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs of a team are wanted, and in which order.

    Attributes:
        state: only in this state.
        paused: only those that are paused, or only those that are not; None: both.
        owner: only of the member with this name.
        labels: only with all of these, one of each kind at most.
        text: only with this somewhere in name, project, tags, notes, problem or optimizers; upper or lower case.
        origin: only those that compute this trial of another job again, alone or first.
        created_from: only submitted at this time or later.
        created_before: only submitted before this time.
        archived: whether archived ones are listed.
        sort: the order.
    """

    state: JobState | None = None
    paused: bool | None = None
    owner: str | None = None
    labels: Mapping[LabelKind, str] = field(default_factory=dict)
    text: str | None = None
    origin: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    archived: Archived = Archived.NO
    sort: Sort = Sort.NEWEST


def page(session: Session, principal: Principal, wanted: JobQuery, limit: int, cursor: str | None) -> Page[JobSummary]:
    """A page of the team's jobs.

    Raises:
        InvalidQuery: on a cursor that is not one of this list, or a text that no job can have.
    """
    for kind, label in wanted.labels.items():
        _refuse_unprintable(kind.value, label)
    wanted = replace(wanted, labels={kind: normalized(label) for kind, label in wanted.labels.items()})
    time, place, query = _source(session, principal, wanted)
    query = _filtered(session, query, principal, wanted)
    if cursor is not None:
        last = tuple_(*cursors.sorted_key(cursor, wanted.sort))
        query = query.where(tuple_(time, place) < last if _descends(wanted) else tuple_(time, place) > last)
    order = (time.desc(), place.desc()) if _descends(wanted) else (time, place)
    jobs = session.scalars(query.order_by(*order).limit(limit + 1)).all()
    more = len(jobs) > limit
    jobs = jobs[:limit]
    return Page(repository.summaries(session, jobs), _after(jobs[-1], wanted) if more else None)


def _descends(wanted: JobQuery) -> bool:
    return wanted.sort.startswith("-")


def _by_change(wanted: JobQuery) -> bool:
    return wanted.sort.endswith("updated_at")


def _after(job: JobRow, wanted: JobQuery) -> str:
    time = job.updated_at if _by_change(wanted) else job.created_at
    return cursors.encode(wanted.sort, time.isoformat(), job.id)


_Place = tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[str], Select[JobRow]]


def _source(session: Session, principal: Principal, wanted: JobQuery) -> _Place:
    """Columns of the order, and the query: from the index of one label, if there is one; the others are looked up."""
    jobs = select(JobRow).where(JobRow.team_id == principal.team_id)
    if _by_change(wanted):
        return JobRow.updated_at, JobRow.id, _with_labels(jobs, wanted.labels)
    if not wanted.labels or wanted.state in _RARE or wanted.paused:
        # Few jobs are paused or in a rare state: from its index, as nearly all jobs that have the label are not.
        return JobRow.created_at, JobRow.id, _with_labels(jobs, wanted.labels)
    kind = _rarest(session, principal, wanted.labels)
    others = {other: text for other, text in wanted.labels.items() if other is not kind}
    jobs = (
        select(JobRow)
        .join(JobLabelRow, JobLabelRow.job_id == JobRow.id)
        .where(*_labelled(principal, kind, wanted.labels[kind]))
    )
    return JobLabelRow.created_at, JobLabelRow.job_id, _with_labels(jobs, others)


def _rarest(session: Session, principal: Principal, labels: Mapping[LabelKind, str]) -> LabelKind:
    """The kind of the label that is on the fewest jobs."""
    if len(labels) == 1:
        return next(iter(labels))
    counts = {}
    for kind, label in labels.items():
        some = select(JobLabelRow.job_id).where(*_labelled(principal, kind, label)).limit(_MANY)
        counts[kind] = session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return min(counts, key=counts.__getitem__)


def _labelled(principal: Principal, kind: LabelKind, label: str) -> tuple[ColumnElement[bool], ...]:
    return JobLabelRow.team_id == principal.team_id, JobLabelRow.kind == kind, JobLabelRow.label == label


def _with_labels(jobs: Select[JobRow], labels: Mapping[LabelKind, str]) -> Select[JobRow]:
    for kind, label in labels.items():
        has = exists().where(JobLabelRow.job_id == JobRow.id, JobLabelRow.kind == kind, JobLabelRow.label == label)
        jobs = jobs.where(has.correlate(JobRow))
    return jobs


def _filtered(session: Session, jobs: Select[JobRow], principal: Principal, wanted: JobQuery) -> Select[JobRow]:
    if wanted.state is not None:
        jobs = jobs.where(JobRow.state == wanted.state)
    if wanted.paused is not None:
        is_paused = JobRow.paused_at.is_not(None)
        jobs = jobs.where(is_paused if wanted.paused else ~is_paused)
    if wanted.owner is not None:
        _refuse_unprintable("owner", wanted.owner)
        jobs = jobs.where(JobRow.owner_id == _member_id(session, principal, wanted.owner))
    if wanted.text is not None:
        _refuse_unprintable("q", wanted.text)
        jobs = jobs.where(JobRow.search_text.contains(searchable(wanted.text), autoescape=True))
    if wanted.origin is not None:
        jobs = jobs.where(JobRow.origin == wanted.origin.lower())
    if wanted.created_from is not None:
        jobs = jobs.where(JobRow.created_at >= wanted.created_from)
    if wanted.created_before is not None:
        jobs = jobs.where(JobRow.created_at < wanted.created_before)
    if wanted.archived is not Archived.ALSO:
        is_archived = JobRow.archived_at.is_not(None)
        jobs = jobs.where(is_archived if wanted.archived is Archived.ONLY else ~is_archived)
    return jobs


def _member_id(session: Session, principal: Principal, name: str) -> str | None:
    return session.scalar(
        select(MemberRow.id).where(MemberRow.team_id == principal.team_id, MemberRow.name == normalized(name))
    )


def _refuse_unprintable(parameter: str, text: str) -> None:
    if not text.isprintable():
        raise InvalidQuery(parameter, "This is printable text on one line.")
