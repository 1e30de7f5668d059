"""Schemas of webhooks and their deliveries: bodies of requests and of answers."""

from datetime import datetime
from typing import Annotated, Literal, Self

from ayla_spec.model import SpecModel
from ayla_spec.text import Name
from pydantic import BaseModel, Field

from ayla_service.db import models
from ayla_service.schemas import Change
from ayla_service.states import DeliveryState
from ayla_service.webhooks.targets import MAX_URL_LENGTH

EventName = Literal["job.succeeded", "job.failed", "job.cancelled"]

_URL = Field(
    min_length=1,
    max_length=MAX_URL_LENGTH,
    description="Where messages are posted to: https, a public host, port 443 or 8443; or a host that the service's "
    "operator has listed.",
    examples=["https://hooks.example.com/ayla"],
)
_ALL: list[EventName] = ["job.succeeded", "job.failed", "job.cancelled"]


class WebhookDraft(SpecModel):
    """Webhook to be made."""

    url: Annotated[str, _URL]
    events: list[EventName] = Field(_ALL, min_length=1, max_length=len(_ALL), description="Events that are sent.")
    description: Name | None = Field(None, description="For people: what it is for.")


class WebhookChange(Change):
    """Change of a webhook; what is left out stays."""

    url: Annotated[str, _URL] = Field(default_factory=str)
    events: list[EventName] = Field(
        default_factory=list, min_length=1, max_length=len(_ALL), description="Events that are sent."
    )
    description: Name | None = Field(None, description="For people: what it is for; null for none.")
    enabled: bool = Field(True, description="Whether messages are sent.")


class Webhook(BaseModel, frozen=True):
    """An address that receives a message when a job of the team ends."""

    id: str
    url: str
    description: str | None
    events: list[EventName]
    enabled: bool = Field(description="False: nothing is sent. A receiver that answers 410 is disabled.")
    owner: str = Field(description="Name of the member who made it.")
    created_at: datetime
    rotated_at: datetime | None = Field(description="When the secret was replaced last; null if it never was.")

    @classmethod
    def of(cls, row: models.WebhookRow, owner: str) -> Self:
        """The answer about one webhook; ``owner`` is the name of its member."""
        columns = {name: getattr(row, name) for name in cls.model_fields if name != "owner"}
        return cls.model_validate({**columns, "owner": owner})


class WebhookWithSecret(Webhook):
    """A webhook with its new secret."""

    secret: str = Field(
        description="Signs the messages (Standard Webhooks). It is shown this once only.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="],
    )


class WebhookPage(BaseModel, frozen=True):
    """One page of webhooks, newest first."""

    data: list[Webhook]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")


class Delivery(BaseModel, frozen=True, from_attributes=True):
    """A message to a webhook, and how far it has come."""

    id: str = Field(description="The webhook-id of the message, the same in every attempt.")
    event: str = Field(examples=["job.succeeded"])
    job_id: str | None = Field(description="The job it tells of; null if that is gone, or if it tells of none.")
    state: DeliveryState = Field(description="Pending until it is received (delivered) or given up (failed).")
    attempts: int = Field(description="How often it was sent.")
    created_at: datetime
    next_at: datetime | None = Field(description="When it is sent (again); null once it has ended.")
    ended_at: datetime | None
    last_status: int | None = Field(description="What the receiver answered last; null if it did not.")
    last_error: str | None = Field(
        description="Why the last attempt came to nothing.", examples=["The receiver refused the connection."]
    )

    @classmethod
    def of(cls, row: models.WebhookDeliveryRow) -> Self:
        """The answer about one delivery."""
        return cls.model_validate(row)


class DeliveryPage(BaseModel, frozen=True):
    """One page of a webhook's deliveries, newest first."""

    data: list[Delivery]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")
