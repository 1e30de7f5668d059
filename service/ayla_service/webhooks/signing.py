"""Signatures of messages: Standard Webhooks, symmetric (v1)."""

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer

_PREFIX = "whsec_"
_RANDOM_BYTES = 32


def new_secret() -> str:
    """A new secret of 256 random bits, written as the standard has it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_RANDOM_BYTES)).decode()


def signature_headers(message_id: str, at: datetime, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Headers with the id, time and signatures of a message.

    Args:
        message_id: the same whenever the message is sent again; has no dot in it.
        at: time of this attempt.
        body: as it is sent, to the last byte.
        keys: secrets to sign with; a receiver needs one of them.
    """
    at = at.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signer(key).sign(message_id, at, body.decode()) for key in keys),
    }
