"""Values of trials by a metric, and what else a sweep reads of them, with a row for each setting."""

import numpy as np
from ayla_spec.space import Space

from ayla_service.comparison.metrics import is_whole_part, more_is_better
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.states import TrialState
from ayla_service.sweeps.groups import Bools, Floats
from ayla_service.trials.columns import CODES, MISSING, TrialColumns


def values_of(columns: TrialColumns, space: Space, problem: ComparedProblem) -> Floats:
    """The trials by the metric of their problem, less is better: accuracies are negated.

    What diverged is infinite: worse than every number, unless of a metric that no trial of the job has. Likewise a
    loss that is not finite.

    Returns:
        Shape [settings, seeds]; NaN where a trial has not ended, or its metric was not recorded.
    """
    found = _measured(columns, problem)
    ranked = -found if more_is_better(problem.metric) else found
    completed, diverged = (columns.state == CODES[state] for state in (TrialState.COMPLETED, TrialState.DIVERGED))
    is_known = not is_whole_part(problem.metric) or bool((completed & ~np.isnan(found)).any())
    values = np.where(completed, ranked, np.nan)
    if is_known:
        values = np.where(diverged, np.inf, values)
    return _by_setting(values, columns, space, np.nan)


def ended_of(columns: TrialColumns, space: Space) -> Bools:
    """Which trials have ended with a result; shape [settings, seeds]."""
    return _by_setting(columns.has_result.astype(np.float64), columns, space, 0.0) > 0


def in_state(columns: TrialColumns, space: Space, state: TrialState) -> Bools:
    """Which trials are in a state; shape [settings, seeds]."""
    return _by_setting((columns.state == CODES[state]).astype(np.float64), columns, space, 0.0) > 0


def first_nonfinite_of(columns: TrialColumns, space: Space) -> Floats:
    """The first step of each trial at which it was not finite; shape [settings, seeds], NaN where there is none."""
    steps = columns["first_nonfinite_step"]
    return _by_setting(np.where(steps == MISSING, np.nan, steps), columns, space, np.nan)


def loss_counts_of(columns: TrialColumns, space: Space) -> tuple[Floats, Floats]:
    """Losses of each trial below and above 1 in size; shape [settings, seeds], NaN where nobody counted."""
    counts = (columns[name].astype(np.float64) for name in ("losses_below_one", "losses_above_one"))
    below, above = (_by_setting(np.where(count == MISSING, np.nan, count), columns, space, np.nan) for count in counts)
    return below, above


def _measured(columns: TrialColumns, problem: ComparedProblem) -> Floats:
    """The metric as it is; a loss of a completed trial that is missing is one that is not finite."""
    if is_whole_part(problem.metric):
        whole: Floats = columns[problem.metric]
        return np.where(np.isinf(whole), _worst(problem), whole)
    losses = columns["best_loss" if problem.metric == "best_loss" else "final_loss"]
    known = np.where(np.isfinite(losses), losses, np.inf)
    return known - (problem.minimum or 0.0) if problem.metric == "gap" else known


def _worst(problem: ComparedProblem) -> float:
    return -np.inf if more_is_better(problem.metric) else np.inf


def _by_setting(values: Floats, columns: TrialColumns, space: Space, missing: float) -> Floats:
    """The values in rows by setting; the trials of a job that is being removed are not all there."""
    found = np.full(space.trials_total, missing)
    found[columns.index] = values
    return found.reshape(space.settings_total, len(space.spec.seeds))
