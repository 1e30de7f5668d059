"""Answers of the service about webhooks. Generated from openapi.json by `make client`."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ayla.models.base import ResponseModel


class Delivery(ResponseModel):
    """A message to a webhook, and how far it has come.

    Attributes:
        attempts: how often it was sent.
        id: the webhook-id of the message, the same in every attempt.
        job_id: the job it tells of; None if that is gone, or if it tells of none.
        last_error: why the last attempt came to nothing.
        last_status: what the receiver answered last; None if it did not.
        next_at: when it is sent (again); None once it has ended.
        state: pending until it is received (delivered) or given up (failed).
    """

    attempts: int
    created_at: datetime
    ended_at: datetime | None
    event: str
    id: str
    job_id: str | None
    last_error: str | None
    last_status: int | None
    next_at: datetime | None
    state: str


class Webhook(ResponseModel):
    """An address that receives a message when a job of the team ends.

    Attributes:
        enabled: False: nothing is sent. A receiver that answers 410 is disabled.
        owner: name of the member who made it.
        rotated_at: when the secret was replaced last; None if it never was.
    """

    created_at: datetime
    description: str | None
    enabled: bool
    events: tuple[str, ...]
    id: str
    owner: str
    rotated_at: datetime | None
    url: str


class WebhookWithSecret(ResponseModel):
    """A webhook with its new secret.

    Attributes:
        enabled: False: nothing is sent. A receiver that answers 410 is disabled.
        owner: name of the member who made it.
        rotated_at: when the secret was replaced last; None if it never was.
        secret: signs the messages (Standard Webhooks). It is shown this once only.
    """

    created_at: datetime
    description: str | None
    enabled: bool
    events: tuple[str, ...]
    id: str
    owner: str
    rotated_at: datetime | None
    secret: str = Field(repr=False)
    url: str
