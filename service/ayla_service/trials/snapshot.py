"""Snapshots of trials: which trials are read and how far they had come, so that a long download stays consistent."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service.db.lookup import could_be_id
from ayla_service.db.models import JobRow, ShardRow
from ayla_service.errors import InvalidQuery, JobNotFound, SpecUnreadable, TrajectoryNotKept, TrialNotFound
from ayla_service.states import WITH_RESULT, JobState
from ayla_service.trials.columns import CODES, STATES, TrialColumns
from ayla_service.trials.conditions import Order
from ayla_service.trials.layout import TrialLayout
from ayla_service.trials.numbers import meeting, refuse_unknown, summaries_needed
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.recomputed import keeps_trajectories, recomputations
from ayla_service.trials.selection import TrialSelection
from ayla_service.trials.series import Series
from ayla_service.trials.trial_ids import place_of
from ayla_service.trials.trial_ids import trial_id as id_of

Integers = npt.NDArray[np.int64]

LARGE_TRIALS, LARGE_BYTES = 50_000, 32 * 1024**2
"""A table of more trials, or of trials that recorded more, is large: a team has few of them computed at once."""

_PROGRESS = ("steps_done", "stored_bytes")


@dataclass(frozen=True, slots=True)
class TrialRef:
    """A trial with its progress at one moment.

    Attributes:
        last_chunk: first step of the last chunk that was there; None for a trial that has ended with a result, to
            which nothing is added.
    """

    index: int
    label: str
    optimizer_index: int
    seed: int
    steps_done: int
    last_chunk: int | None


@dataclass(frozen=True, slots=True)
class TrialsSnapshot:
    """Snapshot of trials of one job, with the progress of each.

    Attributes:
        job_id: the job.
        team_id: its team.
        job_name: what its user called it.
        every: it records the steps that are multiples of this, and the first and last.
        layout: what its trials are.
        indexes: those asked for, growing; shape [trials].
        version: changes whenever their results do.
        is_final: whether the results will never change.
        recorded: those of them that have rows of the series asked for, as far as they had come.
        last_chunks: first step of the last chunk of each of these.
        trial_id: of the only trial that was asked for, whichever job its rows are from; None where several were.
    """

    job_id: str
    team_id: str
    job_name: str | None
    every: int
    layout: TrialLayout
    indexes: Integers
    version: str
    is_final: bool
    recorded: TrialColumns | None = None
    last_chunks: Integers = field(default_factory=lambda: np.empty(0, np.int64))
    trial_id: str | None = None

    @property
    def is_large(self) -> bool:
        """Whether a table of these trials takes long."""
        size = 0 if self.recorded is None else int(self.recorded["stored_bytes"].sum())
        return len(self.indexes) > LARGE_TRIALS or size > LARGE_BYTES

    def refs(self) -> Iterator[TrialRef]:
        """The trials that have rows, in order."""
        found = self.recorded
        if found is None:
            return
        rows = zip(
            found.index.tolist(), found.setting.tolist(), found.seed.tolist(), found["steps_done"].tolist(), strict=True
        )
        for (index, setting, seed, steps), last, state in zip(
            rows, self.last_chunks.tolist(), found.state.tolist(), strict=True
        ):
            ended = STATES[state] in WITH_RESULT
            yield TrialRef(index, found.layout.label(setting), setting, seed, steps, None if ended else last)

    def only(self, index: int) -> "TrialsSnapshot":
        """The same of one trial alone."""
        if self.recorded is None:
            return replace(self, indexes=np.array([index], dtype=np.int64))
        here = self.recorded.index == index
        return replace(
            self,
            indexes=np.array([index], dtype=np.int64),
            recorded=self.recorded.part(here),
            last_chunks=self.last_chunks[here],
        )


def of_trial(session: Session, team_id: str, trial_id: str, series: Series) -> TrialsSnapshot:
    """One trial.

    Raises:
        TrialNotFound: if the team has no such trial.
        TrajectoryNotKept: if its job keeps no such rows, and no other job has computed them again.
    """
    job, columns = trial_columns(session, team_id, trial_id, _PROGRESS)
    trial = id_of(job.id, int(columns.index[0]))
    if not keeps_trajectories(job) and series.may_have_rows(job):
        return replace(_computed_again(session, job, int(columns.index[0]), trial, series), trial_id=trial)
    found = _of_columns(session, job, columns, series)
    return replace(found, is_final=bool(columns.has_result.all()), trial_id=trial)


def _computed_again(session: Session, job: JobRow, index: int, trial_id: str, series: Series) -> TrialsSnapshot:
    """A trial whose rows its job has not kept, from the job that has computed it again."""
    found = list(recomputations(session, job, index))
    done = next((one for one in found if one.has_ended), None)
    if done is None:
        raise TrajectoryNotKept(trial_id, series.name, found[0].job.id if found else None)
    columns = TrialReader(session).columns(done.job, done.index, 1, _PROGRESS)
    again = _of_columns(session, done.job, columns, series)
    return replace(again, indexes=np.array([index], dtype=np.int64), is_final=True)


def trial_columns(
    session: Session, team_id: str, trial_id: str, names: Collection[str] | None = None
) -> tuple[JobRow, TrialColumns]:
    """A trial by its id: its job, and its columns, of length 1.

    Args:
        session: the unit of work.
        team_id: who asks.
        trial_id: in the form of today or of an earlier version.
        names: of the columns of its summary that are read; None for all.

    Raises:
        TrialNotFound: if the team has no such trial.
    """
    place = place_of(session, trial_id)
    job = None if place is None else session.get(JobRow, place.job_id)
    if place is None or job is None or job.team_id != team_id:
        raise TrialNotFound(trial_id)
    columns = TrialReader(session).columns(job, place.index, 1, names)
    if not len(columns):
        raise TrialNotFound(trial_id)
    return job, columns


def of_job(
    session: Session,
    team_id: str,
    job_id: str,
    series: Series | None,
    selection: TrialSelection,
    order: Order | None = None,
) -> TrialsSnapshot:
    """The wanted trials of a job.

    Args:
        session: the unit of work.
        team_id: who asks.
        job_id: the job.
        series: the rows that are to be read; None if none are.
        selection: which trials.
        order: that they are to be in; None for that of the job.

    Raises:
        JobNotFound: if the team has no such job.
        InvalidQuery: if it has no trial, optimizer or arm of that name, or no column of a condition or the order.
    """
    job = _job_for(session, team_id, job_id)
    layout = TrialLayout.of(job)
    refuse_unknown(layout, (), order)
    if series is None:
        return _of_shards(session, job, layout, chosen(session, job, layout, selection))
    indexes = chosen(session, job, layout, selection)
    first, count = (int(indexes[0]), int(indexes[-1] - indexes[0]) + 1) if len(indexes) else (0, 0)
    columns = TrialReader(session).columns(job, first, count, _PROGRESS)
    return _of_columns(session, job, columns.part(np.isin(columns.index, indexes, assume_unique=True)), series)


def _job_for(session: Session, team_id: str, job_id: str) -> JobRow:
    """A job of a team.

    Raises:
        JobNotFound: if the team has no such job.
    """
    job = session.get(JobRow, job_id) if could_be_id(job_id) else None
    if job is None or job.team_id != team_id:
        raise JobNotFound(job_id)
    return job


def chosen(session: Session, job: JobRow, layout: TrialLayout, selection: TrialSelection) -> Integers:
    """Places of the wanted trials of a job, growing.

    Raises:
        InvalidQuery: if it has no trial, optimizer or arm of that name, or no column of a condition.
    """
    refuse_unknown(layout, selection.where)
    places = _places(job, layout, selection)
    if not len(places) or (selection.states is None and not selection.where):
        return places
    first, count = int(places[0]), int(places[-1] - places[0]) + 1
    names = summaries_needed([one.column for one in selection.where])
    columns = TrialReader(session).columns(job, first, count, names)
    met = meeting(columns, selection.where) & np.isin(columns.index, places, assume_unique=True)
    if selection.states is not None:
        met &= np.isin(columns.state, [CODES[state] for state in selection.states])
    return columns.index[met]


def _places(job: JobRow, layout: TrialLayout, selection: TrialSelection) -> Integers:
    """The places that the indexes, the setting and the arm leave."""
    spans = selection.spans
    if spans is not None:
        _refuse_beyond("trials", max((span.stop - 1 for span in spans), default=0), job.trials_total, "trials")
    allowed = range(job.trials_total)
    if selection.optimizer_index is not None:
        _refuse_beyond("optimizer", selection.optimizer_index, layout.settings_total, "optimizers")
        allowed = layout.trials_of_setting(selection.optimizer_index)
    places = _counted_out([allowed] if spans is None else [_common(span, allowed) for span in spans])
    if selection.arm is None:
        return places
    entries = layout.entries_of_arm(selection.arm)
    if not entries:
        known = ", ".join(f"'{name}'" for name in layout.arm_names[:20]) + ", …" * (len(layout.arm_names) > 20)
        raise InvalidQuery("arm", f"The job has no arm '{selection.arm[:64]}'; there are {known}.")
    return places[np.isin(layout.arms_of(layout.settings_of(places)), entries)]


def _common(one: range, other: range) -> range:
    return range(max(one.start, other.start), min(one.stop, other.stop))


def _counted_out(spans: list[range]) -> Integers:
    return np.concatenate([np.empty(0, np.int64), *(np.arange(span.start, span.stop) for span in spans)])


def _refuse_beyond(parameter: str, index: int, total: int, things: str) -> None:
    if index >= total:
        raise InvalidQuery(parameter, f"The job has {total} {things}, numbered from 0; there is no {index}.")


def _of_shards(session: Session, job: JobRow, layout: TrialLayout, indexes: Integers) -> TrialsSnapshot:
    """Trials of which no rows are read: their version is that of the whole job."""
    return TrialsSnapshot(
        job.id,
        job.team_id,
        job.name,
        _every(job),
        layout,
        indexes,
        results_version(session, job.id),
        is_final=job.state == JobState.SUCCEEDED,
    )


def results_version(session: Session, job_id: str) -> str:
    """A text that changes whenever the results of a job do, from the rows of its shards alone."""
    columns = (
        ShardRow.id,
        ShardRow.state,
        ShardRow.attempt,
        ShardRow.completed,
        ShardRow.diverged,
        ShardRow.steps_done,
        ShardRow.result_bytes,
    )
    rows = session.execute(select(*columns).where(ShardRow.job_id == job_id).order_by(ShardRow.first_trial))
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()


def _of_columns(session: Session, job: JobRow, columns: TrialColumns, series: Series) -> TrialsSnapshot:
    indexes, counts, last = _chunks(session, series, job.id, columns)
    parts = (columns.index, columns.state, columns["steps_done"], columns["stored_bytes"], columns.attempt)
    version = hashlib.sha256(job.id.encode())
    for part in (*parts, indexes, counts, last):
        version.update(part.tobytes())
    return TrialsSnapshot(
        job.id,
        job.team_id,
        job.name,
        _every(job),
        columns.layout,
        columns.index,
        version.hexdigest(),
        is_final=job.state == JobState.SUCCEEDED,
        recorded=columns.part(np.searchsorted(columns.index, indexes)),
        last_chunks=last,
    )


def _chunks(
    session: Session, series: Series, job_id: str, columns: TrialColumns
) -> tuple[Integers, Integers, Integers]:
    """The trials that have chunks, how many each has, and the first step of the last; from the primary key alone."""
    table = series.table
    query = select(table.trial_index, func.count(), func.max(table.first_step)).where(table.job_id == job_id)
    if len(columns):
        query = query.where(table.trial_index.between(int(columns.index[0]), int(columns.index[-1])))
    rows = session.execute(query.group_by(table.trial_index).order_by(table.trial_index)).all()
    found = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(len(rows), 3)
    kept = found[np.isin(found[:, 0], columns.index)]
    return kept[:, 0], kept[:, 1], kept[:, 2]


def _every(job: JobRow) -> int:
    """Of how many steps a job records one.

    Raises:
        SpecUnreadable: if another version of the service wrote its spec, and this one cannot read it.
    """
    match job.resolved_spec.get("record"):
        case {"every": int(every)} if every > 0:
            return every
        case _:
            raise SpecUnreadable(job.id)
