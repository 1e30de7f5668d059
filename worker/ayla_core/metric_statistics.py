"""Statistics of the metrics of the trials of a batch: the value after the last step, the best one and its epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from ayla_spec.metrics import METRICS, WHOLE_PART_METRICS, WholePartMetric

from ayla_core.outcomes import MetricOutcomes
from ayla_core.trial_statistics import NEVER, UNKNOWN, Flags, Floats, Integers

LATER = {"latest": np.nan, "best": np.nan, "best_epoch": UNKNOWN}
"""Arrays that checkpoints of an earlier version lack, and what stands for them there."""


@dataclass(frozen=True, slots=True)
class MetricStatistics:
    """Statistics of each trial so far; arrays of shape [metrics, trials] in the order of ``WHOLE_PART_METRICS``.

    Attributes:
        latest: value of the last row of metrics; infinite where a loss was not finite or was not evaluated.
        best: smallest finite value so far, or largest where more is better; NaN before there is one.
        best_epoch: the first epoch that had it, NEVER, or UNKNOWN for ever where earlier rows are not known.
    """

    latest: Floats
    best: Floats
    best_epoch: Integers

    @classmethod
    def blank(cls, trials: int) -> "MetricStatistics":
        """Before the first step."""
        shape = (len(WHOLE_PART_METRICS), trials)
        return cls(np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, NEVER, dtype=np.int64))

    def arrays(self) -> dict[str, Integers | Floats]:
        """The live arrays by name; writing into one changes the statistics."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def copy(self) -> "MetricStatistics":
        """As they are now."""
        return MetricStatistics(self.latest.copy(), self.best.copy(), self.best_epoch.copy())

    def update(self, found: Mapping[str, Floats], epoch: int, alive: Flags) -> None:
        """Count a row of metrics.

        Args:
            found: the columns of the row, shape [trials] each; NaN where nothing was evaluated.
            epoch: at whose end.
            alive: whether a trial has not diverged; of the others nothing is counted.
        """
        for row, metric in enumerate(WHOLE_PART_METRICS):
            if metric in found:
                self._count(row, found[metric], epoch, alive, more_is_better=METRICS[metric].more_is_better)

    def _count(self, row: int, values: Floats, epoch: int, alive: Flags, *, more_is_better: bool) -> None:
        best, epochs, finite = self.best[row], self.best_epoch[row], np.isfinite(values)
        self.latest[row, alive] = np.where(finite, values, np.inf)[alive]
        better = values > best if more_is_better else values < best
        takes = alive & finite & (np.equal(epochs, NEVER) | (better & (epochs >= 0)))
        best[takes], epochs[takes] = values[takes], epoch

    def columns(self, completed: Flags) -> dict[WholePartMetric, MetricOutcomes]:
        """The metrics of each trial; those after the last step only of trials that have completed."""
        final = np.where(completed, self.latest, np.nan)
        known = self.best_epoch >= 0
        best, epoch = np.where(known, self.best, np.nan), np.where(known, self.best_epoch, NEVER)
        return {
            metric: MetricOutcomes(final[row], best[row], epoch[row]) for row, metric in enumerate(WHOLE_PART_METRICS)
        }
