"""The losses of trials as curves of one line each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ayla._formatting import text_table
from ayla._sync.client import Client
from ayla.cli.sparkline import Sparkline, sparkline
from ayla.errors import ConflictError
from ayla.models import Trial

_SHOWN_CURVES = 8
_POINTS = 200
_WIDTH = 32
_MANY_STEPS = 1000
"""From so many on steps are drawn on a log scale: most happens in the first of them."""


def curve_lines(client: Client, trials: Sequence[Trial]) -> list[str]:
    """The loss by step of the first seed of each optimizer, a line each; nothing where no trajectories are kept.

    Args:
        client: of the service.
        trials: those of a job, of which the first of each setting is drawn.
    """
    firsts = [*{trial.optimizer_index: trial for trial in reversed(trials)}.values()][::-1]
    try:
        curves = [(trial, _curve(client, trial)) for trial in firsts[:_SHOWN_CURVES]]
    except ConflictError:  # the job keeps no trajectories; the rest of it is shown
        return []
    rows = [_row(trial, curve) for trial, curve in curves if curve is not None]
    if not rows:
        return []
    lines = text_table(
        [["optimizer", "loss by step, first to last", "scale", "first", "last", "lowest"], *rows], left=3
    )
    return [*lines, _note(firsts, len(curves))]


def _note(firsts: Sequence[Trial], drawn: int) -> str:
    """What the curves show, in words."""
    steps = " Steps are on a log scale." if any(map(_is_long, firsts[:drawn])) else ""
    more = f" {len(firsts) - drawn} more optimizers are not drawn." if len(firsts) > drawn else ""
    return f"Each curve has a scale of its own, and is of seed {firsts[0].seed}; ×: not finite.{steps}{more}"


def _curve(client: Client, trial: Trial) -> Sparkline | None:
    """None before anything is recorded."""
    scale = "log" if _is_long(trial) else "linear"
    found = client.trials.trajectory(trial, columns=["step", "loss"], max_points=_POINTS, scale=scale)
    losses = found.numbers("loss")
    return sparkline(losses, _WIDTH) if losses else None


def _is_long(trial: Trial) -> bool:
    return trial.steps_done >= _MANY_STEPS


def _row(trial: Trial, curve: Sparkline) -> list[str]:
    return [trial.label, curve.text, curve.scale, *map(_number, (curve.first, curve.last, curve.low))]


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "diverged"
