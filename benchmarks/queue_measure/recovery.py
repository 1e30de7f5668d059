"""How long the service needs to recover, one fault at a time, from the fault until work goes on."""

from dataclasses import dataclass

from measure.findings import Findings, Row, Table, at_most

from queue_measure.faults import FAULTS, Scene
from queue_measure.figures import median
from queue_measure.installation import CELERY, installed, servers

_LEASE, _REAP, _GRACE = 5.0, 1.0, 5.0
_SETTINGS = {"lease_seconds": _LEASE, "heartbeat_seconds": 0.5, "reap_seconds": _REAP, "checkpoint_seconds": 1.0}
_GOAL = at_most(_LEASE + _REAP + _GRACE)
_COLUMNS = ("fault", "until", "rounds", "median", "max")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int = 10


_QUICK = Size(rounds=2)


def measure(*, quick: bool) -> Findings:
    """Median and longest time of each fault, the longest against the bound."""
    size = _QUICK if quick else Size()
    with servers() as backing:
        with installed(backing, CELERY, **_SETTINGS) as installation:
            installation.start_api()
            installation.start_workers(2)
            found = {fault: _rounds(Scene(installation), fault, size.rounds) for fault in FAULTS}
        described = backing.described()
    rows = [
        Row(f"{fault}, until {FAULTS[fault].until}, longest of {size.rounds}", max(taken), "s", _GOAL, _note(taken))
        for fault, taken in found.items()
    ]
    lines = [(name, FAULTS[name].until, len(taken), *_cells(taken)) for name, taken in found.items()]
    return Findings(rows, [Table(_COLUMNS, lines)], [_about(), described])


def _about() -> str:
    settings = ", ".join(f"AYLA_{name.upper()}={value:g}" for name, value in _SETTINGS.items())
    return (
        f"An API and two workers on PostgreSQL, woken by Celery on Redis; {settings}, all else at its defaults "
        "(where a lease is 30 s). Times are from the signal; the next round begins when all is as before. The bound is "
        f"lease + reaper period + {_GRACE:g} s."
    )


def _rounds(scene: Scene, name: str, rounds: int) -> list[float]:
    taken = [FAULTS[name].seconds(scene) for _ in range(rounds)]
    print(f"  {name}: {', '.join(f'{value:.2f}' for value in taken)} s", flush=True)
    return taken


def _note(taken: list[float]) -> str:
    return f"median {median(taken):.2f} s"


def _cells(taken: list[float]) -> tuple[str, str]:
    return f"{median(taken):.2f} s", f"{max(taken):.2f} s"
