"""Service of webhooks: makes, lists, changes, tests and deletes them.

Reading is a unit of work of its own. Most changes are made in the caller's, so that the answer to a request can be
stored with what it did; a URL is checked before that, as names are not looked up inside of one.
"""

import uuid
from collections.abc import Collection, Mapping
from typing import Any

import structlog
from ayla_spec import SpecError, SpecIssue
from sqlalchemy import insert
from sqlalchemy.orm import Session

from ayla_service.db.models import WebhookDeliveryRow, WebhookRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import WebhookDisabled
from ayla_service.queue.outbox import WebhookEvent, delivery, message
from ayla_service.states import DeliveryState
from ayla_service.teams.principal import Principal
from ayla_service.webhooks import repository, schemas
from ayla_service.webhooks.repository import own_webhook, webhook_of
from ayla_service.webhooks.signing import new_secret
from ayla_service.webhooks.target_policy import TargetPolicy
from ayla_service.webhooks.targets import TargetRefused

TEST_EVENT = "webhook.test"

_LOOK_UP_SECONDS = 5.0

log = structlog.get_logger("ayla_service.webhooks")


class WebhookService:
    """Rules of making, changing and trying out webhooks.

    Args:
        database: the store.
        policy: decides which targets webhooks may be sent to.
    """

    def __init__(self, database: Database, policy: TargetPolicy) -> None:
        self._database = database
        self._policy = policy

    def check_target(self, url: str) -> None:
        """Check that webhooks may be sent to a URL; each delivery checks it again.

        Raises:
            SpecError: if not.
        """
        try:
            self._policy.resolve(url, _LOOK_UP_SECONDS)
        except TargetRefused as refused:
            raise SpecError([SpecIssue("/url", refused.reason)]) from refused

    def create(
        self, session: Session, principal: Principal, url: str, events: Collection[str], description: str | None
    ) -> schemas.WebhookWithSecret:
        """Make a webhook for a URL that ``check_target`` allows.

        Raises:
            LimitReached: if the team has as many as it may have.
        """
        repository.refuse_beyond_limit(session, principal.team_id)
        webhook = WebhookRow(
            id=str(uuid.uuid4()),
            team_id=principal.team_id,
            member_id=principal.member_id,
            url=url,
            description=description,
            events=_ordered(events),
            secret=new_secret(),
            created_at=store_now(session),
        )
        session.add(webhook)
        session.flush()
        return repository.view_with_secret(session, webhook)

    def list(self, principal: Principal, *, limit: int = 50, cursor: str | None = None) -> schemas.WebhookPage:
        """The team's webhooks, newest first.

        Raises:
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return repository.webhooks(session, principal, limit, cursor)

    def get(self, principal: Principal, webhook_id: str) -> schemas.Webhook:
        """One webhook.

        Raises:
            WebhookNotFound: if the team has none with this id.
        """
        with self._database.read() as session:
            return repository.view(session, webhook_of(session, principal, webhook_id))

    def change(self, principal: Principal, webhook_id: str, changes: Mapping[str, Any]) -> schemas.Webhook:
        """Change a webhook; what is still to be sent goes to its new URL.

        Args:
            principal: the caller.
            webhook_id: the webhook.
            changes: of url, events, description and enabled those that change; a URL was checked before.

        Raises:
            WebhookNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
        """
        with self._database.write() as session:
            webhook = own_webhook(session, principal, webhook_id)
            for name, value in changes.items():
                setattr(webhook, name, _ordered(value) if name == "events" else value)
            return repository.view(session, webhook)

    def rotate(self, session: Session, principal: Principal, webhook_id: str) -> schemas.WebhookWithSecret:
        """Give a webhook a new secret; the old one signs beside it for a day.

        Raises:
            WebhookNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
        """
        webhook = own_webhook(session, principal, webhook_id)
        webhook.old_secret, webhook.secret, webhook.rotated_at = webhook.secret, new_secret(), store_now(session)
        return repository.view_with_secret(session, webhook)

    def delete(self, principal: Principal, webhook_id: str) -> None:
        """Remove a webhook with its deliveries; nothing more is sent.

        Raises:
            WebhookNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
        """
        with self._database.write() as session:
            session.delete(own_webhook(session, principal, webhook_id))
        log.info("webhook deleted", webhook_id=webhook_id)

    def test(self, session: Session, principal: Principal, webhook_id: str) -> schemas.Delivery:
        """Send a test message, in the way of all others.

        Raises:
            WebhookNotFound: if the team has none with this id.
            NotYours: if it is another member's, and the caller is no admin.
            WebhookDisabled: if nothing is sent to it.
        """
        webhook = _enabled(own_webhook(session, principal, webhook_id))
        now = store_now(session)
        payload = message(TEST_EVENT, now, {"webhook_id": webhook.id, "url": f"/v1/webhooks/{webhook.id}"})
        row = delivery(webhook.id, TEST_EVENT, payload, now)
        session.execute(insert(WebhookDeliveryRow), [row])
        return schemas.Delivery.of(session.get_one(WebhookDeliveryRow, row["id"]))

    def deliveries(
        self, principal: Principal, webhook_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> schemas.DeliveryPage:
        """A webhook's deliveries of the last days, newest first.

        Raises:
            WebhookNotFound: if the team has none with this id.
            InvalidQuery: on a cursor that is not one of this list.
        """
        with self._database.read() as session:
            return repository.deliveries(session, webhook_of(session, principal, webhook_id), limit, cursor)

    def retry(self, session: Session, principal: Principal, webhook_id: str, delivery_id: str) -> schemas.Delivery:
        """Send a message again at once, whatever became of it; after all planned attempts it is one more.

        Raises:
            WebhookNotFound: if the team has no such webhook.
            NotYours: if it is another member's, and the caller is no admin.
            DeliveryNotFound: if the webhook has no such delivery.
            WebhookDisabled: if nothing is sent to it.
        """
        webhook = _enabled(own_webhook(session, principal, webhook_id))
        row = repository.delivery_of(session, webhook, delivery_id)
        row.state, row.next_at, row.ended_at = DeliveryState.PENDING, store_now(session), None
        session.flush()
        return schemas.Delivery.of(row)


def _enabled(webhook: WebhookRow) -> WebhookRow:
    if not webhook.enabled:
        raise WebhookDisabled(webhook.id)
    return webhook


def _ordered(events: Collection[str]) -> list[str]:
    return [event.value for event in WebhookEvent if event in events]
