"""Webhooks: addresses that receive a message when a job ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from ayla._async.base import PER_PAGE, AsyncResource
from ayla._json import to_json, without_none
from ayla._transport import UNSET, Unset, given, segment
from ayla.models.contract import Delivery, Webhook, WebhookWithSecret


class AsyncWebhooks(AsyncResource):
    """The webhooks of the team. Wherever an id is taken, the webhook is taken as well."""

    async def create(
        self,
        url: str,
        *,
        events: Iterable[str] | None = None,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> WebhookWithSecret:
        """Make a webhook. Its ``secret`` is shown this once only; ``ayla.verify_webhook`` checks messages by it.

        Args:
            url: where messages are posted to: https, a public host, or one that the service's operator has listed.
            events: "job.succeeded", "job.failed", "job.cancelled"; service default all.
            description: for people: what it is for.
            idempotency_key: names this call; default: a new one.

        Raises:
            UnprocessableEntityError: the address is not one that messages may be sent to.
        """
        fields = without_none(url=url, events=None if events is None else [*events], description=description)
        return await self._post(WebhookWithSecret, "/v1/webhooks", to_json(fields), key=idempotency_key)

    def list(self, *, limit: int | None = None) -> AsyncIterator[Webhook]:
        """The webhooks, page after page as they are needed.

        Args:
            limit: at most this many; None: all.
        """
        return self._pages(Webhook, "/v1/webhooks", limit=limit, per_page=PER_PAGE)

    async def get(self, webhook: Webhook | str) -> Webhook:
        """The webhook as it is now."""
        return await self._get(Webhook, f"/v1/webhooks/{segment(webhook)}")

    async def change(
        self,
        webhook: Webhook | str,
        *,
        url: str | Unset = UNSET,
        events: Iterable[str] | Unset = UNSET,
        description: str | Unset | None = UNSET,
        enabled: bool | Unset = UNSET,
    ) -> Webhook:
        """Change a webhook; what is left out stays as it is.

        Args:
            webhook: the webhook or its id.
            url: where messages are posted to.
            events: those that are sent.
            description: for people; None for none.
            enabled: whether messages are sent.
        """
        body = to_json(given(url=url, events=events, description=description, enabled=enabled))
        response = await self._transport.patch(f"/v1/webhooks/{segment(webhook)}", body, if_match=None)
        return self._read(Webhook, response)

    async def delete(self, webhook: Webhook | str) -> None:
        """Remove a webhook with its deliveries."""
        await self._transport.delete(f"/v1/webhooks/{segment(webhook)}")

    async def test(self, webhook: Webhook | str) -> Delivery:
        """Have a message of the type ``webhook.test`` sent."""
        return await self._post(Delivery, f"/v1/webhooks/{segment(webhook)}/test")

    async def rotate_secret(self, webhook: Webhook | str) -> WebhookWithSecret:
        """Replace the secret; for 24 hours messages are signed with both."""
        return await self._post(WebhookWithSecret, f"/v1/webhooks/{segment(webhook)}/rotate-secret")

    def deliveries(self, webhook: Webhook | str, *, limit: int | None = None) -> AsyncIterator[Delivery]:
        """The messages to a webhook, and how far each has come.

        Args:
            webhook: the webhook or its id.
            limit: at most this many; None: all.
        """
        return self._pages(Delivery, f"/v1/webhooks/{segment(webhook)}/deliveries", limit=limit, per_page=PER_PAGE)

    async def retry_delivery(self, webhook: Webhook | str, delivery: Delivery | str) -> Delivery:
        """Have a message sent again at once.

        Raises:
            ConflictError: it was received, or is still to be sent.
        """
        path = f"/v1/webhooks/{segment(webhook)}/deliveries/{segment(delivery)}/retry"
        return await self._post(Delivery, path)
