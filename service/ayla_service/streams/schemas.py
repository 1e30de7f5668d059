"""Schemas of the events of streams, for the contract."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel
from pydantic.json_schema import models_json_schema

from ayla_service.streams.events import (
    EndData,
    GapData,
    JobSnapshotData,
    MetricData,
    ProgressData,
    StateData,
    TeamSnapshotData,
)

EventId = Annotated[str, Field(description="Opaque; send that of the last event as Last-Event-ID to go on from there.")]


class JobSnapshotEvent(BaseModel):
    """The first event about each job, and again after a gap."""

    event: Literal["snapshot"]
    id: EventId
    data: JobSnapshotData


class TeamSnapshotEvent(BaseModel):
    """The first event about a team, unless the stream goes on from an earlier one."""

    event: Literal["snapshot"]
    id: EventId
    data: TeamSnapshotData


class StateEvent(BaseModel):
    """Change of a job's state, or change by a user."""

    event: Literal["state"]
    id: EventId
    data: StateData


class ProgressEvent(BaseModel):
    """Progress of a job, at most four times a second."""

    event: Literal["progress"]
    id: EventId
    data: ProgressData


class MetricEvent(BaseModel):
    """Newest results of a job's trials, at most four times a second."""

    event: Literal["metric"]
    id: EventId
    data: MetricData


class GapEvent(BaseModel):
    """Gap in the events: the client was too slow, or the store was away."""

    event: Literal["gap"]
    data: GapData


class EndEvent(BaseModel):
    """The last event about each job. A client that comes back with its id gets 204, and need not come again."""

    event: Literal["end"]
    id: EventId | None = None
    data: EndData


class JobEvent(
    RootModel[JobSnapshotEvent | StateEvent | ProgressEvent | MetricEvent | GapEvent | EndEvent],
):
    """An event of a stream about jobs, its data decoded from JSON."""


class TeamEvent(RootModel[TeamSnapshotEvent | StateEvent | ProgressEvent | GapEvent | EndEvent]):
    """An event of a stream about a team, its data decoded from JSON."""


_JOB_STREAM = """\
retry: 2000

event: progress
data: {"job_id":"6f1c…","steps_done":400,"steps_total":1600,"fraction":0.25,…,"eta_seconds":3.1}
id: WzEsIjIwMjYtMDctMDFUMTI6MDA6MDAuMjUrMDA6MDAiXQ

event: metric
data: {"job_id":"6f1c…","trials":[{"id":"0d9e…","index":0,…,"step":399,"loss":0.31,"best_loss":0.29,…}]}
id: WzEsIjIwMjYtMDctMDFUMTI6MDA6MDAuMjUrMDA6MDAiXQ

: ping

event: end
data: {"reason":"finished","job_id":"6f1c…","job":{"id":"6f1c…","state":"succeeded",…},"trials":[…],"trials_left_out":0}
id: WzEsIjIwMjYtMDctMDFUMTI6MDA6MDguNSswMDowMCIsIjZmMWMiXQ

"""
_TEAM_STREAM = """\
retry: 2000

event: snapshot
data: {"jobs":[{"id":"6f1c…","state":"running",…}],"complete":true}
id: WzEsIjIwMjYtMDctMDFUMTI6MDA6MDAuMjUrMDA6MDAiXQ

event: state
data: {"job_id":"6f1c…","job":{"id":"6f1c…","state":"succeeded",…}}
id: WzEsIjIwMjYtMDctMDFUMTI6MDA6MDguNSswMDowMCJd

"""


def stream_of(event: type[BaseModel], description: str) -> dict[str, Any]:
    """The response of the contract that is a stream of such events."""
    events = {"type": "array", "items": {"$ref": f"#/components/schemas/{event.__name__}"}}
    content = {
        # OpenAPI 3.1 has no word for the events of a stream, as 3.2 has; it can say what the text holds.
        "schema": {"type": "string", "contentMediaType": "text/event-stream", "contentSchema": events},
        "examples": {"stream": {"value": _JOB_STREAM if event is JobEvent else _TEAM_STREAM}},
    }
    return {"description": description, "content": {"text/event-stream": content}}


def stream_schemas() -> dict[str, Any]:
    """The schemas to which ``stream_of`` refers, by name."""
    _, document = models_json_schema(
        [(JobEvent, "serialization"), (TeamEvent, "serialization")], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = document["$defs"]
    return schemas
