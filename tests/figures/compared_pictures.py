"""Pictures of the figures of comparisons, from made-up runs."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from ayla_service.comparison import service as comparison
from ayla_service.comparison.curves import TooMuch
from ayla_service.comparison.loading import ComparisonData
from ayla_service.comparison.query import TOO_LONG, ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting
from ayla_service.comparison.service import ComparisonResult
from ayla_service.comparison.targets import TARGETS
from ayla_service.computing_time import ComputingTime
from ayla_service.figures.compared import Compared, compared
from ayla_service.figures.drawing import Render
from ayla_service.figures.options import FigureOptions
from ayla_service.figures.renderers import forest, profiles, sensitivity, slopes, strip, tuning

from tests.comparison.comparing import INF, run, runs_of
from tests.figures.figure_samples import noise

Losses = Mapping[str, tuple[dict[str, Any], Sequence[float]]]


def made_up_problem(title: str, losses: Losses) -> ComparedProblem:
    """A problem with the settings and the final losses of each label, seed by seed."""
    made = ComparedProblem(title, 1000, "float64", mini_batches=False)
    for label, (settings, values) in losses.items():
        runs = []
        for seed, loss in enumerate(values):
            steps = 200 * loss + 20 * (1 + seed) if 0 < loss <= 1 else INF
            goal = float(round(steps)) if steps < INF else INF
            runs.append(run(loss, seed, steps=goal, to_targets=_to_targets(loss, seed)))
        optimizer = {"name": "sgd", "learning_rate": 0.1, "label": label, "ayla": None} | settings
        made.settings[label] = ComparedSetting(label, optimizer, runs=runs_of(runs))
        made.seeds.update(range(len(values)))
    return made


def _to_targets(loss: float, seed: int) -> tuple[float, ...]:
    """Steps to targets that are harder and harder; what ended higher reaches fewer of them."""
    reached = min(TARGETS, int(12 / min(max(loss, 0.01), 4.0)))
    pace = 1 + min(max(loss, 0.0), 5.0)
    steps = (float(round((5 + seed) * (1 + place * pace) ** 1.3)) for place in range(reached))
    return (*steps, *[INF] * (TARGETS - reached))


def result_of(problems: list[ComparedProblem], query: ComparisonQuery | None = None) -> ComparisonResult:
    """The comparison of these problems."""
    data = ComparisonData([], problems)
    return comparison._comparison(query or ComparisonQuery(), data, TooMuch(), ComputingTime(TOO_LONG))


def drawn(result: ComparisonResult, title: str, options: FigureOptions) -> Compared:
    """The comparison as figures draw it."""
    return compared(result, title, options)


def _seeds(median: float, spread: float, seed: int, count: int = 10) -> list[float]:
    return [float(value) for value in median * np.exp(spread * noise(count, seed))]


def _ayla(n1: float, n2: float = 1.0) -> dict[str, Any]:
    return {"ayla": {"n1": n1, "n2": n2}}


def few_optimizers(scale: float = 1.0, title: str = "mlp on digits") -> ComparedProblem:
    """Two optimizers, each plain and with AYLA, of which some seeds diverged."""
    adam: dict[str, Any] = {"name": "adam", "learning_rate": 0.001}
    tilt = 0.8 + 0.1 * (len(title) % 5)  # so that problems differ
    wild = _seeds(0.5 * scale / tilt, 0.4, 3)
    wild[2] = wild[7] = INF
    losses: dict[str, tuple[dict[str, Any], list[float]]] = {
        "SGD lr=0.1": ({}, _seeds(0.42 * scale, 0.3, 1)),
        "AYLA-SGD lr=0.1 N1=1.5 N2=1": (_ayla(1.5), _seeds(0.25 * scale * tilt, 0.3, 2)),
        "AYLA-SGD lr=0.1 N1=2 N2=1": (_ayla(2.0), wild),
        "Adam lr=0.001": (adam, _seeds(0.2 * scale, 0.3, 4)),
        "AYLA-Adam lr=0.001 N1=1.5 N2=0.8": (adam | _ayla(1.5, 0.8), _seeds(0.22 * scale * tilt, 0.3, 5)),
    }
    return made_up_problem(title, losses)


def swept(scale: float = 1.0, title: str = "mlp on digits") -> ComparedProblem:
    """Learning rates and exponents of SGD: the larger ones diverge."""
    losses: dict[str, tuple[dict[str, Any], list[float]]] = {}
    for exponent in (None, 0.8, 1.2, 1.5, 2.0):
        for rate in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3):
            middle = scale * (0.1 + (np.log10(rate) + 1.6 + 0.2 * (exponent or 1)) ** 2)
            values = _seeds(middle, 0.2, len(losses), 4)
            if rate == 0.3 and exponent != 0.8:
                values = [INF] * 4
            name = "SGD" if exponent is None else f"AYLA-SGD N1={exponent:g} N2=1"
            settings = {"learning_rate": rate} | ({} if exponent is None else _ayla(exponent))
            losses[f"{name} lr={rate:g}"] = settings, values
    return made_up_problem(title, losses)


def several_problems() -> list[ComparedProblem]:
    """The same optimizers on seven problems."""
    titles = ("sphere", "rosenbrock", "rastrigin", "ackley", "mlp on digits", "beale", "booth")
    return [few_optimizers(0.7 + 0.2 * place, title) for place, title in enumerate(titles)]


Maker = Callable[[str, FigureOptions], Render]


def _picture(render: Callable[..., None], problems: Callable[[], list[ComparedProblem]]) -> Maker:
    def make(title: str, options: FigureOptions) -> Render:
        return partial(render, data=drawn(result_of(problems()), title, options))

    return make


def _one() -> list[ComparedProblem]:
    return [few_optimizers()]


def _two() -> list[ComparedProblem]:
    return [few_optimizers(), few_optimizers(40.0, "rosenbrock in 10 dimensions, with gradient noise")]


COMPARED: dict[str, Maker] = {
    "forest": _picture(forest.render, _one),
    "forest-problems": _picture(forest.render, several_problems),
    "slopes": _picture(slopes.render, _one),
    "strip": _picture(strip.render, _one),
    "strip-problems": _picture(strip.render, _two),
    "performance-profile": _picture(profiles.render_performance, several_problems),
    "data-profile": _picture(profiles.render_data, several_problems),
    "ecdf": _picture(profiles.render_ecdf, several_problems),
    "sensitivity": _picture(sensitivity.render, lambda: [swept()]),
    "tuning": _picture(tuning.render, lambda: [swept()]),
}
