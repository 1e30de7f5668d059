"""Messages of webhooks are verified as the library does it that the service signs with."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import ayla
import pytest
from standardwebhooks import Webhook

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OTHER = "whsec_" + "A" * 32
BODY = json.dumps({"type": "job.failed", "timestamp": "2026-01-01T00:00:00Z", "data": {"job_id": "5d1f"}}).encode()
Change = dict[str, str | None]


def signed(body: bytes = BODY, *secrets: str, age: timedelta = timedelta()) -> dict[str, str]:
    moment = datetime.now(UTC) - age
    signatures = [Webhook(secret).sign("id-1", moment, body.decode()) for secret in secrets or (SECRET,)]
    stamp = str(int(moment.timestamp()))
    return {"Webhook-Id": "id-1", "Webhook-Timestamp": stamp, "Webhook-Signature": " ".join(signatures)}


def test_a_message_is_read() -> None:
    event = ayla.verify_webhook(BODY, signed(), SECRET)
    assert (event.id, event.type, event.job_id) == ("id-1", "job.failed", "5d1f")
    assert Webhook(SECRET).verify(BODY, {name.lower(): value for name, value in signed().items()})


def test_after_a_rotation_one_of_two_signatures_fits() -> None:
    assert ayla.verify_webhook(BODY.decode(), signed(BODY, OTHER, SECRET), SECRET).type == "job.failed"


@pytest.mark.parametrize(
    ("body", "headers", "secret", "told"),
    [
        (BODY + b" ", signed(), SECRET, "No signature"),
        (BODY, signed(), OTHER, "No signature"),
        (BODY, signed() | {"Webhook-Id": "id-2"}, SECRET, "No signature"),
        (BODY, signed() | {"Webhook-Signature": "v1,ä"}, SECRET, "No signature"),
        (BODY, signed() | {"Webhook-Signature": "v2," + "A" * 44}, SECRET, "No signature"),
        (BODY, {"webhook-id": "id-1"}, SECRET, "no header webhook-timestamp"),
        (BODY, signed() | {"Webhook-Timestamp": "soon"}, SECRET, "not a number of seconds"),
        (BODY, signed(age=timedelta(minutes=6)), SECRET, "more than 300 s old"),
        (BODY, signed(age=timedelta(minutes=-6)), SECRET, "more than 300 s old"),
        (BODY, signed(), "whsec_?", "The secret is not one"),
        (b"[]", signed(b"[]"), SECRET, "not one of a webhook"),
    ],
)
def test_what_the_service_did_not_send_now_is_refused(
    body: bytes, headers: dict[str, Any], secret: str, told: str
) -> None:
    with pytest.raises(ayla.WebhookVerificationError, match=told) as caught:
        ayla.verify_webhook(body, headers, secret)
    assert secret not in str(caught.value)
