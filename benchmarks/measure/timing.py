"""How times are taken: the shortest of several runs, contenders in turn so that noise meets all of them."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def seconds(run: Callable[[], Any]) -> float:
    """Wall-clock seconds of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def best_in_turn(contenders: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The shortest time of each contender, in seconds.

    Args:
        contenders: run once each to warm up, then one after the other in every round.
        rounds: measured ones.
    """
    for run in contenders.values():
        run()
    best = dict.fromkeys(contenders, math.inf)
    for _ in range(rounds):
        for name, run in contenders.items():
            best[name] = min(best[name], seconds(run))
    return best


def in_turn(contenders: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """The times of each contender in every round, in seconds.

    Args:
        contenders: run once each to warm up, then one after the other, in every second round the other way round.
        rounds: measured ones.
    """
    for run in contenders.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name in list(contenders) if number % 2 == 0 else reversed(contenders):
            times[name].append(seconds(contenders[name]))
    return times


def median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of the ratios of times taken in the same rounds, so that a slow round counts no more than others."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def duration(value: float) -> str:
    """Seconds for people, in the unit that fits."""
    if value >= 1000:
        return f"{value:.0f} s"
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"
