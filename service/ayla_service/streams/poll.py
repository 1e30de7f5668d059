"""Polls of the store: one reads what is new for all streams of a process, with as many statements as for one."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.jobs import repository
from ayla_service.states import ShardState, TrialState
from ayla_service.streams.access import refused_credentials
from ayla_service.streams.best_trials import follow_best
from ayla_service.streams.changes import ChangeLog, JobChanges
from ayla_service.streams.events import Encode, EndData, EndReason, Event, MetricData, Position, StreamedTrial
from ayla_service.streams.feeds import JobUpdate, PollRequest, PollResult, TeamStart, first_events
from ayla_service.streams.followed_jobs import MOST_AT_ONCE, FollowedJob
from ayla_service.streams.streamed_trials import newest_losses, newest_metrics, read_trials
from ayla_service.trials.counts import trial_counts

_MOST_TEAM_STARTS = 20


@dataclass(slots=True)
class PollState:
    """State that a poll keeps for the next one.

    Attributes:
        log: of changes.
        jobs: that are followed, by id.
        due: trials whose newest rows are to be read, those that wait longest in front, each with its job.
    """

    log: ChangeLog = field(default_factory=ChangeLog)
    jobs: dict[str, FollowedJob] = field(default_factory=dict)
    due: dict[str, str] = field(default_factory=dict)


class Poller:
    """Polls the store for many streams at once. One poll at a time; what one has read the next need not read again.

    Args:
        database: the store.
        encode: encodes an event; each is encoded once, however many streams send it.
        clock: seconds that only grow.
    """

    def __init__(self, database: Database, encode: Encode, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._encode = encode
        self._clock = clock
        self._state = PollState()

    def poll(self, request: PollRequest) -> PollResult:
        """Changes since the last poll.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: if the store does not answer. The state is dropped then, as some changes
                would be lost; every stream has to start again.
        """
        try:
            with self._database.read() as session:
                return Poll(session, request, self._state, self._encode, self._clock()).run()
        except BaseException:
            self._state = PollState()
            raise


class Poll:
    """One poll, in one unit of work.

    Args:
        session: the unit of work.
        request: what to read.
        state: from the polls before; it is brought up to date.
        encode: encodes an event.
        at: seconds of a clock that only grows.
    """

    def __init__(self, session: Session, request: PollRequest, state: PollState, encode: Encode, at: float) -> None:
        self._session = session
        self._request = request
        self._state = state
        self._encode = encode
        self._at = at
        self._now = store_now(session)
        self._position = Position(self._now)
        self._has_stream = request.jobs & {job_id for job_id, job in state.jobs.items() if job.in_full}
        self._updates: dict[str, JobUpdate] = {}
        self._ending: list[str] = []

    def run(self) -> PollResult:
        """Read the store; returns what is new."""
        changes = self._state.log.find(self._session, self._request, self._known(), self._now)
        self._position = Position(changes.until)
        self._update_jobs(changes)
        request = self._request
        return PollResult(
            position=self._position,
            jobs=self._updates,
            ended=changes.ended,
            closed=self._closed(changes.gone),
            snapshots=self._snapshots(changes.gone),
            team_starts=self._team_starts(),
            refused=refused_credentials(self._session, request.credentials or frozenset(), self._now),
        )

    def _update_jobs(self, changes: JobChanges) -> None:
        """Bring the state of all followed jobs up to date, with the events that follow from it."""
        due = [job.view.id for job in self._state.jobs.values() if not job.is_over and job.is_due()]
        self._drop(changes.gone)
        fresh = self._read_jobs(changes, due)
        advanced = self._count_steps({*due, *fresh}, fresh)
        self._send_trials(self._read_trials(fresh | advanced))
        for job_id in self._ending:
            job = self._state.jobs[job_id]
            self._send(job, job.end_event(), to_job=True)
        self._forget()

    def _known(self) -> dict[str, datetime]:
        """The time of the last change of the jobs that need not be read again without a later one."""
        jobs, new = self._state.jobs.items(), self._request.jobs - self._has_stream
        return {job_id: job.view.updated_at for job_id, job in jobs if job_id not in new}

    def _drop(self, gone: Set[str]) -> None:
        for job_id in gone & self._state.jobs.keys():
            job = self._state.jobs.pop(job_id)
            self._send(job, job.end_event(EndReason.DELETED), to_job=job_id in self._has_stream)

    def _read_jobs(self, changes: JobChanges, due: Collection[str]) -> set[str]:
        """Read the jobs that have changed; returns their ids."""
        jobs = self._state.jobs
        shards = self._shards(self._request.jobs & {*due, *changes.jobs})
        with_new_shards = [job_id for job_id in due if job_id in shards and shards[job_id] != jobs[job_id].shards]
        ids = list(dict.fromkeys([*changes.jobs, *with_new_shards]))
        rows = {row.id: row for row in self._session.scalars(select(JobRow).where(JobRow.id.in_(ids)))} if ids else {}
        found = [rows[job_id] for job_id in ids if job_id in rows]
        for row, view in zip(found, repository.summaries(self._session, found) if found else (), strict=True):
            before = jobs.get(row.id)
            jobs[row.id] = FollowedJob.of(row, view, before)
            jobs[row.id].shards = shards.get(row.id)
            self._send_state(jobs[row.id], before, to_team=row.id in changes.in_teams)
        return set(rows)

    def _shards(self, job_ids: Set[str]) -> Mapping[str, tuple[object, ...]]:
        """By job a value that changes with its shards: they have no time of their last change."""
        if not job_ids:
            return {}
        numbers = [func.count().filter(ShardRow.state == state) for state in ShardState]
        query = select(ShardRow.job_id, func.sum(ShardRow.attempt), func.sum(ShardRow.failures), *numbers)
        rows = self._session.execute(query.where(ShardRow.job_id.in_(job_ids)).group_by(ShardRow.job_id))
        return {job_id: tuple(values) for job_id, *values in rows}

    def _send_state(self, job: FollowedJob, before: FollowedJob | None, *, to_team: bool) -> None:
        differs = job.view.id in self._has_stream and before is not None and job.differs(before.view)
        ends = differs and job.is_over and before is not None and not before.is_over
        if ends:
            self._ending.append(job.view.id)
        if to_team or (differs and not ends):
            self._send(job, job.state_event(), to_job=differs and not ends, to_team=to_team)

    def _count_steps(self, job_ids: Set[str], fresh: Set[str]) -> set[str]:
        """Count the trials of running jobs and their steps; returns those of the jobs whose counts have changed."""
        running = [job for job in map(self._state.jobs.get, job_ids) if job is not None and job.is_running]
        if not running:
            return set()
        counts = trial_counts(self._session, [job.view.id for job in running])
        advanced = set()
        for job in running:
            is_first = job.counts is None
            if job.advance(counts[job.view.id], self._at):
                advanced.add(job.view.id)
                if not is_first or job.view.id not in fresh:
                    self._send(job, job.progress_event(), to_job=job.view.id in self._has_stream, to_team=True)
        return advanced

    def _read_trials(self, job_ids: Set[str]) -> dict[str, list[str]]:
        """Read the trials of those of the jobs that are followed by id; returns the ids of trials that have changed."""
        jobs = {job_id: self._state.jobs[job_id] for job_id in job_ids & self._request.jobs}
        before = {job_id: job.trials for job_id, job in jobs.items()}
        changed = {}
        layouts = {job_id: job.best.layout for job_id, job in jobs.items() if job.best.layout is not None}
        follow_best(self._session, [job.best for job in jobs.values() if job.has_more_trials])
        for job in jobs.values():
            job.in_full = True
        for job_id, trials in read_trials(self._session, layouts, before).items():
            jobs[job_id].trials = trials
            changed[job_id] = [key for key, trial in trials.items() if trial != before[job_id].get(key)]
        return changed

    def _send_trials(self, changed: Mapping[str, Sequence[str]]) -> None:
        """Send the trials that have changed once their newest rows are read; a poll reads those of a few only."""
        to_send: dict[str, set[str]] = defaultdict(set)
        for job_id, trial_ids in changed.items():
            job = self._state.jobs[job_id]
            with_rows = {trial_id for trial_id in trial_ids if _has_new_rows(job.trials[trial_id], job)}
            to_send[job_id] |= set(trial_ids) - with_rows
            self._state.due |= {trial_id: job_id for trial_id in trial_ids if trial_id in with_rows}
        for trial_id, job_id in self._read_newest_rows().items():
            to_send[job_id].add(trial_id)
        for job_id, ids in to_send.items():
            job = self._state.jobs[job_id]
            has_better = job.has_more_trials and job.best.trial != job.best_told
            if (ids or has_better) and job_id in self._has_stream:
                trials = [trial for trial_id, trial in job.trials.items() if trial_id in ids]
                self._send(job, MetricData(job_id, trials, job.best.trial), to_job=True)
                job.best_told = job.best.trial

    def _read_newest_rows(self) -> dict[str, str]:
        """Read the newest rows of those trials that wait longest; returns these, each with its job."""
        jobs, first = self._state.jobs, self._take_due()
        trials = {trial_id: jobs[job_id].trials[trial_id] for trial_id, job_id in first.items()}
        places = {trial_id: (job_id, trials[trial_id].index) for trial_id, job_id in first.items()}
        unfinished = [places[key] for key, trial in trials.items() if trial.state != TrialState.COMPLETED]
        losses = newest_losses(self._session, unfinished)
        metrics = newest_metrics(self._session, [places[key] for key in trials if jobs[first[key]].has_metrics])
        for trial_id, trial in trials.items():
            step, loss = losses.get(trial_id, (trial.step, trial.loss))
            now = replace(trial, step=step, loss=loss, metrics=metrics.get(trial_id, trial.metrics))
            jobs[first[trial_id]].trials[trial_id] = now
        return first

    def _take_due(self) -> dict[str, str]:
        """Take the first of the due trials, as many as a poll reads, each with its job."""
        jobs = self._state.jobs
        due = {trial: job for trial, job in self._state.due.items() if job in jobs and trial in jobs[job].trials}
        first = dict(list(due.items())[:MOST_AT_ONCE])
        self._state.due = {trial_id: job_id for trial_id, job_id in due.items() if trial_id not in first}
        return first

    def _send(self, job: FollowedJob, event: Event, *, to_job: bool = False, to_team: bool = False) -> None:
        if not to_job and not (to_team and job.team_id in self._request.teams):
            return
        update = self._updates.setdefault(job.view.id, JobUpdate(job.team_id, job.view))
        encoded = self._encode(event, self._position_of(event))
        update.job = job.view
        update.for_job += encoded if to_job else b""
        update.for_team += encoded if to_team else b""
        update.for_watchers += encoded

    def _position_of(self, event: Event) -> Position:
        if not isinstance(event, EndData) or event.job is None:
            return self._position
        return Position(max(self._position.at, event.job.updated_at), event.job_id)

    def _closed(self, gone: Set[str]) -> Set[str]:
        over = {job_id for job_id, job in self._state.jobs.items() if job.is_over and job.in_full}
        return (over | gone) & self._request.jobs

    def _snapshots(self, gone: Set[str]) -> dict[str, bytes]:
        """First events of streams about jobs, as far as the jobs have been read, in the order of their changes."""
        wanted = self._request.snapshots
        missing = wanted & (gone | (wanted - self._request.jobs))
        found = {job_id: self._encode(EndData.without_job(EndReason.DELETED, job_id), None) for job_id in missing}
        jobs = [job for job in map(self._state.jobs.get, wanted - missing) if job is not None and job.in_full]
        for job in sorted(jobs, key=lambda job: (job.view.updated_at, job.view.id)):
            end = job.end_event() if job.is_over else None
            last = self._encode(end, self._position_of(end)) if end else b""
            found[job.view.id] = self._encode(job.snapshot(), self._position) + last
        return found

    def _team_starts(self) -> dict[TeamStart, bytes]:
        some = sorted(self._request.team_starts, key=repr)[:_MOST_TEAM_STARTS]
        return {start: first_events(self._session, start, self._encode, self._position) for start in some}

    def _forget(self) -> None:
        """Forget jobs that are not followed any more, and the trials of those followed only for a team."""
        kept = {}
        for job_id, job in self._state.jobs.items():
            if job_id not in self._request.jobs:
                job.in_full, job.trials = False, {}
            if job.in_full or (job.is_running and job.team_id in self._request.teams):
                kept[job_id] = job
        self._state.jobs = kept


def _has_new_rows(trial: StreamedTrial, job: FollowedJob) -> bool:
    """Whether newest rows belong to a change of a trial."""
    return trial.steps_done > 0 and (job.has_metrics or trial.state != TrialState.COMPLETED)
