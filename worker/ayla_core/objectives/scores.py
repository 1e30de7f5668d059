"""Scores of models on samples: running sums of losses and right answers."""

import math
from collections.abc import Collection

import torch
from ayla_spec.metrics import Part
from torch import Tensor

LATER = {"seen": math.nan, "loss_sum": math.nan}
"""Sums that checkpoints of an earlier version lack where there were no metrics; NaN until the next ones are begun."""


class Scores:
    """Running sums on the device, shape [rows] each; kept in float64 so that an epoch's mean is exact enough.

    Args:
        rows: of the batch.
        has_classes: whether right answers are counted too.
        device: where the sums are kept.
    """

    def __init__(self, rows: int, *, has_classes: bool, device: torch.device) -> None:
        names = ("seen", "loss_sum", *(("correct",) if has_classes else ()))
        self._sums = {name: torch.zeros(rows, dtype=torch.float64, device=device) for name in names}

    def add(self, loss: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """Count a batch: its mean loss [rows], outputs [rows, samples, outputs] and targets."""
        samples = outputs.shape[1]
        self._sums["seen"] += samples
        self._sums["loss_sum"] += loss.double() * samples
        if "correct" in self._sums:
            self._sums["correct"] += right_answers(outputs, targets)

    def means(self) -> dict[str, Tensor]:
        """``loss`` and, for classes, ``accuracy``; NaN where nothing was seen."""
        means = {"loss": self._sums["loss_sum"] / self._sums["seen"]}
        if "correct" in self._sums:
            means["accuracy"] = self._sums["correct"] / self._sums["seen"]
        return means

    def reset(self) -> None:
        """Begin anew."""
        for total in self._sums.values():
            total.zero_()

    def state(self) -> dict[str, Tensor]:
        """The sums by name; writing into one changes them."""
        return dict(self._sums)


def chosen_parts(wanted: Collection[Part], available: Collection[Part]) -> set[Part]:
    """Those of the wanted parts that there are; where a file turned out to have no test part, the other one."""
    return set(wanted).intersection(available) or set(available)


def right_answers(outputs: Tensor, labels: Tensor) -> Tensor:
    """Samples whose largest output is that of their class; outputs [rows, samples, classes] to int64 [rows]."""
    return outputs.argmax(-1).eq(labels).sum(1)
