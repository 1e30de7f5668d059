"""What is told about webhooks and their deliveries; plain values, apart from the store's rows and from HTTP."""

from dataclasses import dataclass
from datetime import datetime

from ayla_service.db.models import Webhook, WebhookDelivery


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook, without its secret.

    Attributes:
        owner: name of the member who made it.
        rotated_at: when its secret was replaced last; None if it never was.
    """

    id: str
    url: str
    description: str | None
    events: list[str]
    enabled: bool
    owner: str
    created_at: datetime
    rotated_at: datetime | None

    @classmethod
    def of(cls, webhook: Webhook, owner: str) -> "WebhookView":
        """What is told about a row."""
        return cls(
            id=webhook.id,
            url=webhook.url,
            description=webhook.description,
            events=webhook.events,
            enabled=webhook.enabled,
            owner=owner,
            created_at=webhook.created_at,
            rotated_at=webhook.rotated_at,
        )


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A webhook with the secret that it was just given, which is not told again."""

    webhook: WebhookView
    secret: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A message to a webhook, and how far it has come.

    Attributes:
        event: what it tells of.
        next_at: when it is sent (again); None once it was received or given up.
        last_status: what the receiver answered last; None if it never did.
        last_error: why the last attempt came to nothing.
    """

    id: str
    event: str
    job_id: str | None
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    last_status: int | None
    last_error: str | None

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> "DeliveryView":
        """What is told about a row."""
        return cls(
            id=delivery.id,
            event=delivery.event,
            job_id=delivery.job_id,
            state=delivery.state,
            attempts=delivery.attempts,
            created_at=delivery.created_at,
            next_at=delivery.next_at,
            ended_at=delivery.ended_at,
            last_status=delivery.last_status,
            last_error=delivery.last_error,
        )
