"""Routes of event streams."""

from typing import Annotated, Any

from ayla_spec.text import NORMAL, Project, Tag
from fastapi import APIRouter, Depends, Header, Query, Request, Response

from ayla_service.errors import InvalidQuery
from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId, Store
from ayla_service.http.problems import responses
from ayla_service.schemas import Id
from ayla_service.streams.events import Position
from ayla_service.streams.feeds import Feed, JobFilter, feed_of_jobs, feed_of_team
from ayla_service.streams.routes.sse import EventStream
from ayla_service.streams.schemas import JobEvent, TeamEvent, stream_of
from ayla_service.teams.principal import Principal

router = APIRouter(tags=["events"])

MOST_JOBS = 100
MOST_WATCHED = 20

_NOTHING_MORE: dict[int | str, dict[str, Any]] = {
    204: {"description": "The client has received the last event: no more will come."}
}


class StreamOpener:
    """Opens streams for one caller."""

    def __init__(self, request: Request, caller: Principal, last_event_id: str | None) -> None:
        self._request = request
        self._caller = caller
        self.since = Position.decode(last_event_id)

    def stream(self, feed: Feed | None) -> Response:
        """The stream of a feed; without one 204, after which clients do not try again."""
        if feed is None:
            return Response(status_code=204)
        state = self._request.app.state
        has_body = not getattr(self._request.state, "is_head", False)
        ping_seconds: float = state.settings.stream_ping_seconds
        return EventStream(state.events, self._caller, feed, self.since, ping_seconds, has_body=has_body)


async def _opener(
    request: Request,
    caller: Reader,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="Id of the last event received; one that is none is ignored."),
    ] = None,
) -> StreamOpener:
    await request.body()  # after it only the end of the connection is received
    request.app.state.events.refuse_too_many(caller)
    return StreamOpener(request, caller, last_event_id)


Streams = Annotated[StreamOpener, Depends(_opener)]


@router.get(
    "/jobs/{job_id}/events",
    operation_id="stream_job_events",
    summary="Follow a job",
    status_code=200,
    response_class=EventStream,
    responses={**_NOTHING_MORE, 200: stream_of(JobEvent, "Events until the job has ended."), **responses(404)},
)
def stream_job_events(job_id: JobId, caller: Reader, store: Store, streams: Streams) -> Response:
    """Stream of Server-Sent Events: a snapshot, then state, progress and metrics as they change, and the end.

    The stream ends with the job. A client that comes back with Last-Event-ID begins with a new snapshot; after the end
    it gets 204.
    """
    with store.read() as session:
        feed = feed_of_jobs(session, caller, [job_id], streams.since)
    return streams.stream(feed)


@router.get(
    "/events",
    operation_id="stream_events",
    summary="Follow the team's jobs, or some of them",
    status_code=200,
    response_class=EventStream,
    responses={
        **_NOTHING_MORE,
        200: stream_of(TeamEvent, "Events for as long as the client likes; with job_id or watch as those of each job."),
        **responses(404),
    },
)
def stream_events(
    caller: Reader,
    store: Store,
    streams: Streams,
    project: Annotated[Project | None, Query(description="Only jobs of this project.")] = None,
    tag: Annotated[Tag | None, Query(description="Only jobs with this tag.")] = None,
    owner: Annotated[str | None, Query(max_length=100, description="Only jobs of this member."), NORMAL] = None,
    job_id: Annotated[
        list[Id] | None,
        Query(max_length=MOST_JOBS, description="Only this job, with its trials' metrics; can be given several times."),
    ] = None,
    watch: Annotated[
        list[Id] | None,
        Query(
            max_length=MOST_WATCHED,
            description="Of this job also what a stream about it has: a snapshot with its trials, their metrics, its "
            "end; can be given several times. Of an id that is no job of the team the end comes at once, as deleted.",
        ),
    ] = None,
) -> Response:
    """Stream of Server-Sent Events of all jobs of the team: a snapshot, then states and progress as they change.

    A client that comes back with Last-Event-ID gets the states of all jobs that may have changed since, some of them a
    second time, and a new snapshot of each job that it watches.
    """
    only = JobFilter(project, tag, _printable(owner))
    if not job_id:
        with store.read() as session:
            return streams.stream(feed_of_team(session, caller, only, watch or ()))
    if only != JobFilter() or watch:
        raise InvalidQuery("job_id", "Names the jobs already; leave out project, tag, owner and watch.")
    with store.read() as session:
        feed = feed_of_jobs(session, caller, job_id, streams.since)
    return streams.stream(feed)


def _printable(owner: str | None) -> str | None:
    if owner is not None and not owner.isprintable():
        raise InvalidQuery("owner", "This is printable text on one line.")
    return owner
