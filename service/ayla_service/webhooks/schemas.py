"""Bodies of requests about webhooks, and what they are answered with."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal, Self

from ayla_spec.model import SpecModel
from ayla_spec.text import Name
from pydantic import BaseModel, Field

from ayla_service.schemas import Change, Page
from ayla_service.states import DeliveryState
from ayla_service.webhooks.targets import MAX_URL_LENGTH
from ayla_service.webhooks.views import DeliveryView, NewSecret, WebhookView

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
    """A webhook that is to be made."""

    url: Annotated[str, _URL]
    events: list[EventName] = Field(_ALL, min_length=1, max_length=len(_ALL), description="What is told.")
    description: Name | None = Field(None, description="For people: what it is for.")


class WebhookChange(Change):
    """What is to be changed about a webhook; what is left out stays."""

    url: Annotated[str, _URL] = Field(default_factory=str)
    events: list[EventName] = Field(
        default_factory=list, min_length=1, max_length=len(_ALL), description="What is told."
    )
    description: Name | None = Field(None, description="For people: what it is for; null for none.")
    enabled: bool = Field(True, description="Whether messages are sent.")


class Webhook(BaseModel):
    """An address that is told when jobs of the team end."""

    id: str
    url: str
    description: str | None
    events: list[EventName]
    enabled: bool = Field(description="False: nothing is sent. A receiver that answers 410 is disabled.")
    owner: str = Field(description="Name of the member who made it.")
    created_at: datetime
    rotated_at: datetime | None = Field(description="When the secret was replaced last; null if it never was.")

    @classmethod
    def of(cls, view: WebhookView) -> Self:
        """The answer for one webhook."""
        return cls.model_validate(asdict(view))


class WebhookWithSecret(Webhook):
    """A webhook with its new secret."""

    secret: str = Field(
        description="Signs the messages (Standard Webhooks). It is told this once only.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="],
    )

    @classmethod
    def new(cls, made: NewSecret) -> Self:
        """The answer for a webhook that has just got its secret."""
        return cls.model_validate({**asdict(made.webhook), "secret": made.secret})


class WebhookPage(BaseModel):
    """One page of webhooks, newest first."""

    data: list[Webhook]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")

    @classmethod
    def of(cls, page: Page[WebhookView]) -> Self:
        """The answer for one page."""
        return cls(data=[Webhook.of(view) for view in page.items], next_cursor=page.next_cursor)


class Delivery(BaseModel):
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
    def of(cls, view: DeliveryView) -> Self:
        """The answer for one delivery."""
        return cls.model_validate(asdict(view))


class DeliveryPage(BaseModel):
    """One page of a webhook's deliveries, newest first."""

    data: list[Delivery]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")

    @classmethod
    def of(cls, page: Page[DeliveryView]) -> Self:
        """The answer for one page."""
        return cls(data=[Delivery.of(view) for view in page.items], next_cursor=page.next_cursor)
