"""Data of figures of comparisons: the numbers that a comparison answers, as they are drawn; none is computed here."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ayla_service.comparison.metrics import in_words, more_is_better
from ayla_service.comparison.pairs import over_seeds
from ayla_service.comparison.profile_schemas import Profiles
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.protocol_answers import protocol_result, shown
from ayla_service.comparison.query import Metric
from ayla_service.comparison.runs import ComparedProblem, labels_of
from ayla_service.comparison.schemas import ConfidenceInterval, Distribution, PairComparison
from ayla_service.comparison.sensitivity import sensitivity
from ayla_service.comparison.sensitivity_schemas import BestOfSettings, SensitivityPoint, SensitivitySeries
from ayla_service.comparison.service import ComparisonResult, ProblemResult
from ayla_service.comparison.tuned_arms import ProtocolOutcome, TunedProblem, follow
from ayla_service.comparison.verdicts import pair_comparison
from ayla_service.errors import InvalidQuery
from ayla_service.figures.cells import optimizer_title
from ayla_service.figures.looks import FEW_NAMED, MOST_NAMED, SettingStyle, styles_at
from ayla_service.figures.options import FigureOptions
from ayla_service.trials.summaries import flat

MOST_PROBLEMS = 6
"""Problems that are drawn side by side."""

MOST_ROWS = 40
"""Optimizers, or pairs of them, of one panel."""


@dataclass(frozen=True, slots=True)
class DrawnProblem:
    """A problem of a comparison with those of its optimizers that are drawn.

    Attributes:
        heading: the problem in words; empty where one problem is drawn.
        result: of the comparison.
        labels: of the optimizers that are drawn, in the order of the comparison.
    """

    heading: str
    result: ProblemResult
    labels: tuple[str, ...]

    @property
    def metric(self) -> Metric:
        """What it is judged by."""
        return self.result.problem.metric

    @property
    def metric_name(self) -> str:
        """The same in words."""
        return in_words(self.metric)


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison as figures draw it.

    Attributes:
        title: of the figure.
        result: of the comparison.
        labels: of all optimizers of the comparison, by place.
        chosen: places of those that are drawn.
        problems: that are drawn.
        whole: whether these are all problems.
        options: of the figure.
    """

    title: str
    result: ComparisonResult
    labels: tuple[str, ...]
    chosen: tuple[int, ...]
    problems: tuple[DrawnProblem, ...]
    whole: bool
    options: FigureOptions

    def styles(self, labels: Sequence[str], ranked: Sequence[str] = ()) -> Mapping[str, SettingStyle]:
        """The styles of some optimizers: each has the look of its place in the comparison.

        Args:
            labels: those that are drawn.
            ranked: the same from the best on; of more than twelve the first eight are named.
        """
        places = {label: place for place, label in enumerate(self.labels)}
        few = list(ranked or labels)[: None if len(labels) <= MOST_NAMED else FEW_NAMED]
        styles = styles_at({places[label]: label for label in labels}, {places[label] for label in few})
        return {label: styles[places[label]] for label in labels}

    @property
    def chosen_labels(self) -> tuple[str, ...]:
        """Labels of the optimizers that are drawn."""
        return tuple(self.labels[place] for place in self.chosen)


def compared(result: ComparisonResult, title: str, options: FigureOptions) -> Compared:
    """A comparison with the options of a figure.

    Raises:
        InvalidQuery: if there is no such optimizer or problem, or if more problems are to be drawn than fit.
    """
    labels = tuple(labels_of([one.problem for one in result.results]))
    chosen = _chosen(len(labels), options)
    places = _problems(len(result.results), options)
    several = len(places) > 1
    drawn = tuple(_drawn(result.results[place], labels, chosen, several=several) for place in places)
    return Compared(title, result, labels, chosen, drawn, options.problem is None, options)


def _drawn(result: ProblemResult, labels: Sequence[str], chosen: Sequence[int], *, several: bool) -> DrawnProblem:
    here = tuple(labels[place] for place in chosen if labels[place] in result.problem.settings)
    return DrawnProblem(result.problem.title if several else "", result, here)


def _chosen(count: int, options: FigureOptions) -> tuple[int, ...]:
    if options.optimizers is None:
        return tuple(range(count))
    wanted = tuple(sorted(set(options.optimizers)))
    if not wanted or wanted[-1] >= count:
        there = f"there is no {wanted[-1]}" if wanted else "name at least one"
        raise InvalidQuery("optimizers", f"The comparison has {count} optimizers, numbered from 0; {there}.")
    return wanted


def _problems(count: int, options: FigureOptions) -> range:
    if options.problem is None:
        return range(count)
    if options.problem >= count:
        raise InvalidQuery(
            "problem", f"The jobs have {count} problems, numbered from 0; there is no {options.problem}."
        )
    return range(options.problem, options.problem + 1)


def check_panels(data: Compared) -> None:
    """Refuse more problems than are drawn side by side.

    Raises:
        InvalidQuery: if there are more.
    """
    if len(data.problems) > MOST_PROBLEMS:
        detail = f"The jobs have {len(data.problems)} problems; name one of them, or at most {MOST_PROBLEMS} jobs."
        raise InvalidQuery("problem", detail)


def pairs_of(data: Compared) -> tuple[str, bool, list[PairComparison]]:
    """The pairs of a forest plot: the metric in words, whether more is better, and the answers.

    Of several problems they are those over problems, and of one those over seeds.
    """
    result = data.result
    if len(result.results) > 1 and data.whole:
        metrics = {one.problem.metric for one in result.results}
        tests, metric = result.tests, metrics.pop() if len(metrics) == 1 else None
    else:
        tests, metric = data.problems[0].result.tests, data.problems[0].metric
    chosen = set(data.chosen_labels)
    answers = [pair_comparison(test, result.query) for test in tests]
    kept = [one for one in answers if one.label in chosen and one.base_label in chosen]
    if metric is None:
        return "result", False, kept
    return in_words(metric), more_is_better(metric), kept


def ends_of(interval: ConfidenceInterval) -> tuple[float, float]:
    """The ends of an interval with their infinities."""
    return _end(interval.low, interval.low_infinity), _end(interval.high, interval.high_infinity)


def _end(value: float | None, infinity: str | None) -> float:
    if value is not None:
        return value
    return -math.inf if infinity == "-inf" else math.inf


@dataclass(frozen=True, slots=True)
class SlopePair:
    """Values of a setting and its base on the seeds that both have, as they are shown.

    Attributes:
        heading: whose.
        label: of the setting.
        base_label: of its base.
        values: base and setting by seed; infinite where one diverged, of either sign.
        answer: of the comparison.
        metric: in words.
        more_is_better: direction of it.
    """

    heading: str
    label: str
    base_label: str
    values: list[tuple[float, float]]
    answer: PairComparison
    metric: str
    more_is_better: bool


def slopes_of(data: Compared) -> list[SlopePair]:
    """The pairs of all problems that are drawn."""
    return [pair for problem in data.problems for pair in _slopes(data, problem)]


def _slopes(data: Compared, drawn: DrawnProblem) -> Iterator[SlopePair]:
    metric, chosen = drawn.metric, set(drawn.labels)
    for test in drawn.result.tests:
        match = test.match
        if match.label in chosen and match.base_label in chosen:
            found = over_seeds(drawn.result.problem, match)
            values = [(_shown(base, metric), _shown(ours, metric)) for ours, base in found.values]
            answer = pair_comparison(test, data.result.query)
            yield SlopePair(
                drawn.heading,
                match.label,
                match.base_label,
                values,
                answer,
                drawn.metric_name,
                more_is_better(metric),
            )


def _shown(value: float, metric: Metric) -> float:
    found = shown(value, metric)
    return math.nan if found is None else found


@dataclass(frozen=True, slots=True)
class Strip:
    """Results of one optimizer on one problem.

    Attributes:
        label: of the optimizer.
        values: by seed, as they are shown, finite.
        summary: the answer of the comparison; None where the metric is not recorded.
        diverged: trials that diverged.
        missed: runs without a finite value that did not diverge, as they missed their target.
        unfinished: trials without a result.
    """

    label: str
    values: list[float]
    summary: Distribution | None
    diverged: int
    missed: int
    unfinished: int


def strips_of(drawn: DrawnProblem) -> list[Strip]:
    """The optimizers of a problem."""
    summaries = {one.label: one for one in drawn.result.summaries}
    found = []
    for label in drawn.labels:
        setting, summary = drawn.result.problem.settings[label], summaries[label]
        known = [(run, run.value(drawn.metric)) for _, run in sorted(setting.runs.items())]
        values = [_shown(value, drawn.metric) for _, value in known if value is not None and math.isfinite(value)]
        missed = sum(value is not None and math.isinf(value) and not run.diverged for run, value in known)
        diverged = sum(value is not None and math.isinf(value) and run.diverged for run, value in known)
        found.append(Strip(label, values, summary.value, diverged, missed, setting.unfinished))
    return found


def profiles_of(data: Compared) -> Profiles | None:
    """The profiles with the curves of the optimizers that are drawn; None where the record is too long."""
    profile = data.result.profile
    if profile is None:
        return None
    chosen = set(data.chosen_labels)
    return profile.model_copy(update={"curves": [one for one in profile.curves if one.label in chosen]})


def tuned(data: Compared, drawn: DrawnProblem) -> TunedProblem:
    """The arms of a problem.

    Settings without an arm stand together by optimizer, and apart with and without AYLA. They are judged on all seeds,
    unless some are named for tuning.
    """
    problem = _in_arms(drawn)
    seeds = data.options.tuning_seeds or tuple(
        sorted({seed for setting in problem.settings.values() for seed in setting.runs})
    )
    return follow(Protocol(seeds, ()), [problem], data.result.query).problems[0]


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
    problem = drawn.result.problem
    found = {label: problem.settings[label] for label in drawn.labels}
    return replace(
        problem,
        settings={
            label: one if one.arms else replace(one, arms=[optimizer_title(one.optimizer)])
            for label, one in found.items()
        },
    )
