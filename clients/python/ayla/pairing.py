"""AYLA against the plain optimizer it is built on, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from ayla._statistics import FEWEST_FOR_INTERVAL, bootstrap_median, sign_test
from ayla.models import Trial

UNLIKELY = 0.05
"""Below this p-value a result is called unlikely to be chance."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """One AYLA setting against its plain base on equal seeds; a lower final loss wins, a diverged trial loses.

    Where every seed gives the same two losses to the last digit, nothing in the problem is random, as in an expression
    with a fixed start. Such seeds are copies of one run and count as one.

    Attributes:
        label: of the AYLA setting.
        base_label: of the same setting without AYLA.
        seeds: how many seeds both settings have.
        won: runs in which AYLA ended lower.
        lost: runs in which it ended higher.
        tied: runs in which both ended equal, or both diverged.
        p_value: of the exact two-sided sign test; None with a single run.
        median_difference: AYLA minus base, over the runs where both are finite; None without such runs.
        interval: 95 % bootstrap interval of that median; None with fewer than six such runs.
    """

    label: str
    base_label: str
    seeds: int
    won: int
    lost: int
    tied: int
    p_value: float | None
    median_difference: float | None
    interval: tuple[float, float] | None

    @property
    def runs(self) -> int:
        """How many independent runs the seeds are: one where they make no difference."""
        return self.won + self.lost + self.tied

    @property
    def statement(self) -> str:
        """The result and how sure it is, in one or two sentences."""
        if self.runs < self.seeds:
            return self._of_copies()
        ties = f", {self.tied} tied" if self.tied else ""
        lower = f"{self.label} ended lower than {self.base_label} on {self.won} of {self.seeds} seeds{ties}"
        if self.p_value is None:
            return f"{lower}. One seed says nothing about how sure this is."
        chance = "unlikely to be chance" if self.p_value < UNLIKELY else "could be chance"
        return f"{lower}: {chance} (exact sign test, p = {self.p_value:.2g}).{self._difference()}"

    def _of_copies(self) -> str:
        result = "lower than" if self.won else "higher than" if self.lost else "equal to"
        return (
            f"{self.label} ended {result} {self.base_label}. The seeds make no difference here: nothing random in this "
            f"problem. The {self.seeds} seeds are copies of one run and count as one."
        )

    def _difference(self) -> str:
        if self.median_difference is None:
            return ""
        median_is = f" Median difference {self.median_difference:+.3g}"
        if self.interval is None:
            return f"{median_is} (no interval: fewer than {FEWEST_FOR_INTERVAL} pairs cannot carry one of 95 %)."
        low, high = self.interval
        return f"{median_is} (95 % bootstrap interval {low:+.3g} to {high:+.3g})."


def pairings(trials: Iterable[Trial]) -> tuple[Pairing, ...]:
    """Every AYLA setting whose plain base is among the trials, in the order of the job's optimizers."""
    settings: dict[int, list[Trial]] = {}
    for trial in trials:
        if trial.state in {"completed", "diverged"}:
            settings.setdefault(trial.optimizer_index, []).append(trial)
    plain = {_base(group[0].optimizer): group for group in settings.values() if not group[0].optimizer.get("ayla")}
    with_ayla = [group for _, group in sorted(settings.items()) if group[0].optimizer.get("ayla")]
    return tuple(_pair(group, plain[key]) for group in with_ayla if (key := _base(group[0].optimizer)) in plain)


def _base(optimizer: Mapping[str, Any]) -> str:
    return repr(sorted((key, value) for key, value in optimizer.items() if key not in {"ayla", "label"}))


def _pair(ayla: list[Trial], base: list[Trial]) -> Pairing:
    base_losses = {trial.seed: _loss(trial) for trial in base}
    seeds = [(_loss(trial), base_losses[trial.seed]) for trial in ayla if trial.seed in base_losses]
    pairs = _independent(seeds)
    won = sum(first < second for first, second in pairs)
    lost = sum(first > second for first, second in pairs)
    differences = [first - second for first, second in pairs if math.isfinite(first) and math.isfinite(second)]
    return Pairing(
        label=ayla[0].label,
        base_label=base[0].label,
        seeds=len(seeds),
        won=won,
        lost=lost,
        tied=len(pairs) - won - lost,
        p_value=sign_test(won, lost) if len(pairs) > 1 else None,
        median_difference=median(differences) if differences else None,
        interval=bootstrap_median(differences) if len(differences) >= FEWEST_FOR_INTERVAL else None,
    )


def _independent(pairs: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The pairs, or the first alone where all are its copies.

    Trials that all diverged look alike without being so: only a finite loss can show that they are copies.
    """
    copies = all(pair == pairs[0] for pair in pairs) and any(math.isfinite(loss) for pair in pairs for loss in pair)
    return pairs[:1] if copies else pairs


def _loss(trial: Trial) -> float:
    return math.inf if trial.final_loss is None else trial.final_loss
