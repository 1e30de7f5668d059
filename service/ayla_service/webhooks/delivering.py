"""Sends what is due for as long as the API is served. Any number of processes may; each delivery is one's at a time."""

import json
import queue
import threading
import time
from types import TracebackType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ayla_service.background import Background
from ayla_service.db.session import Database, store_now
from ayla_service.queue.outbox import KEPT, forget
from ayla_service.settings import Settings
from ayla_service.webhooks.concurrency import AT_ONCE, Room
from ayla_service.webhooks.deliveries import Outcome, Taken, record, take
from ayla_service.webhooks.sending import Reply, Sender
from ayla_service.webhooks.signing import signature_headers
from ayla_service.webhooks.target_policy import Gate

THREAD_NAME = "webhooks"

_AFTER_A_FAULT_SECONDS = 5.0
_FORGETS_EVERY_SECONDS = 3600.0
_FAULT = "The service could not send this; its log says why."

log = structlog.get_logger("ayla_service.webhooks")


class Delivering(Background):
    """One thread that asks the store, and a short-lived one for each message that is under way.

    Args:
        database: the store.
        settings: of this process.
        sender: sends one message. Default: over the network, to where the settings allow it.
    """

    def __init__(self, database: Database, settings: Settings, sender: Sender | None = None) -> None:
        super().__init__(THREAD_NAME, settings.shutdown_seconds)
        self._database = database
        self._settings = settings
        self._sender = sender or Sender(Gate.listing(settings.webhook_private_hosts))
        self._room = Room()
        self._outcomes: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        self._unstored: list[Outcome] = []
        self._forgets_at = time.monotonic() + _FORGETS_EVERY_SECONDS

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop; what is under way is waited for as long as a process that stops may take."""
        self.stopping.set()
        self._outcomes.put(None)
        super().__exit__(kind, error, traceback)

    def run(self) -> None:
        """Send until it is to end, and then what is under way."""
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
        """Store what came back, start what is due; returns how many were started."""
        self._store()
        self._forget()
        if self._room.used >= AT_ONCE:
            return 0
        due = take(self._database, self._room)
        for taken in due:
            self._room.enter(taken.webhook_id, taken.team_id)
            threading.Thread(target=self._send, args=(taken,), name="webhook", daemon=True).start()
        return len(due)

    def _send(self, taken: Taken) -> None:
        try:
            body = json.dumps(taken.payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            reply = self._sender.send(taken.url, signature_headers(taken.id, taken.at, body, taken.secrets), body)
        except Exception:
            log.exception("unexpected error", webhook_id=taken.webhook_id, delivery_id=taken.id)
            reply = Reply(None, _FAULT)
        self._outcomes.put(Outcome(taken, reply))

    def _collect(self, seconds: float) -> None:
        """Wait for something that comes back, but no longer than this, and take all that has."""
        try:
            outcome = self._outcomes.get(timeout=seconds) if seconds else self._outcomes.get_nowait()
            while True:
                if outcome is not None:
                    self._room.leave(outcome.taken.webhook_id, outcome.taken.team_id)
                    self._unstored.append(outcome)
                outcome = self._outcomes.get_nowait()
        except queue.Empty:
            return

    def _store(self) -> None:
        """What cannot be stored now is tried again: it must not be sent twice only because the store was away."""
        if self._unstored:
            record(self._database, self._unstored, self._settings.webhook_retry_seconds)
            for outcome in self._unstored:
                _tell(outcome)
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
        """Others take over what does not come back in time."""
        until = time.monotonic() + self._settings.shutdown_seconds / 2
        while self._room.used and time.monotonic() < until:
            self._collect(max(0.01, until - time.monotonic()))
        try:
            self._store()
        except SQLAlchemyError as fault:
            log.warning("no store that answers for webhooks", error=type(fault).__name__)


def _tell(outcome: Outcome) -> None:
    """Neither the URL nor what was sent: both can hold what is nobody else's business."""
    taken, reply = outcome.taken, outcome.reply
    facts = {"webhook_id": taken.webhook_id, "delivery_id": taken.id, "attempt": taken.attempt, "status": reply.status}
    if reply.is_received:
        log.info("webhook delivered", **facts)
    else:
        log.warning("webhook not delivered", reason=reply.error, **facts)
