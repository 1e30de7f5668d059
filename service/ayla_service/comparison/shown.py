"""What of very many settings an answer shows: the best, so that it stays one that can be read."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ayla_service.comparison.metrics import why_not
from ayla_service.comparison.query import Metric
from ayla_service.comparison.runs import ComparedProblem, Floats, Runs
from ayla_service.trials.quantiles import medians

MOST_SETTINGS = 1000
"""Of a problem that are summarized one by one, and tested against each other."""


def has_too_many(problem: ComparedProblem) -> bool:
    """Whether a problem has more settings than are shown one by one."""
    return len(problem.settings) > MOST_SETTINGS


def shown_part(problem: ComparedProblem) -> ComparedProblem:
    """The problem with its best settings by the median over the seeds, in their order, where it has too many."""
    if not has_too_many(problem):
        return problem
    settings = list(problem.settings.values())
    values = medians_of(problem, [setting.runs for setting in settings], problem.metric)
    places = np.sort(np.argsort(values, kind="stable")[:MOST_SETTINGS]).tolist()
    return replace(problem, settings={settings[place].label: settings[place] for place in places})


def medians_of(problem: ComparedProblem, every: Sequence[Runs], metric: Metric) -> Floats:
    """The median of each setting over the runs that have the metric; NaN where none has, as the last."""
    values = np.concatenate([np.empty(0), *(known_values(problem, runs, metric) for runs in every)])
    settings, recorded = np.repeat(np.arange(len(every)), [len(runs) for runs in every]), ~np.isnan(values)
    return medians(values[recorded], settings[recorded], len(every))


def known_values(problem: ComparedProblem, runs: Runs, metric: Metric) -> Floats:
    """The values of runs by a metric; NaN where no trial of the problem can have it."""
    return runs.values(metric) if why_not(problem, metric) is None else np.full(len(runs), np.nan)
