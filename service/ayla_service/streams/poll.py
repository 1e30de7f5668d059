"""One look into the store for all streams."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service.db.models import Job, Shard
from ayla_service.db.session import store_now
from ayla_service.jobs import repository
from ayla_service.states import ShardState, TrialState
from ayla_service.streams.access import refused
from ayla_service.streams.changes import ChangeLog, Changes
from ayla_service.streams.events import Encode, Ended, EndReason, Event, Measured, StateChanged, TrialNow
from ayla_service.streams.feeds import JobNews, News, TeamOpening, Wanted
from ayla_service.streams.measuring import MOST_AT_ONCE, newest_losses, newest_metrics, trials_of
from ayla_service.streams.openings import begin
from ayla_service.streams.positions import Position
from ayla_service.streams.watched import Watched

_MOST_OPENINGS = 20

_Shards = Mapping[str, tuple[object, ...]]


@dataclass(slots=True)
class Memory:
    """What is known from the looks before.

    Attributes:
        log: of changes.
        jobs: that are watched, by id.
        due: trials whose newest rows are to be looked at, those that wait longest in front, each with its job.
    """

    log: ChangeLog = field(default_factory=ChangeLog)
    jobs: dict[str, Watched] = field(default_factory=dict)
    due: dict[str, str] = field(default_factory=dict)


class Look:
    """A look, in one unit of work.

    Args:
        session: the unit of work.
        wanted: what is watched.
        memory: what is known; it is brought up to date.
        encode: writes an event.
        at: seconds of a clock that only grows.
    """

    def __init__(self, session: Session, wanted: Wanted, memory: Memory, encode: Encode, at: float) -> None:
        self._session = session
        self._wanted = wanted
        self._memory = memory
        self._encode = encode
        self._at = at
        self._now = store_now(session)
        self._position = Position(self._now)
        self._listened = wanted.jobs & {job_id for job_id, job in memory.jobs.items() if job.in_full}
        self._told: dict[str, JobNews] = {}
        self._ending: list[str] = []

    def news(self) -> News:
        """What is new."""
        changes = self._memory.log.find(self._session, self._wanted, self._known(), self._now)
        self._position = Position(changes.until)
        due = [job.view.id for job in self._memory.jobs.values() if not job.is_over and job.is_due()]
        self._drop(changes.gone)
        fresh = self._read(changes, due)
        moved = self._count({*due, *fresh}, fresh)
        self._measure(self._trials(fresh | moved))
        self._end()
        self._forget()
        return News(
            position=self._position,
            jobs=self._told,
            over=changes.over,
            closed=self._closed(changes.gone),
            snapshots=self._snapshots(changes.gone),
            openings=self._openings(),
            refused=refused(self._session, self._wanted.keys) if self._wanted.keys else frozenset(),
        )

    def _known(self) -> dict[str, datetime]:
        """When jobs had changed that need not be read again for that."""
        jobs, in_full = self._memory.jobs.items(), self._wanted.jobs - self._listened
        return {job_id: job.view.updated_at for job_id, job in jobs if job_id not in in_full}

    def _drop(self, gone: Set[str]) -> None:
        for job_id in gone & self._memory.jobs.keys():
            job = self._memory.jobs.pop(job_id)
            self._tell(job, job.ended(EndReason.DELETED), to_job=job_id in self._listened)

    def _read(self, changes: Changes, due: Collection[str]) -> set[str]:
        """Read the jobs that have changed; returns their ids."""
        jobs = self._memory.jobs
        shards = self._shards(self._wanted.jobs & {*due, *changes.jobs})
        stirred = [job_id for job_id in due if job_id in shards and shards[job_id] != jobs[job_id].shards]
        ids = list(dict.fromkeys([*changes.jobs, *stirred]))
        rows = {row.id: row for row in self._session.scalars(select(Job).where(Job.id.in_(ids)))} if ids else {}
        found = [rows[job_id] for job_id in ids if job_id in rows]
        for row, view in zip(found, repository.summaries(self._session, found) if found else (), strict=True):
            before = jobs.get(row.id)
            jobs[row.id] = Watched.of(row, view, before)
            jobs[row.id].shards = shards.get(row.id)
            self._compare(jobs[row.id], before, to_team=row.id in changes.told)
        return set(rows)

    def _shards(self, job_ids: Set[str]) -> _Shards:
        """For each job a value that changes with what becomes of its shards: it has no time of its own."""
        if not job_ids:
            return {}
        numbers = [func.count().filter(Shard.state == state) for state in ShardState]
        query = select(Shard.job_id, func.sum(Shard.attempt), func.sum(Shard.failures), *numbers)
        rows = self._session.execute(query.where(Shard.job_id.in_(job_ids)).group_by(Shard.job_id))
        return {job_id: tuple(values) for job_id, *values in rows}

    def _compare(self, job: Watched, before: Watched | None, *, to_team: bool) -> None:
        differs = job.view.id in self._listened and before is not None and job.differs(before.view)
        ends = differs and job.is_over and before is not None and not before.is_over
        if ends:
            self._ending.append(job.view.id)
        if to_team or (differs and not ends):
            self._tell(job, StateChanged(job.view), to_job=differs and not ends, to_team=to_team)

    def _count(self, job_ids: Set[str], fresh: Set[str]) -> set[str]:
        """Count the trials of running jobs; returns those of the jobs that have gone on."""
        running = [job for job in map(self._memory.jobs.get, job_ids) if job is not None and job.is_running]
        if not running:
            return set()
        counts = repository.trial_counts(self._session, [job.view.id for job in running])
        moved = set()
        for job in running:
            is_first = job.counts is None
            if job.advance(counts[job.view.id], self._at):
                moved.add(job.view.id)
                if not is_first or job.view.id not in fresh:
                    self._tell(job, job.progressed(), to_job=job.view.id in self._listened, to_team=True)
        return moved

    def _trials(self, job_ids: Set[str]) -> dict[str, list[str]]:
        """Read the trials of these jobs as far as they are listened to; returns those with something to tell."""
        watched = {job_id: self._memory.jobs[job_id] for job_id in job_ids & self._wanted.jobs}
        before = {job_id: job.trials for job_id, job in watched.items()}
        changed = {}
        for job_id, trials in trials_of(self._session, watched.keys(), before).items():
            watched[job_id].in_full, watched[job_id].trials = True, trials
            changed[job_id] = [key for key, trial in trials.items() if trial != before[job_id].get(key)]
        return changed

    def _measure(self, changed: Mapping[str, Sequence[str]]) -> None:
        """Tell of trials that have changed, once their newest rows are known; only so many are looked at in a look."""
        told: dict[str, set[str]] = defaultdict(set)
        for job_id, trial_ids in changed.items():
            job = self._memory.jobs[job_id]
            rows = {trial_id for trial_id in trial_ids if _has_rows(job.trials[trial_id], job)}
            told[job_id] |= set(trial_ids) - rows
            self._memory.due |= {trial_id: job_id for trial_id in trial_ids if trial_id in rows}
        for trial_id, job_id in self._look_at_rows().items():
            told[job_id].add(trial_id)
        for job_id, ids in told.items():
            job = self._memory.jobs[job_id]
            if ids and job_id in self._listened:
                trials = [trial for trial_id, trial in job.trials.items() if trial_id in ids]
                self._tell(job, Measured(job_id, trials), to_job=True)

    def _look_at_rows(self) -> dict[str, str]:
        """Look at the newest rows of those trials that wait longest; returns these, each with its job."""
        jobs = self._memory.jobs
        due = {trial: job for trial, job in self._memory.due.items() if job in jobs and trial in jobs[job].trials}
        first = dict(list(due.items())[:MOST_AT_ONCE])
        self._memory.due = {trial_id: job_id for trial_id, job_id in due.items() if trial_id not in first}
        trials = {trial_id: jobs[job_id].trials[trial_id] for trial_id, job_id in first.items()}
        losses = newest_losses(self._session, [key for key in trials if trials[key].state != TrialState.COMPLETED])
        metrics = newest_metrics(self._session, [key for key in trials if jobs[first[key]].has_metrics])
        for trial_id, trial in trials.items():
            step, loss = losses.get(trial_id, (trial.step, trial.loss))
            now = replace(trial, step=step, loss=loss, metrics=metrics.get(trial_id, trial.metrics))
            jobs[first[trial_id]].trials[trial_id] = now
        return first

    def _end(self) -> None:
        for job_id in self._ending:
            job = self._memory.jobs[job_id]
            self._tell(job, job.ended(), to_job=True)

    def _tell(self, job: Watched, event: Event, *, to_job: bool = False, to_team: bool = False) -> None:
        if not to_job and not (to_team and job.team_id in self._wanted.teams):
            return
        news = self._told.setdefault(job.view.id, JobNews(job.team_id, job.view))
        written = self._encode(event, self._of(event))
        news.job = job.view
        news.for_job += written if to_job else b""
        news.for_team += written if to_team else b""

    def _of(self, event: Event) -> Position:
        """The position that an event has."""
        if not isinstance(event, Ended) or event.job is None:
            return self._position
        return Position(max(self._position.at, event.job.updated_at), event.job_id)

    def _closed(self, gone: Set[str]) -> Set[str]:
        over = {job_id for job_id, job in self._memory.jobs.items() if job.is_over and job.in_full}
        return (over | gone) & self._wanted.jobs

    def _snapshots(self, gone: Set[str]) -> dict[str, bytes]:
        """What streams about jobs begin with, as far as the jobs have been read; those that changed last at the end."""
        wanted = self._wanted.snapshots
        found = {job_id: self._encode(Ended(EndReason.DELETED, job_id), None) for job_id in wanted & gone}
        jobs = [job for job in map(self._memory.jobs.get, wanted) if job is not None and job.in_full]
        for job in sorted(jobs, key=lambda job: (job.view.updated_at, job.view.id)):
            end = job.ended()
            last = self._encode(end, self._of(end)) if job.is_over else b""
            found[job.view.id] = self._encode(job.snapshot(), self._position) + last
        return found

    def _openings(self) -> dict[TeamOpening, bytes]:
        some = sorted(self._wanted.openings, key=repr)[:_MOST_OPENINGS]
        return {opening: begin(self._session, opening, self._encode, self._position) for opening in some}

    def _forget(self) -> None:
        """Forget jobs that nobody watches, and of those that only teams watch the trials."""
        kept = {}
        for job_id, job in self._memory.jobs.items():
            if job_id not in self._wanted.jobs:
                job.in_full, job.trials = False, {}
            if job.in_full or (job.is_running and job.team_id in self._wanted.teams):
                kept[job_id] = job
        self._memory.jobs = kept


def _has_rows(trial: TrialNow, job: Watched) -> bool:
    """Whether what has become of a trial is told by its newest rows."""
    return trial.steps_done > 0 and (job.has_metrics or trial.state != TrialState.COMPLETED)
