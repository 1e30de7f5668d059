"""AYLA against the plain optimizer it is built on, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from ayla._statistics import bootstrap_median, sign_test
from ayla.models import Trial

UNLIKELY = 0.05
"""Below this p-value a result is called unlikely to be chance."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """One AYLA setting against its plain base on equal seeds; a lower final loss wins, a diverged trial loses.

    Attributes:
        label: of the AYLA setting.
        base_label: of the same setting without AYLA.
        won: seeds on which AYLA ended lower.
        lost: seeds on which it ended higher.
        tied: seeds on which both ended equal, or both diverged.
        p_value: of the exact two-sided sign test.
        median_difference: AYLA minus base, over the seeds where both are finite; None without such seeds.
        interval: 95 % bootstrap interval of that median; None with fewer than two such seeds.
    """

    label: str
    base_label: str
    won: int
    lost: int
    tied: int
    p_value: float
    median_difference: float | None
    interval: tuple[float, float] | None

    @property
    def seeds(self) -> int:
        """How many seeds both settings have."""
        return self.won + self.lost + self.tied

    @property
    def statement(self) -> str:
        """The result and how sure it is, in one or two sentences."""
        ties = f", {self.tied} tied" if self.tied else ""
        lower = f"{self.label} ended lower than {self.base_label} on {self.won} of {self.seeds} seeds{ties}"
        if self.seeds < 2:
            return f"{lower}. One seed says nothing about how sure this is."
        chance = "unlikely to be chance" if self.p_value < UNLIKELY else "could be chance"
        return f"{lower}: {chance} (exact sign test, p = {self.p_value:.2g}).{self._difference()}"

    def _difference(self) -> str:
        if self.median_difference is None or self.interval is None:
            return ""
        low, high = self.interval
        return f" Median difference {self.median_difference:+.3g} (95 % bootstrap interval {low:+.3g} to {high:+.3g})."


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
    pairs = [(_loss(trial), base_losses[trial.seed]) for trial in ayla if trial.seed in base_losses]
    won = sum(first < second for first, second in pairs)
    lost = sum(first > second for first, second in pairs)
    differences = [first - second for first, second in pairs if math.isfinite(first) and math.isfinite(second)]
    return Pairing(
        label=ayla[0].label,
        base_label=base[0].label,
        won=won,
        lost=lost,
        tied=len(pairs) - won - lost,
        p_value=sign_test(won, lost),
        median_difference=median(differences) if differences else None,
        interval=bootstrap_median(differences) if len(differences) > 1 else None,
    )


def _loss(trial: Trial) -> float:
    return math.inf if trial.final_loss is None else trial.final_loss
