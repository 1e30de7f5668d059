"""How often the intervals of comparisons cover: made-up runs, for tests and ``benchmarks/coverage.py``."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ayla_service.comparison.distributions import interval_rank
from ayla_service.comparison.improvement import improvement_interval, probability_of_improvement
from ayla_service.comparison.interquartile_mean import bootstrap_interval, interquartile_mean
from ayla_service.comparison.pairs import relative_differences
from scipy import stats  # type: ignore[import-untyped]

from tests.comparison.comparing import INF

CONFIDENCE = 0.95

Floats = npt.NDArray[np.float64]
DRAWS: Mapping[str, Callable[[np.random.Generator, tuple[int, int]], Floats]] = {
    "normal": lambda draw, size: draw.normal(size=size),
    "skewed": lambda draw, size: draw.lognormal(sigma=2.0, size=size),
    "heavy-tailed": lambda draw, size: draw.standard_cauchy(size=size),
    "tied": lambda draw, size: draw.integers(0, 4, size=size).astype(float),
    "diverging": lambda draw, size: np.where(draw.random(size) < 0.3, INF, draw.normal(size=size)),
}
"""Values of one setting over its seeds."""

MEDIANS = {
    "normal": 0.0,
    "skewed": 1.0,
    "heavy-tailed": 0.0,
    "tied": 1.0,
    "diverging": float(stats.norm.ppf(0.5 / 0.7)),
}


def median_covered(seeds: int, repeats: int) -> tuple[float, dict[str, float]]:
    """The coverage that an interval of a median states, and how often it covers, by kind of values."""
    rank, stated = interval_rank(seeds, CONFIDENCE)
    draw, found = np.random.default_rng(seeds), {}
    for kind, values in DRAWS.items():
        samples = np.sort(values(draw, (repeats, seeds)), axis=1)
        low, high = samples[:, rank - 1], samples[:, -rank]
        found[kind] = float(np.mean((low <= MEDIANS[kind]) & (MEDIANS[kind] <= high)))
    return stated, found


def _normal(draw: np.random.Generator, size: tuple[int, ...]) -> Floats:
    """Normal noise of two settings, of which the same seed makes half."""
    common: Floats = draw.normal(size=size)
    return (common + draw.normal(size=(2, *size))) / math.sqrt(2)


def _loss(kind: str, noise: Floats, shift: Floats) -> Floats:
    """Losses of a kind from normal noise; ``shift`` is the effect of the setting on each problem."""
    if kind == "skewed":
        return np.exp(2 * (noise + shift))
    if kind == "heavy-tailed":
        return 5 + shift + noise**3
    if kind == "tied":
        return np.floor(5 + noise + 1.5 * shift)
    return 6 + noise + shift


@dataclass(frozen=True, slots=True)
class Scenario:
    """Two settings on several problems.

    Attributes:
        kind: of the losses.
        shifts: how much worse the first setting is on each problem, before the losses are made of it.
        diverging: how often a run of the first and of the second setting diverges.
    """

    kind: str
    shifts: Floats
    diverging: tuple[float, float] = (0.0, 0.0)

    def runs(self, draw: np.random.Generator, seeds: int) -> Floats:
        """Losses by problem and seed, shape [2, problems, seeds]."""
        noise = _normal(draw, (len(self.shifts), seeds))
        effects = np.stack([self.shifts, np.zeros_like(self.shifts)])[:, :, None]
        losses = _loss(self.kind, noise, effects)
        gone = draw.random(losses.shape) < np.array(self.diverging)[:, None, None]
        return np.where(gone, INF, losses)


def scenarios(problems: int) -> Mapping[str, Scenario]:
    """What the losses can be like, on so many problems."""
    near = np.linspace(-0.4, 1.0, problems)
    return {
        "normal": Scenario("normal", near),
        "skewed": Scenario("skewed", near),
        "heavy-tailed": Scenario("heavy-tailed", near),
        "tied": Scenario("tied", near),
        "diverging": Scenario("normal", near, (0.2, 0.1)),
        "far apart": Scenario("normal", np.linspace(-3.0, 4.0, problems)),
    }


@dataclass(frozen=True, slots=True)
class Covered:
    """Share of the intervals of the interquartile mean and of the improvement that hold the true value; NaN of none."""

    middle: float
    improvement: float


def covered(scenario: Scenario, seeds: int, repeats: int, truth_seeds: int = 40_000) -> Covered:
    """Measure it, from a fixed seed; the true values are those of so many seeds on each problem."""
    draw = np.random.default_rng(seeds)
    truth = scenario.runs(draw, truth_seeds)
    middle = interquartile_mean(_differences(truth))
    improvement = _independent_improvement(truth, draw)
    held = np.array([_holds(scenario.runs(draw, seeds), middle, improvement) for _ in range(repeats)])
    return Covered(*held.mean(axis=0).tolist())


def _differences(runs: Floats) -> list[list[float]]:
    return [relative_differences(pairs, "final_loss") for pairs in _pairs(runs)]


def _pairs(runs: Floats) -> list[list[tuple[float, float]]]:
    return [list(zip(*losses.tolist(), strict=True)) for losses in runs.swapaxes(0, 1)]


def _independent_improvement(runs: Floats, draw: np.random.Generator) -> float:
    """Of runs whose seeds have nothing in common."""
    return probability_of_improvement(_pairs(np.stack([runs[0], draw.permuted(runs[1], axis=1)])))


def _holds(runs: Floats, middle: float, improvement: float) -> tuple[float, float]:
    means, chances = bootstrap_interval(_differences(runs), CONFIDENCE), improvement_interval(_pairs(runs), CONFIDENCE)
    return _within(middle, means), _within(improvement, chances)


def _within(value: float, ends: tuple[float, float] | None) -> float:
    return math.nan if ends is None else float(ends[0] <= value + 1e-9 and value - 1e-9 <= ends[1])
