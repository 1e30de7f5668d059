"""What users ask for during a run: a pure function of the seed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.schedule import APIS

Spec = dict[str, Any]

_STEEP = "sum(x[i]**4 - 16*x[i]**2 + 5*x[i] for i in range(len(x)))/2"
_EXPRESSIONS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("x**4 - 3*x**3 + 2", {"x": -1.0}),
    ("(1 - x)**2 + 100*(y - x**2)**2", {"x": -1.2, "y": 1.0}),
    ("x**2 + 3*y**2 + sin(3*x)*cos(2*y)", {"x": 1.5, "y": -0.7}),
    (_STEEP, {"x": [0.1, 0.2, 0.3, 0.4, 0.5]}),
)
_OPTIMIZERS: tuple[Spec, ...] = (
    {"name": "sgd", "learning_rate": 0.001},
    {"name": "sgd", "learning_rate": 0.001, "ayla": {"n1": 1.0, "n2": 0.8}},
    {"name": "adam", "learning_rate": 0.01},
    {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": 1.0, "n2": 0.57}},
    {"name": "adamw", "learning_rate": 0.01, "ayla": {"n1": 1.5}},
    {"name": "nadam", "learning_rate": 0.005},
    {"name": "rmsprop", "learning_rate": 0.002, "ayla": {"n2": 0.9}},
    {"name": "lion", "learning_rate": 0.001, "ayla": {"n1": 1.2, "n2": 0.8}},
    {"name": "adagrad", "learning_rate": 0.05},
)

_VARIANTS = {"small": 30, "network": 3, "long": 2, "sweep": 1}
_SHARES = {
    "small": 0.62, "long": 0.07, "network": 0.06, "cancelled": 0.08, "paused": 0.07, "prioritised": 0.07,
    "over its time limit": 0.03,
}  # fmt: skip
_SECONDS_PER_LONG = 4.0
"""At least one long job in so many seconds: a fault proves little where nothing runs."""
_CROWD = 40
_TOGETHER = 15
_STEERED = ("cancelled", "paused", "prioritised")

SUCCEEDS = frozenset({"succeeded"})
FAILS = frozenset({"failed"})
ENDS_EITHER_WAY = frozenset({"cancelled", "succeeded"})


@dataclass(frozen=True, slots=True)
class Action:
    """What a user does with a job some seconds after it was accepted."""

    after: float
    verb: str
    priority: str = "normal"


@dataclass(frozen=True, slots=True)
class Planned:
    """A job that a user will submit.

    Attributes:
        key: Idempotency-Key and name of the job, so that the store's own keys are not what the count relies on.
        kind: for the report.
        spec: as submitted.
        at: seconds from the start of the run.
        api: which API it is sent to first.
        actions: what follows.
        ends: states that it may end in.
        error: the error it fails of, if it is to fail.
    """

    key: str
    kind: str
    spec: Spec
    at: float
    api: int
    actions: tuple[Action, ...] = ()
    ends: frozenset[str] = field(default=SUCCEEDS)
    error: str | None = None


def plan(seed: int, jobs: int, seconds: float, slowness: int = 1) -> list[Planned]:
    """The jobs of a run, by time; at least one of each kind is among them.

    Args:
        seed: everything follows from it.
        jobs: how many.
        seconds: over which they are spread.
        slowness: how many times fewer steps the longer jobs have; more than 1 where there are no compiled kernels.
    """
    dice = random.Random(f"jobs {seed}")
    pool = {kind: [_SPECS[kind](dice, slowness) for _ in range(count)] for kind, count in _VARIANTS.items()}
    kinds = ["sweep", *_SHARES, *["long"] * int(seconds / _SECONDS_PER_LONG)][:jobs]
    kinds += dice.choices(list(_SHARES), list(_SHARES.values()), k=jobs - len(kinds))
    dice.shuffle(kinds)
    times = _times(dice, len(kinds), seconds)
    return [
        _planned(dice, pool, f"chaos-{seed}-{number:04d}", kind, at)
        for number, (kind, at) in enumerate(zip(kinds, times, strict=True), start=1)
    ]


def extra(seed: int, number: int, target: int, slowness: int = 1) -> Planned:
    """The job whose request is under way when its API is killed."""
    dice = random.Random(f"extra {seed} {number}")
    return Planned(f"chaos-{seed}-killed-{number:03d}", "sent to an API that dies", _small(dice, slowness), 0.0, target)


def _times(dice: random.Random, count: int, seconds: float) -> list[float]:
    """Many jobs come in crowds, as from a script: workers take the small ones of a crowd together."""
    crowds = [dice.uniform(0, seconds) for _ in range(1 + count // _CROWD)]
    return sorted(dice.choice(crowds) if dice.random() < 0.5 else dice.uniform(0, seconds) for _ in range(count))


def crowd(seed: int, number: int, target: int, slowness: int = 1) -> list[Planned]:
    """Small jobs that come at once and before all others, of which each free worker takes several together."""
    specs = [_slow_small(place, slowness) for place in range(_TOGETHER)]
    return [
        Planned(f"chaos-{seed}-crowd-{number:03d}-{place:02d}", "in a crowd", spec, 0.0, target)
        for place, spec in enumerate(specs)
    ]


def _planned(dice: random.Random, pool: Mapping[str, list[Spec]], key: str, kind: str, at: float) -> Planned:
    shape = dice.choice(("small", "network", "long", "long")) if kind in _STEERED else kind
    spec = _HOPELESS if kind == "over its time limit" else dice.choice(pool[shape])
    fails = kind == "over its time limit"
    return Planned(
        key=key,
        kind=kind,
        spec=spec,
        at=round(at, 2),
        api=dice.randrange(APIS),
        actions=_actions(dice, kind),
        ends=FAILS if fails else ENDS_EITHER_WAY if kind == "cancelled" else SUCCEEDS,
        error="time-limit-exceeded" if fails else None,
    )


def _actions(dice: random.Random, kind: str) -> tuple[Action, ...]:
    early, late = dice.uniform(0.0, 4.0), dice.uniform(0.5, 5.0)
    if kind == "cancelled":
        return (Action(early, "cancel"),)
    if kind == "paused":
        return (Action(early, "pause"), Action(early + late, "resume"))
    if kind == "prioritised":
        return (Action(early / 4, "prioritise", dice.choice(("low", "high", "urgent"))),)
    # Some users send their request again although it was answered.
    return (Action(early, "again"),) if dice.random() < 0.15 else ()


def _small(dice: random.Random, slowness: int) -> Spec:
    expression, start = dice.choice(_EXPRESSIONS)
    steps, every = dice.choice(((60, 1), (150, 7), (400, 1), (20_000 // slowness, 50)))
    return {
        "problem": {"type": "expression", "expression": expression, "start": dict(start)},
        "optimizers": dice.sample(_OPTIMIZERS, dice.randint(1, 4)),
        "budget": {"steps": steps},
        "seeds": list(range(dice.randint(1, 3))),
        "record": {"every": every},
    }


def _slow_small(place: int, slowness: int) -> Spec:
    """Just small enough to be taken with others; of problems that one engine cannot compute at once."""
    return {
        "problem": {"type": "expression", "expression": _STEEP, "start": {"x": [0.1 + 0.01 * place] * 5}},
        "optimizers": [{"name": "adam", "learning_rate": 0.0001, "ayla": {"n2": 0.57}}],
        "budget": {"steps": 100_000 // slowness},
        "record": {"every": 500 // slowness},
        "priority": "urgent",
    }


def _network(dice: random.Random, slowness: int) -> Spec:
    rate = dice.choice((0.001, 0.002))
    return {
        "problem": {"type": "dataset", "dataset": {"name": "digits"}, "batch_size": dice.choice((16, 32))},
        "optimizers": [
            {"name": "adam", "learning_rate": rate, "ayla": {"n1": 1.5}},
            {"name": "sgd", "learning_rate": 10 * rate},
        ],
        "budget": {"epochs": dice.choice((60, 120)) // min(slowness, 4)},
        "seeds": [dice.randrange(1000)],
        "record": {"every": 50, "metrics_every": 5},
    }


def _long(dice: random.Random, slowness: int) -> Spec:
    return {
        "problem": {
            "type": "expression",
            "expression": _STEEP,
            "start": {"x": [round(0.1 * place * dice.uniform(0.5, 1.5), 3) for place in range(1, 11)]},
        },
        "optimizers": [
            {"name": "adam", "learning_rate": 0.0001, "ayla": {"n2": 0.57}},
            {"name": "sgd", "learning_rate": 0.000001},
        ],
        "budget": {"steps": dice.choice((200_000, 400_000)) // slowness},
        "record": {"every": 200 // slowness},
    }


def _sweep(dice: random.Random, slowness: int) -> Spec:
    """More trials than one shard takes."""
    return {
        "problem": {"type": "expression", "expression": _EXPRESSIONS[1][0], "start": dict(_EXPRESSIONS[1][1])},
        "optimizers": [
            {"name": "adam", "learning_rate": round(0.001 * dice.uniform(1, 20), 5), "ayla": {"n1": 1.0 + 0.05 * place}}
            for place in range(30)
        ],
        "budget": {"steps": 2000},
        "seeds": list(range(10)),
        "record": {"every": 100},
    }


_SPECS = {"small": _small, "network": _network, "long": _long, "sweep": _sweep}

_HOPELESS: Spec = {
    "problem": {"type": "expression", "expression": _STEEP, "start": {"x": [0.5] * 40}},
    "optimizers": [{"name": "adam", "learning_rate": 0.0001}],
    "budget": {"steps": 10_000_000},
    "record": {"every": 10_000},
    "limits": {"seconds": 0.8},
}
"""Fails on any machine, whoever tries: its time is over long before its steps are."""
