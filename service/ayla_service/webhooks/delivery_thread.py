"""Background thread that sends due deliveries while the API is served; each is sent by one process at a time."""

import json
import queue
import threading
import time
from types import TracebackType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ayla_service.background import BackgroundThread
from ayla_service.db.session import Database, store_now
from ayla_service.queue.outbox import KEPT, forget
from ayla_service.settings import Settings
from ayla_service.webhooks.concurrency import AT_ONCE, ConcurrencyLimits
from ayla_service.webhooks.deliveries import ClaimedDelivery, DeliveryOutcome, claim, record
from ayla_service.webhooks.sending import Reply, Sender
from ayla_service.webhooks.signing import signature_headers
from ayla_service.webhooks.target_policy import TargetPolicy

THREAD_NAME = "webhooks"

_AFTER_A_FAULT_SECONDS = 5.0
_FORGETS_EVERY_SECONDS = 3600.0
_FAULT = "The service could not send this; its log says why."

log = structlog.get_logger("ayla_service.webhooks")


class DeliveryThread(BackgroundThread):
    """Sends deliveries: one thread that claims them, and a short-lived one for each message under way.

    Args:
        database: the store.
        settings: of this process.
        sender: sends one message. Default: over the network, to the targets that the settings allow.
    """

    def __init__(self, database: Database, settings: Settings, sender: Sender | None = None) -> None:
        super().__init__(THREAD_NAME, settings.shutdown_seconds)
        self._database = database
        self._settings = settings
        self._sender = sender or Sender(TargetPolicy.allowing(settings.webhook_private_hosts))
        self._limits = ConcurrencyLimits()
        self._outcomes: queue.SimpleQueue[DeliveryOutcome | None] = queue.SimpleQueue()
        self._unstored: list[DeliveryOutcome] = []
        self._forgets_at = time.monotonic() + _FORGETS_EVERY_SECONDS

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop; deliveries under way are waited for, within the time that a stopping process has."""
        self.stopping.set()
        self._outcomes.put(None)
        super().__exit__(kind, error, traceback)

    def run(self) -> None:
        """Send deliveries until the thread is to end; then wait for those under way."""
        while not self.stopping.is_set():
            try:
                started = self._pass()
            except SQLAlchemyError as fault:
                log.warning("no store that answers for webhooks", error=type(fault).__name__)
                self._collect(_AFTER_A_FAULT_SECONDS)
            except Exception:
                # Whatever it is, without this thread nothing would be sent any more.
                log.exception("unexpected error")
                self._collect(_AFTER_A_FAULT_SECONDS)
            else:
                self._collect(0.0 if started else self._settings.webhook_poll_seconds)
        self._finish()

    def _pass(self) -> int:
        """Store outcomes and start due deliveries; returns how many were started."""
        self._store()
        self._forget()
        if self._limits.used >= AT_ONCE:
            return 0
        due = claim(self._database, self._limits)
        for claimed in due:
            self._limits.start(claimed.webhook_id, claimed.team_id)
            threading.Thread(target=self._send, args=(claimed,), name="webhook", daemon=True).start()
        return len(due)

    def _send(self, claimed: ClaimedDelivery) -> None:
        try:
            body = json.dumps(claimed.payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            reply = self._sender.send(
                claimed.url, signature_headers(claimed.id, claimed.at, body, claimed.secrets), body
            )
        except Exception:
            log.exception("unexpected error", webhook_id=claimed.webhook_id, delivery_id=claimed.id)
            reply = Reply(None, _FAULT)
        self._outcomes.put(DeliveryOutcome(claimed, reply))

    def _collect(self, seconds: float) -> None:
        """Wait for an outcome, at most so many seconds, and collect all that have come."""
        try:
            outcome = self._outcomes.get(timeout=seconds) if seconds else self._outcomes.get_nowait()
            while True:
                if outcome is not None:
                    self._limits.finish(outcome.claimed.webhook_id, outcome.claimed.team_id)
                    self._unstored.append(outcome)
                outcome = self._outcomes.get_nowait()
        except queue.Empty:
            return

    def _store(self) -> None:
        """Store outcomes; those that cannot be stored now are kept, so that nothing is sent twice."""
        if self._unstored:
            record(self._database, self._unstored, self._settings.webhook_retry_seconds)
            for outcome in self._unstored:
                _log(outcome)
            self._unstored.clear()

    def _forget(self) -> None:
        if time.monotonic() < self._forgets_at:
            return
        self._forgets_at = time.monotonic() + _FORGETS_EVERY_SECONDS
        more = True
        while more and not self.stopping.is_set():
            with self._database.write() as session:
                more = bool(forget(session, store_now(session) - KEPT))

    def _finish(self) -> None:
        """Wait for deliveries under way; other processes claim again what does not end in time."""
        until = time.monotonic() + self._settings.shutdown_seconds / 2
        while self._limits.used and time.monotonic() < until:
            self._collect(max(0.01, until - time.monotonic()))
        try:
            self._store()
        except SQLAlchemyError as fault:
            log.warning("no store that answers for webhooks", error=type(fault).__name__)


def _log(outcome: DeliveryOutcome) -> None:
    """Log an outcome, without the URL and the message, which can hold secrets."""
    claimed, reply = outcome.claimed, outcome.reply
    fields = {
        "webhook_id": claimed.webhook_id,
        "delivery_id": claimed.id,
        "attempt": claimed.attempt,
        "status": reply.status,
    }
    if reply.is_received:
        log.info("webhook delivered", **fields)
    else:
        log.warning("webhook not delivered", reason=reply.error, **fields)
