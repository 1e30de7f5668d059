"""The jobs of a reproduction: for each of the paper's experiments its own runs, other seeds, and controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ayla.builders import adam, linear, sgd, transform
from ayla.reproduce.experiment import CURVES, MNIST, PAPER_SEED

JSON = dict[str, Any]


class Role(StrEnum):
    """What a job is for."""

    PAPER = "the paper's experiment"
    SEEDS = "the same on other seeds"
    RATES = "the optimizer without AYLA at other learning rates"
    EXPONENTS = "AYLA with other exponents"
    MSE_RATES = "the optimizer without AYLA at other learning rates, with the mean squared error of the softmax"
    MSE = "the same with the mean squared error of the softmax"
    PROBE = "whether the data are there"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is run.

    Attributes:
        curve_seeds: seeds of the curves beside the paper's; 0: none.
        tuning_seeds: seeds on which the best learning rate of the curves is selected.
        exponents: points along N1 and along N2 of the heat maps; of the curves on the paper's seed.
        mnist_seeds: of MNIST by cross-entropy.
        mse_seeds: of MNIST by mean squared error.
        rate_seeds: of MNIST at other learning rates.
        extra_epochs: most epochs of the runs of MNIST beyond cross-entropy at the paper's rates; None: the paper's.
        mnist_epochs: most epochs of any run of MNIST; None: the paper's.
        quick: whether this is less than the whole.
    """

    curve_seeds: int = 10
    tuning_seeds: int = 10
    exponents: int = 21
    mnist_seeds: int = 10
    mse_seeds: int = 3
    rate_seeds: int = 3
    extra_epochs: int | None = None
    mnist_epochs: int | None = None
    quick: bool = False


QUICK = Scale(mnist_seeds=1, mse_seeds=1, rate_seeds=1, extra_epochs=20, quick=True)
"""All of sections 3.1 and 3.2; of MNIST one seed, and few epochs of what goes beyond the paper's figures."""


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job to submit.

    Attributes:
        name: its own in the plan; also of the file that the report keeps its spec in.
        experiment: the preset that it belongs to; the curves share one job.
        role: what it is for.
        spec: all of it but name and tags.
        cost: estimated seconds of one core, relative to the other jobs.
    """

    name: str
    experiment: str
    role: Role
    spec: Mapping[str, Any]
    cost: float


SGD_RATES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.15)
ADAM_RATES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)
CURVE_RATES = (0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
MNIST_RATES = {
    ("mnist-sgd", Role.RATES): (0.1, 0.3, 1.0),
    ("mnist-sgd", Role.MSE_RATES): (1.0, 3.0, 10.0),
    ("mnist-adam", Role.RATES): (0.00025, 0.0005, 0.001),
    ("mnist-adam", Role.MSE_RATES): (0.00025, 0.0005, 0.001),
}
"""Learning rates of the controls, for each loss those that the best lies among, as runs of one seed have told."""

MNIST_EPOCHS = {"mnist-sgd": {1e-4: 100, 2e-4: 100}, "mnist-adam": {1e-4: 10, 2e-4: 30}}
"""Epochs of the paper's figures 11 and 12, by learning rate."""

LOWEST_EXPONENT, HIGHEST_EXPONENT = 0.2, 2.2

_BUILDERS: dict[str, Callable[..., JSON]] = {"mnist-sgd": sgd, "mnist-adam": adam, "poly-sgd": sgd, "poly-adam": adam}
_MNIST_BY_MSE = {
    "type": "dataset",
    "dataset": {"name": "mnist"},
    "model": {"name": "mlp"},
    "batch_size": 32,
    "loss": "mse-softmax",
}
_STEPS_PER_EPOCH = 1875
# Test accuracy is in the metrics; of the loss of single batches one row an epoch is kept.
_MNIST_RECORD = {"every": _STEPS_PER_EPOCH}
# Seconds of one core for an epoch of MNIST, and for a thousand steps of a curve; the others take next to nothing.
_EPOCH_SECONDS = {"mnist-sgd": 0.3, "mnist-adam": 0.5}
_CURVE_SECONDS = 0.05
_LEAST = 0.2


def small_jobs(names: Sequence[str], scale: Scale) -> list[PlannedJob]:
    """The jobs of sections 3.1 and 3.2, and the one that finds out whether MNIST is there."""
    jobs = [job for name in names if name not in MNIST for job in _small(name, scale)]
    if any(name in CURVES for name in names):
        jobs.append(_curve_rates(scale))
    if any(name in MNIST for name in names):
        jobs.append(_probe())
    return jobs


def mnist_jobs(names: Sequence[str], scale: Scale) -> list[PlannedJob]:
    """The jobs of section 3.3."""
    return [job for name in names if name in MNIST for job in _mnist(name, scale)]


def own_seeds(count: int) -> list[int]:
    """Seeds of the curves beside the paper's."""
    return [*range(PAPER_SEED + 1, PAPER_SEED + 1 + count)]


def tuning_seeds(scale: Scale) -> list[int]:
    """Seeds on which a learning rate of the curves is selected; none of those on which it is judged."""
    first = PAPER_SEED + 1 + scale.curve_seeds
    return [*range(first, first + scale.tuning_seeds)]


def _preset(name: str) -> JSON:
    return {"type": "preset", "preset": name}


def _small(name: str, scale: Scale) -> Iterator[PlannedJob]:
    yield PlannedJob(name, name, Role.PAPER, {"problem": _preset(name)}, _LEAST)
    if name not in CURVES:
        rates = SGD_RATES if name == "poly-sgd" else ADAM_RATES
        spec = {"problem": _preset(name), "optimizers": [_BUILDERS[name](rate) for rate in rates]}
        yield PlannedJob(f"{name}-rates", name, Role.RATES, spec, _LEAST)
    elif scale.curve_seeds:
        seeded = {"problem": _preset(name), "seeds": own_seeds(scale.curve_seeds)}
        yield PlannedJob(f"{name}-seeds", name, Role.SEEDS, seeded, _curve_cost(3 * scale.curve_seeds))
    yield _exponents(name, scale)


def _exponents(name: str, scale: Scale) -> PlannedJob:
    axis = linear(LOWEST_EXPONENT, HIGHEST_EXPONENT, scale.exponents)
    plain = {"poly-sgd": sgd(0.03), "poly-adam": adam(0.01), "curve-a": adam(0.01), "curve-b": adam(0.005)}[name]
    spec: JSON = {"problem": _preset(name), "optimizers": [plain | {"ayla": transform(n1=axis, n2=axis)}]}
    cost = _curve_cost(scale.exponents**2) if name in CURVES else _LEAST
    return PlannedJob(f"{name}-exponents", name, Role.EXPONENTS, spec, cost)


def _curve_rates(scale: Scale) -> PlannedJob:
    """Adam at other rates; it is the same for both curves, which differ by the rate alone."""
    spec: JSON = {
        "problem": _preset("curve-a"),
        "optimizers": [adam(rate) for rate in CURVE_RATES],
        "seeds": [PAPER_SEED, *own_seeds(scale.curve_seeds), *tuning_seeds(scale)],
    }
    trials = len(CURVE_RATES) * (1 + scale.curve_seeds + scale.tuning_seeds)
    return PlannedJob("curve-rates", "curve-a", Role.RATES, spec, _curve_cost(trials))


def _curve_cost(trials: int) -> float:
    return max(_LEAST, _CURVE_SECONDS * 0.4 * trials)


def _probe() -> PlannedJob:
    spec = {"problem": _preset("mnist-sgd"), "optimizers": [sgd(1e-4)], "budget": {"steps": 1}}
    return PlannedJob("mnist-probe", "mnist-sgd", Role.PROBE, spec, 2.0)


def _mnist(name: str, scale: Scale) -> Iterator[PlannedJob]:
    for epochs, rates in _by_epochs(name).items():
        optimizers = [setting for rate in rates for setting in mnist_settings(name, rate)]
        stem = name if len(_by_epochs(name)) == 1 else f"{name}-{rates[0]:g}"
        paper = {"problem": _preset(name), "optimizers": optimizers}
        yield _mnist_job(stem, name, Role.PAPER, paper, epochs, scale)
        mse = {"problem": _MNIST_BY_MSE, "optimizers": optimizers}
        yield _mnist_job(f"{stem}-mse", name, Role.MSE, mse, epochs, scale)
    for stem, role, problem in (("rates", Role.RATES, _preset(name)), ("mse-rates", Role.MSE_RATES, _MNIST_BY_MSE)):
        tried = {"problem": problem, "optimizers": [_BUILDERS[name](rate) for rate in MNIST_RATES[name, role]]}
        yield _mnist_job(f"{name}-{stem}", name, role, tried, max(_by_epochs(name)), scale)


def mnist_settings(name: str, rate: float) -> list[JSON]:
    """The optimizer, AYLA with the exponents as the paper's text has them, and the other way round."""
    build = _BUILDERS[name]
    return [build(rate), build(rate, ayla=transform(n1=1.5, n2=1.0)), build(rate, ayla=transform(n1=1.0, n2=1.5))]


def _by_epochs(name: str) -> dict[int, list[float]]:
    """The learning rates of an experiment by the length of their runs: those of one length are one job."""
    found: dict[int, list[float]] = {}
    for rate, epochs in MNIST_EPOCHS[name].items():
        found.setdefault(epochs, []).append(rate)
    return found


def _mnist_job(stem: str, name: str, role: Role, spec: JSON, epochs: int, scale: Scale) -> PlannedJob:
    seeds = {Role.PAPER: scale.mnist_seeds, Role.MSE: scale.mse_seeds}.get(role, scale.rate_seeds)
    most = [scale.mnist_epochs, None if role is Role.PAPER else scale.extra_epochs]
    epochs = min([epochs, *(limit for limit in most if limit is not None)])
    spec = {**spec, "budget": {"epochs": epochs}, "seeds": [*range(seeds)], "record": _MNIST_RECORD}
    return PlannedJob(stem, name, role, spec, epochs * seeds * len(spec["optimizers"]) * _EPOCH_SECONDS[name])
