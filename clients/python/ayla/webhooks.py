"""Messages of webhooks: whether one is from the service, and what it tells.

Standard Webhooks has a library for this, standardwebhooks, which the service itself signs with. What it does takes the
few lines below, so that a receiver needs no third package; a test holds the two against each other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field, ValidationError

from ayla.errors import WebhookVerificationError
from ayla.models.base import ResponseModel

TOLERANCE_SECONDS = 300
"""How old a message may be, or how far ahead the sender's clock."""

_PREFIX = "whsec_"


class WebhookEvent(ResponseModel):
    """A message of a webhook.

    Attributes:
        id: the same whenever the message is sent again: remember it, as a message can arrive twice.
        type: "job.succeeded", "job.failed", "job.cancelled", or "webhook.test".
        timestamp: when it happened.
        data: of a job: job_id, url, name, state, owner, project, tags, times, error and trials.
    """

    id: str
    type: str
    timestamp: datetime | None = None
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def job_id(self) -> str | None:
        """The job that ended; None of a test."""
        found = self.data.get("job_id")
        return found if isinstance(found, str) else None


def verify_webhook(
    body: bytes | str, headers: Mapping[str, str], secret: str, *, tolerance: float = TOLERANCE_SECONDS
) -> WebhookEvent:
    """The message of a webhook, once it is sure that the service sent it.

    Args:
        body: the body as it came, before any parsing.
        headers: of the request, in upper or lower case; ``webhook-id``, ``webhook-timestamp`` and
            ``webhook-signature`` are read.
        secret: of the webhook, ``whsec_…``, as it was shown when the webhook was made.
        tolerance: seconds that the message may be old, or ahead.

    Raises:
        WebhookVerificationError: a header is missing, no signature fits, the message is too old, or the secret is none.
    """
    found = {name.lower(): value for name, value in headers.items()}
    identifier, moment, signatures = (_header(found, f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    content = body.encode() if isinstance(body, str) else bytes(body)
    _check_age(moment, tolerance)
    signed = f"{identifier}.{moment}.".encode() + content
    expected = base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()
    # Every one is compared, and each in the same time: how long it takes tells nothing about the right one.
    versions = [part.partition(",") for part in signatures.split(" ")]
    given = [value.encode() for version, _, value in versions if version == "v1"]
    fits = [hmac.compare_digest(value, expected.encode()) for value in given]
    if not any(fits):
        raise WebhookVerificationError("No signature of the message fits the secret.")
    return _event(identifier, content)


def _header(headers: Mapping[str, str], name: str) -> str:
    if not headers.get(name):
        raise WebhookVerificationError(f"The message has no header {name}.")
    return headers[name]


def _check_age(moment: str, tolerance: float) -> None:
    if not (moment.isascii() and moment.isdecimal()):
        raise WebhookVerificationError("The header webhook-timestamp is not a number of seconds.")
    if abs(time.time() - int(moment)) > tolerance:
        raise WebhookVerificationError(f"The message is more than {tolerance:g} s old, or a clock is wrong.")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise WebhookVerificationError("The secret is not one of a webhook: whsec_ and a text in base64.") from None


def _event(identifier: str, content: bytes) -> WebhookEvent:
    try:
        return WebhookEvent.model_validate({**json.loads(content), "id": identifier})
    except (ValueError, TypeError, ValidationError, RecursionError) as error:
        raise WebhookVerificationError("The message is signed, but not one of a webhook of this service.") from error
