"""Jobs: submit, list, wait, pause, cancel."""

from __future__ import annotations

import heapq
import itertools
import operator
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from ayla._json import Settings, to_json, without_none
from ayla._polling import JobFetchers, wait_for
from ayla._responses import pages, parse
from ayla._sweeps import SweepQuestions
from ayla._transport import UNSET, Params, segment
from ayla.models import UNFINISHED_JOB_STATES, Attempt, Job, Trial

TrialList: TypeAlias = list[Trial]
AttemptList: TypeAlias = list[Attempt]

PAUSED = "paused"

_JOBS_PER_PAGE = 200
_TRIALS_PER_PAGE = 1000
_ATTEMPTS_PER_PAGE = 1000


class Jobs(SweepQuestions):
    """The jobs of a service. Wherever an id is taken, the job itself is taken as well."""

    def submit(
        self,
        spec: Settings | None = None,
        /,
        *,
        problem: Settings | None = None,
        optimizers: Iterable[Settings] | None = None,
        budget: int | Settings | None = None,
        seeds: Iterable[int] | None = None,
        search: Settings | None = None,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        record: Settings | None = None,
        device: str | None = None,
        dtype: str | None = None,
        priority: str | None = None,
        limits: Settings | None = None,
        project: str | None = None,
        notes: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Put a job into the queue: a whole spec as a mapping, or its fields as keywords.

        Args:
            spec: the whole job spec; then no field may be given as a keyword.
            problem: what to minimize: ``expression(...)``, ``dataset(...)`` or ``preset(...)``.
            optimizers: ``sgd(...)``, ``adam(...)`` and others; optional for a preset, as are budget and seeds.
            budget: updates per trial, as a number or as ``{"steps": ...}``; for datasets also ``{"epochs": ...}``.
            seeds: one trial per setting and seed; service default [0].
            search: how settings are chosen where numbers are axes (``linear``, ``log``, ``values``): ``grid()``
                (service default), ``random(64)`` or ``sobol(64)``.
            name: for people.
            tags: for filtering lists of jobs.
            record: what is recorded of each trial: ``{"every": ..., "metrics_every": ...}``, for curves
                ``"predictions_at"``, and ``"trajectories"``: "all" (service default), "none" (with axes) or "best".
            device: "auto" (service default), "cpu" or "cuda".
            dtype: "float64" (service default, but for images) or "float32" (service default for images).
            priority: "low", "normal" (service default), "high" or "urgent": the job's place in the queue.
            limits: what the job may use: ``{"seconds": ..., "memory_mb": ...}``, each optional; default: no limit but
                the service's.
            project: what the job belongs to; for filtering lists of jobs.
            notes: anything worth remembering about the job.
            idempotency_key: submitting again with the same key and spec gives the same job. Default: a new key for
                this call, which makes its retries safe.

        Raises:
            UnprocessableEntityError: the spec is wrong; ``errors`` says where.
            InvalidRequest: the spec holds what JSON cannot say, such as NaN; ``pointer`` says where.
            TypeError: both a spec and fields are given, or no problem, or the budget is no whole number.
        """
        fields: dict[str, object] = {"name": name, "tags": tags, "problem": problem, "optimizers": optimizers}
        fields |= {"budget": _budget(budget), "seeds": seeds, "search": search, "record": record, "device": device}
        fields |= {"dtype": dtype, "priority": priority, "limits": limits, "project": project, "notes": notes}
        body = _body(spec, without_none(**fields))
        key = idempotency_key or str(uuid.uuid4())
        return parse(Job, self._transport.post("/v1/jobs", body, idempotency_key=key))

    def get(self, job: Job | str) -> Job:
        """The job as it is now.

        Raises:
            NotFoundError: there is no such job.
        """
        return parse(Job, self._transport.get(f"/v1/jobs/{_id(job)}"))

    def list(
        self,
        *,
        state: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        owner: str | None = None,
        project: str | None = None,
    ) -> Iterator[Job]:
        """Jobs, newest first, page after page as they are needed.

        Args:
            state: only jobs in this state, or "paused": those that are queued or running and out of the queue.
            tag: only jobs with this tag.
            limit: at most this many; None: all.
            owner: only jobs of the member with this name.
            project: only jobs of this project.
        """
        page = _JOBS_PER_PAGE if limit is None else max(1, min(limit, _JOBS_PER_PAGE))
        params = {"tag": tag, "owner": owner, "project": project}
        if state == PAUSED:
            return itertools.islice(self._paused(params), limit)
        params |= {"state": state, "limit": str(page)}
        return pages(self._transport, "/v1/jobs", params, Job, limit=limit)

    def _paused(self, params: dict[str, str | None]) -> Iterator[Job]:
        """Paused jobs; the service has no such state: they are queued, or running until their worker stops them."""
        states = [{**params, "state": state, "limit": str(_JOBS_PER_PAGE)} for state in UNFINISHED_JOB_STATES]
        lists = [pages(self._transport, "/v1/jobs", wanted, Job) for wanted in states]
        newest_first = heapq.merge(*lists, key=lambda job: str(job.created_at), reverse=True)
        return (job for job in newest_first if job.paused)

    def ids_beginning(self, beginning: str) -> Iterator[str]:
        """Ids of jobs, archived ones too, that begin with ``beginning``; the newest first, page after page.

        Upper and lower case are the same, as everywhere in ids.
        """
        params = {"archived": "also", "limit": str(_JOBS_PER_PAGE)}
        jobs = pages(self._transport, "/v1/jobs", params, Job)
        return (job.id for job in jobs if job.id.startswith(beginning.lower()))

    def cancel(self, job: Job | str) -> Job:
        """Ask for a job to be cancelled. A running trial ends at its next check, so wait for the state to change.

        Raises:
            ConflictError: the job has already succeeded or failed.
        """
        return parse(Job, self._transport.post(f"/v1/jobs/{_id(job)}/cancel", idempotent=True))

    def pause(self, job: Job | str) -> Job:
        """Pause a job: it leaves the queue; running trials are checkpointed and handed back at their next check.

        Raises:
            ConflictError: the job has already ended.
        """
        return parse(Job, self._transport.post(f"/v1/jobs/{_id(job)}/pause", idempotent=True))

    def resume(self, job: Job | str) -> Job:
        """Put a paused job back into the queue, at its old place; it continues from its checkpoints.

        Raises:
            ConflictError: the job has already ended.
        """
        return parse(Job, self._transport.post(f"/v1/jobs/{_id(job)}/resume", idempotent=True))

    def prioritise(self, job: Job | str, priority: str) -> Job:
        """Change the priority of a job; trials that run are not interrupted.

        Args:
            job: the job or its id.
            priority: "low", "normal", "high" or "urgent".

        Raises:
            ConflictError: the job has already ended.
            UnprocessableEntityError: there is no such priority.
        """
        body = to_json({"priority": priority})
        return parse(Job, self._transport.patch(f"/v1/jobs/{_id(job)}", body))

    def wait(
        self,
        job: Job | str,
        *,
        timeout: float | None = None,
        poll: float | None = None,
        on_progress: Callable[[Job], None] | None = None,
    ) -> Job:
        """Wait until a job has finished and return it.

        The job is polled. Once it is known to exist, transient errors (no connection, 408, 429, 500 and above) do not
        end the wait: a job goes on while its service restarts. They are tolerated until ``timeout``, or without one
        for 60 seconds in a row.

        Args:
            job: the job or its id; of an id alone the first poll has to succeed, with the client's usual retries.
            timeout: seconds; None: as long as it takes.
            poll: seconds between polls; None: often at first, then every two seconds.
            on_progress: called with the job after each poll.

        Raises:
            JobFailed: it ended as failed.
            JobCancelled: it ended as cancelled.
            WaitTimeout: ``timeout`` is over; the job goes on.
            APIConnectionError, APIStatusError: the service gave no proper answer for too long, or an error that is not
                transient.
        """
        # The wait polls again by itself; retries within a poll would only make it overrun its timeout.
        without_retries = Jobs(self._transport.with_options(timeout=UNSET, max_retries=0))
        fetchers = JobFetchers(first=lambda: self.get(job), again=lambda: without_retries.get(job))
        known = None if isinstance(job, str) else job
        clock = self._transport.clock
        return wait_for(fetchers, clock, known=known, timeout=timeout, poll=poll, on_progress=on_progress)

    def trials(
        self,
        job: Job | str,
        *,
        where: str | Iterable[str] | None = None,
        arm: str | None = None,
        states: Iterable[str] | None = None,
        sort: str | None = None,
        limit: int | None = None,
    ) -> TrialList:
        """The trials of a job: those of one optimizer together, seeds in the order given, unless sorted otherwise.

        Of a job of very many trials ask for some, or for all as a table (``table``).

        Args:
            job: the job or its id.
            where: conditions such as "learning_rate>0.01", all of which trials have to meet.
            arm: only trials of this arm.
            states: only trials in these states, such as ``["completed", "diverged"]``.
            sort: a column of numbers to sort by; with ``-`` before it the largest first.
            limit: at most so many; default: all.

        Raises:
            UnprocessableEntityError: a condition or the order does not fit the job.
        """
        params: Params = {
            "where": [where] if isinstance(where, str) else None if where is None else [*where],
            "arm": arm,
            "states": None if states is None else ",".join(states),
            "sort": sort,
            "limit": _TRIALS_PER_PAGE if limit is None else max(1, min(limit, _TRIALS_PER_PAGE)),
        }
        return [*pages(self._transport, f"/v1/jobs/{_id(job)}/trials", params, Trial, limit=limit)]

    def attempts(self, job: Job | str) -> AttemptList:
        """The attempts of workers to run each shard of a job, with their outcomes; oldest first."""
        path = f"/v1/jobs/{_id(job)}/attempts"
        return [*pages(self._transport, path, {"limit": _ATTEMPTS_PER_PAGE}, Attempt)]


def _budget(budget: int | Settings | None) -> Settings | None:
    """A number of any integer type, NumPy's too, as the service takes it."""
    if budget is None or isinstance(budget, Mapping):
        return budget
    if isinstance(budget, bool) or not hasattr(budget, "__index__"):
        raise TypeError(f"/budget: {budget!r} is not a whole number of steps.")
    return {"steps": operator.index(budget)}


def _body(spec: Settings | None, fields: Settings) -> Any:
    if spec is not None and fields:
        raise TypeError(f"Give a whole spec or its fields, not both; here also {', '.join(fields)}.")
    if spec is None and "problem" not in fields:
        raise TypeError(
            "Nothing to minimize: give a spec, or problem=ayla.expression(...), ayla.dataset(...) or ayla.preset(...)."
        )
    return to_json(fields if spec is None else spec)


def _id(job: Job | str) -> str:
    return segment(job)
