"""What streams of events look like, for the contract."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel
from pydantic.json_schema import models_json_schema

from ayla_service.jobs.schemas import JobSummary, TrialCounts
from ayla_service.states import TrialState
from ayla_service.streams.events import MOST_TRIALS, EndReason, GapReason

EventId = Annotated[str, Field(description="Opaque; send that of the last event as Last-Event-ID to go on from there.")]


class StreamedTrial(BaseModel):
    """Where a trial is."""

    id: str
    index: int = Field(description="Place in the job, from 0.")
    optimizer_index: int = Field(description="Place of the setting in the job's optimizers.")
    label: str
    seed: int
    state: TrialState
    steps_done: int
    step: int | None = Field(description="The step of the loss; null before the first one is known.")
    loss: float | None = Field(
        description="Newest recorded loss, of a trial that has ended its final loss; null where it is not finite, or "
        "where so many steps are recorded in a second that it is not looked for."
    )
    best_loss: float | None = Field(description="Lowest finite loss; null if there was none.")
    best_step: int | None
    metrics: dict[str, float | None] | None = Field(
        description="Newest row of metrics, by column; null where there is none."
    )


class JobSnapshotData(BaseModel):
    """All about a job; what comes after it are changes."""

    job_id: str
    job: JobSummary
    trials: list[StreamedTrial] = Field(description=f"The first {MOST_TRIALS} trials, in order.")
    trials_left_out: int = Field(description="How many more there are.")


class TeamSnapshotData(BaseModel):
    """The unfinished jobs that the stream is about."""

    jobs: list[JobSummary] = Field(description="Running ones first, of each state the newest first.")
    complete: bool = Field(description="False if there are more of them; GET /v1/jobs lists all.")


class StateData(BaseModel):
    """A job whose state has changed, or that a user has changed."""

    job_id: str
    job: JobSummary


class ProgressData(BaseModel):
    """How far a job is, over all its trials."""

    job_id: str
    steps_done: int
    steps_total: int
    fraction: float = Field(ge=0, le=1, description="A diverged trial counts as done.")
    trials: TrialCounts
    steps_per_second: float | None = Field(description="Over the last half minute; null until that can be told.")
    eta_seconds: float | None = Field(description="Until the job is done, at this rate.")


class MetricData(BaseModel):
    """Where those trials are that have gone on since they were told of last: their newest row, not every row."""

    job_id: str
    trials: list[StreamedTrial]


class GapData(BaseModel):
    """Events were left out; a snapshot, or the changes since, follow as soon as possible."""

    reason: GapReason
    since: datetime | None = Field(description="From when on events can be missing; null: from the start.")


class EndData(BaseModel):
    """Nothing more comes about this job; without a job, nothing more at all."""

    reason: EndReason
    job_id: str | None
    job: JobSummary | None = Field(description="As it has ended, or was last; null if that is not known.")
    trials: list[StreamedTrial] = Field(description=f"The first {MOST_TRIALS} trials as they have ended.")
    trials_left_out: int


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
    """At a change of state, or by a user."""

    event: Literal["state"]
    id: EventId
    data: StateData


class ProgressEvent(BaseModel):
    """At most four a second for a job."""

    event: Literal["progress"]
    id: EventId
    data: ProgressData


class MetricEvent(BaseModel):
    """At most four a second for a job."""

    event: Literal["metric"]
    id: EventId
    data: MetricData


class GapEvent(BaseModel):
    """Where the client was too slow, or the store was away."""

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
    """The declaration of a stream of such events."""
    content = {
        # A keyword of OpenAPI 3.2, which FastAPI writes for its own streams too.
        "itemSchema": {"$ref": f"#/components/schemas/{event.__name__}"},
        "examples": {"stream": {"value": _JOB_STREAM if event is JobEvent else _TEAM_STREAM}},
    }
    return {"description": description, "content": {"text/event-stream": content}}


def stream_schemas() -> dict[str, Any]:
    """The schemas that such declarations refer to, by name."""
    _, document = models_json_schema(
        [(JobEvent, "serialization"), (TeamEvent, "serialization")], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = document["$defs"]
    return schemas
