"""Routes of webhooks, which notify other programs of jobs that have ended."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from ayla_service.http.authorization import Reader, Steerer, Submitter
from ayla_service.http.dependencies import next_page, submitted_json
from ayla_service.http.examples import WEBHOOK_CHANGE_EXAMPLES, WEBHOOK_EXAMPLES
from ayla_service.http.idempotency import REPLAYED, Answer, Once
from ayla_service.http.paging import CURSOR, NEXT
from ayla_service.http.problems import responses
from ayla_service.schemas import Id
from ayla_service.webhooks.schemas import (
    Delivery,
    DeliveryPage,
    Webhook,
    WebhookChange,
    WebhookDraft,
    WebhookPage,
    WebhookWithSecret,
)
from ayla_service.webhooks.service import WebhookService


async def _webhooks(request: Request) -> WebhookService:
    service: WebhookService = request.app.state.webhooks
    return service


Webhooks = Annotated[WebhookService, Depends(_webhooks)]


router = APIRouter(tags=["webhooks"])

WebhookId = Annotated[Id, Path(description="Id of the webhook.")]
DeliveryId = Annotated[Id, Path(description="Id of the delivery.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Entries per page.")]
Cursor = Annotated[str | None, CURSOR]

_MADE = {"Location": {"description": "Path of the webhook.", "schema": {"type": "string"}}, **REPLAYED}
_SENT: dict[int | str, dict[str, Any]] = {202: {"description": "The message is sent at once.", "headers": REPLAYED}}


@router.post(
    "/webhooks",
    operation_id="create_webhook",
    summary="Make a webhook",
    status_code=201,
    response_model=WebhookWithSecret,
    dependencies=[Depends(submitted_json)],
    responses={
        201: {"description": "The webhook, with the secret that signs its messages.", "headers": _MADE},
        **responses(409, 413, 415),
    },
)
def create_webhook(
    draft: Annotated[WebhookDraft, Body(openapi_examples=WEBHOOK_EXAMPLES)],
    caller: Steerer,
    webhooks: Webhooks,
    once: Once,
) -> Response:
    """Have a message sent to a URL when jobs of the team end. The secret is shown in this answer only."""
    webhooks.check_target(draft.url)

    def make(session: Session) -> Answer:
        made = webhooks.create(session, caller, draft.url, draft.events, draft.description)
        return Answer(201, made, {"Location": f"/v1/webhooks/{made.id}"})

    return once(make)


@router.get(
    "/webhooks",
    operation_id="list_webhooks",
    summary="List the team's webhooks, newest first",
    responses={200: {"description": "One page of webhooks.", "headers": NEXT}},
)
def list_webhooks(
    caller: Reader,
    webhooks: Webhooks,
    request: Request,
    response: Response,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> WebhookPage:
    """The webhooks of all members, a page at a time."""
    page = webhooks.list(caller, limit=limit, cursor=cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return page


@router.get(
    "/webhooks/{webhook_id}",
    operation_id="get_webhook",
    summary="Read a webhook",
    responses=responses(404),
)
def get_webhook(webhook_id: WebhookId, caller: Reader, webhooks: Webhooks) -> Webhook:
    """A webhook, without its secret."""
    return webhooks.get(caller, webhook_id)


@router.patch(
    "/webhooks/{webhook_id}",
    operation_id="change_webhook",
    summary="Change a webhook, or switch it off and on",
    dependencies=[Depends(submitted_json)],
    responses=responses(404, 413, 415),
)
def change_webhook(
    webhook_id: WebhookId,
    change: Annotated[WebhookChange, Body(openapi_examples=WEBHOOK_CHANGE_EXAMPLES)],
    caller: Steerer,
    webhooks: Webhooks,
) -> Webhook:
    """Change what is given, and leave the rest. What is still to be sent goes to the new URL."""
    if "url" in change.model_fields_set:
        webhooks.check_target(change.url)
    return webhooks.change(caller, webhook_id, change.changes())


@router.delete(
    "/webhooks/{webhook_id}",
    operation_id="delete_webhook",
    summary="Delete a webhook",
    status_code=204,
    responses=responses(404),
)
def delete_webhook(webhook_id: WebhookId, caller: Submitter, webhooks: Webhooks) -> None:
    """The webhook is gone, with its deliveries; nothing more is sent to it."""
    webhooks.delete(caller, webhook_id)


@router.post(
    "/webhooks/{webhook_id}/rotate-secret",
    operation_id="rotate_webhook_secret",
    summary="Give a webhook a new secret",
    response_model=WebhookWithSecret,
    responses={200: {"description": "The webhook, with its new secret.", "headers": REPLAYED}, **responses(404)},
)
def rotate_webhook_secret(webhook_id: WebhookId, caller: Steerer, webhooks: Webhooks, once: Once) -> Response:
    """For 24 hours messages are signed with both secrets. The new one is shown in this answer only."""
    return once(lambda session: Answer(200, webhooks.rotate(session, caller, webhook_id)))


@router.post(
    "/webhooks/{webhook_id}/test",
    operation_id="test_webhook",
    summary="Try out a webhook",
    status_code=202,
    response_model=Delivery,
    responses={**_SENT, **responses(404, 409)},
)
def test_webhook(webhook_id: WebhookId, caller: Steerer, webhooks: Webhooks, once: Once) -> Response:
    """Send a message of the type webhook.test, signed, repeated and listed like any other."""
    return once(lambda session: Answer(202, webhooks.test(session, caller, webhook_id)))


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    operation_id="list_deliveries",
    summary="List what was sent to a webhook, newest first",
    responses={200: {"description": "One page of deliveries.", "headers": NEXT}, **responses(404)},
)
def list_deliveries(
    webhook_id: WebhookId,
    caller: Reader,
    webhooks: Webhooks,
    request: Request,
    response: Response,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryPage:
    """Every message to a webhook, and how far it has come. Those that have ended are kept for 7 days."""
    page = webhooks.deliveries(caller, webhook_id, limit=limit, cursor=cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return page


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
    operation_id="retry_delivery",
    summary="Send a message again",
    status_code=202,
    response_model=Delivery,
    responses={**_SENT, **responses(404, 409)},
)
def retry_delivery(
    webhook_id: WebhookId, delivery_id: DeliveryId, caller: Steerer, webhooks: Webhooks, once: Once
) -> Response:
    """Send it at once, under the same webhook-id, whether it was received, was given up or waits."""
    return once(lambda session: Answer(202, webhooks.retry(session, caller, webhook_id, delivery_id)))
