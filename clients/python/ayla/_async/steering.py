"""Jobs in the queue: list, change, stop, follow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import TypeAlias

from ayla._async.base import PER_PAGE, AsyncResource
from ayla._async.events import AsyncEvents, AsyncEventStream
from ayla._async.objects import AsyncJob
from ayla._async.waiting import AsyncJobWait
from ayla._json import to_json
from ayla._transport import UNSET, Unset, given, id_of, segment
from ayla._watched import watched
from ayla.models.contract import QueuePosition
from ayla.models.events import Event
from ayla.models.workers import Attempt

AsyncAttemptList: TypeAlias = list[Attempt]

PAUSED = "paused"

_ATTEMPTS_PER_PAGE = 1000


class AsyncJobSteering(AsyncResource):
    """What can be done with jobs that were submitted."""

    async def get(self, job: AsyncJob | str) -> AsyncJob:
        """The job as it is now.

        Raises:
            NotFoundError: there is no such job.
        """
        return await self._get(AsyncJob, f"/v1/jobs/{segment(job)}")

    def list(
        self,
        *,
        state: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        owner: str | None = None,
        project: str | None = None,
        problem: str | None = None,
        optimizer: str | None = None,
        search: str | None = None,
        origin: str | None = None,
        created_from: datetime | str | None = None,
        created_before: datetime | str | None = None,
        archived: str | None = None,
        sort: str | None = None,
    ) -> AsyncIterator[AsyncJob]:
        """Jobs, newest first unless sorted otherwise, page after page as they are needed.

        Args:
            state: only jobs in this state, or "paused": those that are queued or running and out of the queue.
            tag: only jobs with this tag.
            limit: at most this many; None: all.
            owner: only jobs of the member with this name.
            project: only jobs of this project.
            problem: only jobs of this kind of problem ("expression", "dataset"), on this dataset or of this preset.
            optimizer: only jobs with this optimizer; "ayla" for AYLA on any.
            search: only jobs with this text in name, project, tags, notes, problem or labels of optimizers.
            origin: only jobs that compute this trial of another job again, or it first.
            created_from: only jobs submitted then or later.
            created_before: only jobs submitted before.
            archived: whether archived jobs are listed: "no" (service default), "also" or "only".
            sort: "-created_at" (service default), and others that the service names; a minus is for descending.
        """
        params = {
            "tag": tag,
            "owner": owner,
            "project": project,
            "problem": problem,
            "optimizer": optimizer,
            "q": search,
            "origin": origin,
            "created_from": _moment(created_from),
            "created_before": _moment(created_before),
            "archived": archived,
            "sort": sort,
        }
        # The service has no such state: a job that is paused is queued, or running until its worker stops it.
        is_paused = state == PAUSED
        params |= {"state": None if is_paused else state, "paused": "true" if is_paused else None}
        return self._pages(AsyncJob, "/v1/jobs", params, limit=limit, per_page=PER_PAGE)

    async def ids_beginning(self, beginning: str) -> AsyncIterator[str]:
        """Ids of jobs, archived ones too, that begin with ``beginning``; the newest first, page after page.

        Upper and lower case are the same, as everywhere in ids.
        """
        async for job in self._pages(AsyncJob, "/v1/jobs", {"archived": "also"}, per_page=PER_PAGE):
            if job.id.startswith(beginning.lower()):
                yield job.id

    async def cancel(self, job: AsyncJob | str) -> AsyncJob:
        """Ask for a job to be cancelled. A running trial ends at its next check, so wait for the state to change.

        Raises:
            ConflictError: the job has already succeeded or failed.
        """
        return await self._post(AsyncJob, f"/v1/jobs/{segment(job)}/cancel")

    async def pause(self, job: AsyncJob | str) -> AsyncJob:
        """Pause a job: it leaves the queue; running trials are checkpointed and handed back at their next check.

        Raises:
            ConflictError: the job has already ended.
        """
        return await self._post(AsyncJob, f"/v1/jobs/{segment(job)}/pause")

    async def resume(self, job: AsyncJob | str) -> AsyncJob:
        """Put a paused job back into the queue, at its old place; it continues from its checkpoints.

        Raises:
            ConflictError: the job has already ended.
        """
        return await self._post(AsyncJob, f"/v1/jobs/{segment(job)}/resume")

    async def change(
        self,
        job: AsyncJob | str,
        *,
        name: str | Unset | None = UNSET,
        tags: Iterable[str] | Unset = UNSET,
        project: str | Unset | None = UNSET,
        notes: str | Unset | None = UNSET,
        priority: str | Unset = UNSET,
        archived: bool | Unset = UNSET,
        version: int | None = None,
    ) -> AsyncJob:
        """Change a job that was submitted; what is left out stays as it is.

        Args:
            job: the job or its id.
            name: for people; None for none.
            tags: all of its tags.
            project: what it belongs to; None for nothing.
            notes: anything worth remembering; None for nothing.
            priority: "low", "normal", "high" or "urgent"; trials that run are not interrupted.
            archived: whether lists leave it out; it has to have ended.
            version: change it only if it still is this version (``job.version``); None: whichever there is by now.

        Raises:
            ConflictError: the job has ended, and its priority is to be changed; or it has not, and is to be archived.
            PreconditionFailedError: the job has another version by now.
            UnprocessableEntityError: a field is wrong; ``errors`` says which.
        """
        fields = given(name=name, tags=tags, project=project, notes=notes, priority=priority, archived=archived)
        if_match = "*" if version is None else f'"{version}"'
        response = await self._transport.patch(f"/v1/jobs/{segment(job)}", to_json(fields), if_match=if_match)
        return self._read(AsyncJob, response)

    async def prioritise(self, job: AsyncJob | str, priority: str) -> AsyncJob:
        """Change the priority of a job; trials that run are not interrupted.

        Args:
            job: the job or its id.
            priority: "low", "normal", "high" or "urgent".

        Raises:
            ConflictError: the job has already ended.
            UnprocessableEntityError: there is no such priority.
        """
        return await self.change(job, priority=priority)

    async def move(self, job: AsyncJob | str, *, before: AsyncJob | str | None = None) -> AsyncJob:
        """Move a queued job among those of its owner with its priority.

        Args:
            job: the job or its id.
            before: the job that it is to go before; None: to the front.

        Raises:
            ConflictError: one of the two is not queued, or they are of different priorities or owners.
        """
        place = {"to": "front"} if before is None else {"before": id_of(before)}
        return await self._post(AsyncJob, f"/v1/jobs/{segment(job)}/move", place)

    async def delete(self, job: AsyncJob | str) -> None:
        """Delete a job that has ended, with its trials and all of their results.

        Raises:
            ConflictError: it has not ended.
        """
        await self._transport.delete(f"/v1/jobs/{segment(job)}")

    async def queue_position(self, job: AsyncJob | str) -> QueuePosition:
        """The job's position in the queue, and when it may start and finish."""
        return await self._get(QueuePosition, f"/v1/jobs/{segment(job)}/queue-position")

    async def attempts(self, job: AsyncJob | str, *, sort: str | None = None) -> AsyncAttemptList:
        """The attempts of workers to run each shard of a job, with their outcomes.

        Args:
            job: the job or its id.
            sort: "started_at" (service default) or "-started_at", which has the newest first.
        """
        path = f"/v1/jobs/{segment(job)}/attempts"
        return await self._pages(Attempt, path, {"sort": sort}, per_page=_ATTEMPTS_PER_PAGE).collect()

    def events(self, job: AsyncJob | str, *, last_event_id: str | None = None) -> AsyncEvents:
        """What happens to a job, as it happens, until it has ended: see ``Event``.

        Use it in a ``with`` block, or read it to its end: an open stream keeps a connection. After a lost connection
        it goes on by itself.

        Args:
            job: the job or its id.
            last_event_id: the ``id`` of the last event of an earlier stream, to go on from there.
        """
        path = f"/v1/jobs/{segment(job)}/events"
        return AsyncEvents(AsyncEventStream(self._client, path, {}, last_event_id, of_one_job=True).read())

    async def wait(
        self,
        job: AsyncJob | str,
        *,
        timeout: float | None = None,
        poll: float | None = None,
        on_progress: Callable[[AsyncJob], None] | None = None,
        show_progress: bool | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> AsyncJob:
        """Wait until a job has finished and return it. In a notebook a bar shows how far it is.

        The job is followed by its stream of events, and polled where there is none. Once it is known to exist,
        transient errors (no connection, 408, 429, 500 and above) do not end the wait: a job goes on while its service
        restarts. They are tolerated until ``timeout``, or without one for 60 seconds in a row.

        Args:
            job: the job or its id; of an id alone the first poll has to succeed, with the client's usual retries.
            timeout: seconds; None: as long as it takes.
            poll: seconds between polls, and no stream; None: the stream, or polls often at first, then every two
                seconds.
            on_progress: called with the job whenever there is news of it.
            show_progress: False: no bar in a notebook.
            on_event: called with each event of the stream, before ``on_progress``; never while the job is polled.

        Raises:
            JobFailed: it ended as failed.
            JobCancelled: it ended as cancelled.
            WaitTimeout: ``timeout`` is over; the job goes on.
            APIConnectionError, APIStatusError: the service gave no proper answer for too long, or an error that is not
                transient.
        """
        with watched(on_progress, shown=show_progress) as tell:
            wait = AsyncJobWait(self._client, job, timeout=timeout, poll=poll, on_progress=tell, on_event=on_event)
            return await wait.run()


def _moment(value: datetime | str | None) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else value
