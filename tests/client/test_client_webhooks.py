"""Messages of webhooks are verified as the library does it that the service signs with."""

import json
from datetime import UTC, datetime, timedelta

import ayla
import pytest
from standardwebhooks import Webhook

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OTHER = "whsec_" + "A" * 32
BODY = json.dumps({"type": "job.failed", "timestamp": "2026-01-01T00:00:00Z", "data": {"job_id": "5d1f"}}).encode()


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


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("body", "changed", "secret", "told"),
    [
        (BODY + b" ", {}, SECRET, "No signature"),
        (BODY, {}, OTHER, "No signature"),
        (BODY, {"Webhook-Id": "id-2"}, SECRET, "No signature"),
        (BODY, {"Webhook-Signature": "v1,ä"}, SECRET, "No signature"),
        (BODY, {"Webhook-Signature": "v2," + "A" * 44}, SECRET, "No signature"),
        (BODY, {"Webhook-Timestamp": ""}, SECRET, "no header webhook-timestamp"),
        (BODY, {"Webhook-Timestamp": "soon"}, SECRET, "not a number of seconds"),
        (BODY, {}, "whsec_?", "The secret is not one"),
    ],
)
def test_what_the_service_did_not_send_is_refused(body: bytes, changed: dict[str, str], secret: str, told: str) -> None:
    with pytest.raises(ayla.WebhookVerificationError, match=told) as caught:
        ayla.verify_webhook(body, signed() | changed, secret)
    assert secret not in str(caught.value)


@pytest.mark.parametrize("age", [HOUR, -HOUR])
def test_what_it_did_not_send_now_is_refused(age: timedelta) -> None:
    with pytest.raises(ayla.WebhookVerificationError, match="more than 300 s old"):
        ayla.verify_webhook(BODY, signed(age=age), SECRET)
    assert ayla.verify_webhook(BODY, signed(age=age), SECRET, tolerance=7200).id == "id-1"


def test_what_is_signed_and_tells_nothing_is_refused() -> None:
    with pytest.raises(ayla.WebhookVerificationError, match="not one of a webhook"):
        ayla.verify_webhook(b"[]", signed(b"[]"), SECRET)
