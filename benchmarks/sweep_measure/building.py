"""From the spec of a grid to an engine that can make its first step, without the steps."""

import statistics
import time
from dataclasses import dataclass
from typing import Any

import torch
from ayla_core import Engine
from ayla_spec import JobSpec, resolve
from ayla_spec.space import Space
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration

from sweep_measure.grids import grid

_BUILT = at_most(0.020)
_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: the side of the grid, and how often."""

    side: int = 100
    rounds: int = 25


_QUICK = Size(side=10, rounds=2)


def measure(*, quick: bool) -> Findings:
    """The best of several times; those are of a process that has done it before, as a worker has."""
    size = _QUICK if quick else Size()
    exponents = grid(size.side)
    rates = {"low": 0.8, "high": 0.99, "count": size.side}
    betas = exponents | {"optimizers": [{"name": "adam", "learning_rate": 0.01, "beta1": rates, "beta2": rates}]}
    found = {
        "exponents N1 and N2": _times(exponents, size),
        "decay rates β1 and β2": _times(betas, size),
    }
    rows = [Row(f"{name}, {size.side**2:,} settings built", min(taken), "s", _BUILT) for name, taken in found.items()]
    lines = [(name, duration(min(taken)), duration(statistics.median(taken))) for name, taken in found.items()]
    remark = (
        "The batch of trials from the resolved spec, and the engine with the numbers of every lane, their start points "
        "and memories. Decay rates change the bias corrections of every update, which are computed once for each value."
    )
    return Findings(rows, [Table(("axes", "best", "median"), lines)], [remark])


def _times(document: dict[str, Any], size: Size) -> list[float]:
    spec = resolve(JobSpec.model_validate(document))
    taken = []
    for _ in range(size.rounds + 1):
        begun = time.perf_counter()
        Engine(spec, Space.of(spec).batch(0, Space.of(spec).trials_total), _CPU)
        taken.append(time.perf_counter() - begun)
    return taken[1:]
