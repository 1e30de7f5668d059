"""The users of the harness: what they ask of one job they ask in order, whatever becomes of an answer."""

import threading
from typing import Any

import ayla
import pytest

from tests.chaos.clients import Users
from tests.chaos.load import Action, Planned

ACTIONS = (Action(0.0, "pause"), Action(0.01, "resume"))


def test_a_job_is_not_resumed_before_its_pause_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    refused = threading.Event()

    def steer(_client: ayla.Client, _job: str, action: Action) -> Any:
        asked.append(action.verb)
        if not refused.is_set():
            # Its resume is due by the time the pause is asked for again.
            refused.set()
            raise ayla.APIConnectionError("lost", None)
        return None

    class Accepted:
        id = "1"

    users = Users(["http://127.0.0.1:1"], [Planned("one", "paused", {}, 0.0, 0, ACTIONS)], seed=1)
    monkeypatch.setattr("tests.chaos.clients._steer", steer)
    monkeypatch.setattr("ayla._sync.jobs.Jobs.submit", lambda *_, **__: Accepted())
    users.start()
    users.join()
    users.close()

    assert asked == ["pause", "pause", "resume"]
    assert len(users.orders["one"].rests) == 1
