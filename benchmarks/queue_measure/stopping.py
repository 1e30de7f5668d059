"""How soon a long job is cancelled, or paused, in its middle."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from measure.findings import Findings, Row, at_most

from queue_measure.api import Api
from queue_measure.figures import median, wait_until
from queue_measure.installation import CELERY, installed, servers
from queue_measure.specs import LONG, NETWORK

_SETTINGS = {"lease_seconds": 30.0, "heartbeat_seconds": 1.0, "checkpoint_seconds": 15.0}
_GOAL = at_most(2.0)
_JOBS = {"an expression": LONG, "a network": NETWORK}
_UNDER_WAY_SECONDS = 4.0
"""After so long the blocks of steps have the length that they keep."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int = 10


_QUICK = Size(rounds=2)


def measure(*, quick: bool) -> Findings:
    """The longest time of some rounds, for each kind of job and each way to stop it."""
    rounds = (_QUICK if quick else Size()).rounds
    rows = []
    with servers() as backing:
        with installed(backing, CELERY, **_SETTINGS) as installation:
            installation.start_api()
            installation.start_workers(1)
            with Api(installation.url) as api:
                for kind, spec in _JOBS.items():
                    for action, stopped in _STOPS.items():
                        taken = [_stopped(api, spec, action, stopped, turn / rounds) for turn in range(rounds)]
                        what = f"{kind}: {action}, until nothing of it runs, longest of {rounds}"
                        rows.append(Row(what, max(taken), "s", _GOAL, f"median {median(taken):.2f} s"))
        described = backing.described()
    return Findings(rows, [], [_about(), described])


def _about() -> str:
    return (
        "From the request until the attempt has ended, as the API tells; a worker with the default heartbeat of 1 s, "
        "at moments spread over one. Pausing includes the checkpoint."
    )


def _stopped(api: Api, spec: dict[str, Any], action: str, stopped: Callable[[Api, str], bool], offset: float) -> float:
    place = api.submit(spec)
    wait_until(lambda: api.get(place)["progress"]["steps_done"] > 0, "a job to get under way")
    time.sleep(_UNDER_WAY_SECONDS + offset)
    begun = time.perf_counter()
    api.ask(place, action)
    wait_until(lambda: stopped(api, place), f"{action} to take effect")
    taken = time.perf_counter() - begun
    api.ask(place, "cancel")
    wait_until(lambda: _is_cancelled(api, place), "a job to be cancelled")
    return taken


def _is_cancelled(api: Api, place: str) -> bool:
    return bool(api.get(place)["state"] == "cancelled")


def _is_handed_back(api: Api, place: str) -> bool:
    return bool(api.get(f"{place}/attempts")["data"][-1]["outcome"] == "released")


_STOPS: dict[str, Callable[[Api, str], bool]] = {"cancel": _is_cancelled, "pause": _is_handed_back}
