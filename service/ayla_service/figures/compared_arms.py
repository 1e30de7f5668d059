"""Arms of a comparison as figures draw them: the best of k settings, and the sensitivity to one setting."""

from dataclasses import replace

import numpy as np

from ayla_service.comparison.arms import optimizer_title
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.protocol_answers import protocol_result, shown
from ayla_service.comparison.query import TOO_LONG, Metric
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.comparison.sensitivity import sensitivity
from ayla_service.comparison.sensitivity_schemas import BestOfSettings, SensitivityPoint, SensitivitySeries
from ayla_service.comparison.tuned_arms import ProtocolOutcome, TunedProblem, follow
from ayla_service.computing_time import ComputingTime
from ayla_service.figures.compared import Compared, DrawnProblem
from ayla_service.trials.layout import flat


def tuned(data: Compared, drawn: DrawnProblem) -> TunedProblem:
    """The arms of a problem.

    Settings without an arm stand together by optimizer, and apart with and without AYLA. They are judged on all seeds,
    unless some are named for tuning.
    """
    problem = _in_arms(drawn)
    every = [setting.runs.seeds for setting in problem.settings.values()]
    seeds = data.options.tuning_seeds or tuple(np.unique(np.concatenate(every)).tolist() if every else ())
    return follow(Protocol(seeds, ()), [problem], data.result.query, ComputingTime(TOO_LONG)).problems[0]


def best_of_settings(data: Compared, drawn: DrawnProblem) -> dict[str, list[BestOfSettings]]:
    """The best of k settings of every arm of a problem, as they are shown."""
    outcome = ProtocolOutcome(Protocol((), ()), [tuned(data, drawn)], [], has_matches=True)
    (found,) = protocol_result(outcome, data.result.query).problems
    return {arm.arm: arm.expected_best for arm in found.arms}


def sensitivity_of(data: Compared, drawn: DrawnProblem, name: str) -> list[SensitivitySeries]:
    """What every arm of a problem reached at each value of a setting, as it is shown; settings without it are left out.

    Args:
        data: of the figure.
        drawn: the problem.
        name: of a setting that has numbers; nested ones as in ``ayla.n1``.
    """
    found, places = tuned(data, drawn), []
    for arm in found.arms.values():
        for one in arm.tried:
            at = flat(one.setting.optimizer).get(name)
            if one.value is not None and isinstance(at, int | float) and not isinstance(at, bool):
                places.append((float(at), one.value, arm.name))
    series = sensitivity(*zip(*places, strict=True)) if places else []
    return [
        one.model_copy(update={"points": [_shown_point(point, found.metric) for point in one.points]}) for one in series
    ]


def _shown_point(point: SensitivityPoint, metric: Metric) -> SensitivityPoint:
    return point.model_copy(update={"best": shown(point.best, metric), "median": shown(point.median, metric)})


def _in_arms(drawn: DrawnProblem) -> ComparedProblem:
    problem = drawn.problem
    found = {label: problem.settings[label] for label in drawn.labels}
    return replace(
        problem,
        settings={
            label: one if one.arms else replace(one, arms=[optimizer_title(one.optimizer)])
            for label, one in found.items()
        },
    )
