"""Everything a user of the service can run into, as one tree; the API renders it as problem+json.

Each class carries its own HTTP status and a stable slug, so no route decides about either.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ayla_spec import SpecIssue


class ServiceError(Exception):
    """Base of the errors that are part of the interface.

    Attributes:
        slug: stable identifier; the problem type is ``urn:ayla:problem:<slug>``.
        title: what kind of error, the same for every occurrence.
        status: HTTP status.
        detail: what happened this time, and what would be right.
        issues: the fields at fault, if any.
        headers: HTTP headers that belong to it.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]

    def __init__(
        self, detail: str, issues: list[SpecIssue] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.issues = issues or []
        self.headers = dict(headers or {})


class NotAuthenticated(ServiceError):
    """The request shows no API key, or one that is not valid (any more)."""

    slug, title, status = "not-authenticated", "Not authenticated", 401

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="ayla"'})


class NotAllowed(ServiceError):
    """The API key is valid, but does not let do this."""

    slug, title, status = "not-allowed", "Not allowed", 403


class NotYours(ServiceError):
    """Something of the team that another member owns."""

    slug, title, status = "not-yours", "Not yours", 403

    def __init__(self, kind: str, thing_id: str) -> None:
        super().__init__(
            f"The {kind} '{thing_id[:64]}' belongs to another member of the team; its owner or an admin can change it."
        )


class MemberNotFound(ServiceError):
    """The team has no member with this id."""

    slug, title, status = "member-not-found", "Member not found", 404

    def __init__(self, member_id: str) -> None:
        super().__init__(f"The team has no member with the id '{member_id[:64]}'. GET /v1/members lists the members.")


class MemberNameTaken(ServiceError):
    """The team has a member of this name, or had one, whose jobs still name their owner."""

    slug, title, status = "member-name-taken", "Member name taken", 409

    def __init__(self, name: str) -> None:
        super().__init__(f"The team has or had a member named '{name}'; choose another name.")


class LastAdmin(ServiceError):
    """Without this member nobody would look after the team."""

    slug, title, status = "last-admin", "Last admin", 409

    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' is the only admin of the team; make another member admin first.")


class KeyNotFound(ServiceError):
    """There is no API key with this id that the caller may see."""

    slug, title, status = "key-not-found", "API key not found", 404

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no API key with the id '{key_id[:64]}'. GET /v1/keys lists the keys.")


class KeyEnded(ServiceError):
    """The API key lets nobody in any more, so nothing can come in its place."""

    slug, title, status = "key-ended", "API key ended", 409

    def __init__(self, prefix: str) -> None:
        super().__init__(f"The API key {prefix}… has expired or was revoked; make a new one.")


class KeyToldBefore(ServiceError):
    """A request that made an API key was repeated; the key was in the answer to the first one only."""

    slug, title, status = "key-told-before", "API key told before", 409

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"The first request with this Idempotency-Key has made the API key with the id '{key_id}' and told it. It "
            "is not stored, so it cannot be told again: if the answer was lost, revoke the key and make another."
        )


class MalformedRequest(ServiceError):
    """What came over a connection is no request that can be read."""

    slug, title, status = "malformed-request", "Malformed request", 400


class TooManyConnections(ServiceError):
    """The service has as many connections as it takes."""

    slug, title, status = "too-many-connections", "Too many connections", 503

    def __init__(self) -> None:
        super().__init__("The service has as many connections as it takes. Try again in a moment.")


class RateLimited(ServiceError):
    """There were too many requests."""

    slug, title, status = "rate-limited", "Too many requests", 429

    def __init__(self, detail: str, retry_after: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after), **(headers or {})})


class LimitReached(ServiceError):
    """A member or team has as much as its limits allow; they are told by GET /v1/me."""

    slug, title, status = "limit-reached", "Limit reached", 409


class QueueDraining(ServiceError):
    """The team's queue takes nothing new."""

    slug, title, status = "queue-draining", "Queue draining", 409

    def __init__(self) -> None:
        super().__init__(
            "The team's queue is being drained: what is on it is run, and nothing new is taken. An admin opens it "
            "again with POST /v1/queue/resume."
        )


class StaleVersion(ServiceError):
    """Somebody else has changed the thing since it was read."""

    slug, title, status = "stale-version", "Stale version", 412

    def __init__(self, kind: str) -> None:
        super().__init__(f"The {kind} has changed since it was read; read it again and repeat with its ETag.")


class VersionRequired(ServiceError):
    """A change that has to say which version it changes."""

    slug, title, status = "version-required", "Version required", 428

    def __init__(self, kind: str) -> None:
        super().__init__(f"Name the version to change in If-Match: the ETag of the {kind} as read, or * for any.")


class JobNotFound(ServiceError):
    """No job has this id."""

    slug, title, status = "job-not-found", "Job not found", 404

    def __init__(self, job_id: str) -> None:
        super().__init__(f"No job has the id '{job_id[:64]}'. GET /v1/jobs lists the jobs.")


class TrialNotFound(ServiceError):
    """No trial has this id."""

    slug, title, status = "trial-not-found", "Trial not found", 404

    def __init__(self, trial_id: str) -> None:
        super().__init__(f"No trial has the id '{trial_id[:64]}'. GET /v1/jobs/{{id}}/trials lists a job's trials.")


class DatasetNotFound(ServiceError):
    """No dataset has this id."""

    slug, title, status = "dataset-not-found", "Dataset not found", 404

    def __init__(self, dataset_id: str) -> None:
        super().__init__(f"No dataset has the id '{dataset_id[:64]}'. GET /v1/datasets lists the datasets.")


class DatasetNameTaken(ServiceError):
    """The team has a dataset of this name already; what jobs run on never changes under its name."""

    slug, title, status = "dataset-name-taken", "Dataset name taken", 409

    def __init__(self, name: str, dataset_id: str) -> None:
        super().__init__(
            f"The team has a dataset '{name}' already, with the id '{dataset_id}'. Choose another name, such as "
            f"'{name[:90]}-2', or delete that one first."
        )


class DatasetInUse(ServiceError):
    """Jobs that have not ended run on the dataset."""

    slug, title, status = "dataset-in-use", "Dataset in use", 409

    def __init__(self, name: str, job_ids: Sequence[str], more: int) -> None:
        named = ", ".join(f"'{job_id}'" for job_id in job_ids) + (f" and {more} more" if more else "")
        super().__init__(
            f"The dataset '{name}' is used by jobs that have not ended: {named}. Wait for them or cancel them; jobs "
            "that have ended keep their results without it."
        )


class InvalidDataset(ServiceError):
    """The uploaded file is not a table of finite numbers within the limits."""

    slug, title, status = "invalid-dataset", "Invalid dataset", 422


class UploadCutOff(ServiceError):
    """The body of an upload ended before all of it had come."""

    slug, title, status = "malformed-body", "Malformed body", 400


class UploadStalled(ServiceError):
    """The body of an upload does not come, or comes too slowly."""

    slug, title, status = "upload-stalled", "Upload stalled", 408


class NotAFile(ServiceError):
    """The body is not said to be a file as it is."""

    slug, title, status = "unsupported-media-type", "Unsupported media type", 415


class UnknownCoding(ServiceError):
    """The body is compressed, or otherwise not what its media type says."""

    slug, title, status = "unsupported-media-type", "Unsupported media type", 415

    def __init__(self, coding: str) -> None:
        detail = f"A body with Content-Encoding: {coding[:64]} is not read; send it as it is, without that header."
        # RFC 9110, section 15.5.16: so a client can tell this from a media type that is not taken.
        super().__init__(detail, [SpecIssue("/Content-Encoding", detail)], {"Accept-Encoding": "identity"})


class UploadsUnavailable(ServiceError):
    """There is no room for another upload at the moment."""

    slug, title, status = "uploads-unavailable", "Uploads unavailable", 503


class JobFinished(ServiceError):
    """The job has ended, so nothing about it can be changed any more."""

    slug, title, status = "job-finished", "Job already finished", 409

    def __init__(self, job_id: str, state: str) -> None:
        super().__init__(
            f"Job '{job_id}' has already ended as {state}; only a queued or running job can be cancelled, paused, "
            "resumed or given another place in the queue."
        )


class JobUnfinished(ServiceError):
    """The job has not ended, and only one that has can be treated so."""

    slug, title, status = "job-unfinished", "Job not finished", 409

    def __init__(self, job_id: str, treated: str) -> None:
        super().__init__(f"Job '{job_id}' has not ended; cancel it or wait for its end before it is {treated}.")


class MoveImpossible(ServiceError):
    """A job cannot be moved to before that other one."""

    slug, title, status = "move-impossible", "Move impossible", 409

    def __init__(self, other_id: str, why: str) -> None:
        super().__init__(
            f"A job can be moved to before another waiting job of the same member and priority only; '{other_id[:64]}' "
            f"{why}."
        )


class WebhookNotFound(ServiceError):
    """No webhook has this id."""

    slug, title, status = "webhook-not-found", "Webhook not found", 404

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"No webhook has the id '{webhook_id[:64]}'. GET /v1/webhooks lists the webhooks.")


class DeliveryNotFound(ServiceError):
    """No delivery of this webhook has this id."""

    slug, title, status = "delivery-not-found", "Delivery not found", 404

    def __init__(self, delivery_id: str) -> None:
        super().__init__(
            f"The webhook has no delivery with the id '{delivery_id[:64]}'. GET /v1/webhooks/{{id}}/deliveries lists "
            "those of the last days."
        )


class WebhookDisabled(ServiceError):
    """Nothing is sent to this webhook."""

    slug, title, status = "webhook-disabled", "Webhook disabled", 409

    def __init__(self, webhook_id: str) -> None:
        super().__init__(
            f"Nothing is sent to webhook '{webhook_id}', as it is disabled; PATCH it with enabled: true first."
        )


class IdempotencyKeyReused(ServiceError):
    """The key came with another request before."""

    slug, title, status = "idempotency-key-reused", "Idempotency key reused", 422

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency-Key '{key[:64]}' came with another request before; use a new key for a new request."
        )


class ComparisonTooLarge(ServiceError):
    """More trials, or more of their trajectories, than are compared at once."""

    slug, title, status = "comparison-too-large", "Comparison too large", 422

    def __init__(self, found: str, most: str, advice: str) -> None:
        super().__init__(f"{found} are too many for one comparison; at most {most} are read. {advice}")


class FigureUnavailable(ServiceError):
    """The job can have no figure of this kind."""

    slug, title, status = "figure-unavailable", "Figure unavailable", 409


class FigureTooLarge(ServiceError):
    """More results than are read for one figure."""

    slug, title, status = "figure-too-large", "Figure too large", 422

    def __init__(self, size: int, most: int) -> None:
        mib = 1024**2
        super().__init__(
            f"The results to draw are {-(-size // mib)} MiB; at most {most // mib} MiB are read for one figure. Name "
            "fewer settings with optimizers, or record fewer steps."
        )


class FiguresBusy(ServiceError):
    """As many figures are drawn as can be at once."""

    slug, title, status = "figures-busy", "Figures busy", 503

    def __init__(self) -> None:
        super().__init__("Many figures are being drawn at the moment. Try again shortly.", headers={"Retry-After": "1"})


class InvalidQuery(ServiceError):
    """A query parameter that cannot be honoured; ``issues`` has one entry whose pointer names the parameter."""

    slug, title, status = "invalid-request", "Invalid request", 422

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__("A query parameter is invalid.", [SpecIssue(f"/{parameter}", detail)])


class TooManyStreams(ServiceError):
    """The member has as many streams open as it may have."""

    slug, title, status = "too-many-streams", "Too many streams", 429

    def __init__(self, most: int) -> None:
        super().__init__(
            f"You have {most} streams and waiting requests, and cannot have more here; close some, or follow several "
            "jobs by one: "
            "GET /v1/events?job_id=…&job_id=….",
            headers={"Retry-After": "30"},
        )


class StreamsUnavailable(ServiceError):
    """The service has as many streams open as it serves, or is about to stop."""

    slug, title, status = "streams-unavailable", "Streams unavailable", 503

    def __init__(self) -> None:
        super().__init__(
            "The service cannot serve another stream at the moment. Try again shortly, or ask GET /v1/jobs/{id} "
            "now and then.",
            headers={"Retry-After": "5"},
        )


class InvalidHeader(ServiceError):
    """A header of the request that cannot be honoured."""

    slug, title, status = "invalid-request", "Invalid request", 422

    def __init__(self, header: str, detail: str) -> None:
        super().__init__("A header is invalid.", [SpecIssue(f"/{header}", detail)])


class StoreUnavailable(ServiceError):
    """The store does not answer."""

    slug, title, status = "store-unavailable", "Store unavailable", 503

    def __init__(self) -> None:
        super().__init__("The store does not answer at the moment; nothing was changed. Try again shortly.")


class StoreDamaged(ServiceError):
    """What is in the store cannot be read any more."""

    slug, title, status = "store-damaged", "Store damaged", 503
    advice = (
        "The store is damaged: a part of it cannot be read, and no repetition changes that. Stop the service and "
        "restore a backup; docs/operations.md says how."
    )

    def __init__(self) -> None:
        super().__init__(self.advice)


class NotReady(ServiceError):
    """The service runs but cannot serve yet."""

    slug, title, status = "not-ready", "Not ready", 503
