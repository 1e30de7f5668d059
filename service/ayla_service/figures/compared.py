"""Data of figures of comparisons: the numbers that a comparison answers, as they are drawn; none is computed here."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ayla_service.comparison.metrics import in_words, more_is_better
from ayla_service.comparison.pairs import Match, over_seeds
from ayla_service.comparison.profile_schemas import Profiles
from ayla_service.comparison.protocol_answers import protocol_result, shown
from ayla_service.comparison.query import Metric
from ayla_service.comparison.runs import ComparedProblem, labels_of
from ayla_service.comparison.schemas import (
    ComparedOptimizer,
    ConfidenceInterval,
    Distribution,
    PairComparison,
)
from ayla_service.comparison.service import ComparisonResult, refuse_unknown_seeds
from ayla_service.comparison.verdicts import pair_comparison
from ayla_service.errors import InvalidQuery
from ayla_service.figures.data import FEW_NAMED, MOST_NAMED, drawable_number
from ayla_service.figures.looks import SettingStyle, styles_at
from ayla_service.figures.options import FigureOptions

MOST_PROBLEMS = 6
"""Problems that are drawn side by side."""

MOST_ROWS = 40
"""Optimizers, or pairs of them, of one panel."""


@dataclass(frozen=True, slots=True)
class DrawnProblem:
    """A problem of a comparison with those of its optimizers that are drawn.

    Attributes:
        heading: the problem in words; empty where one problem is drawn.
        problem: of the comparison; with a protocol it has the selected settings on the confirmation seeds.
        summaries: of its optimizers; none with a protocol.
        tests: of its optimizers, over seeds.
        labels: of the optimizers that are drawn, in the order of the comparison.
    """

    heading: str
    problem: ComparedProblem
    summaries: Sequence[ComparedOptimizer]
    tests: Sequence[tuple[Match, PairComparison]]
    labels: tuple[str, ...]

    @property
    def metric(self) -> Metric:
        """What it is judged by."""
        return self.problem.metric

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
    """A comparison with the options of a figure; with a protocol its optimizers are the arms.

    Raises:
        InvalidQuery: if there is no such optimizer or problem, or no trial has one of the tuning seeds.
    """
    refuse_unknown_seeds([one.problem for one in result.results], options.tuning_seeds)
    every = _problems(result)
    labels = tuple(labels_of([one.problem for one in every]))
    chosen, places = _chosen(len(labels), options), _places(len(every), options)
    kept = [labels[place] for place in chosen]
    drawn = [
        replace(
            every[place],
            heading=every[place].heading if len(places) > 1 else "",
            labels=tuple(label for label in kept if label in every[place].problem.settings),
        )
        for place in places
    ]
    return Compared(title, result, labels, chosen, tuple(drawn), options.problem is None, options)


def _problems(result: ComparisonResult) -> list[DrawnProblem]:
    """The problems of a comparison with their statements."""
    query = result.query
    if result.outcome is None:
        return [
            DrawnProblem(
                one.problem.title,
                one.problem,
                one.summaries,
                [(test.match, pair_comparison(test, query)) for test in one.tests],
                (),
            )
            for one in result.results
        ]
    answers = protocol_result(result.outcome, query).problems
    return [
        DrawnProblem(
            one.confirmation.title,
            one.confirmation,
            (),
            list(zip((test.match for test in one.tests), answer.pairs, strict=True)),
            (),
        )
        for one, answer in zip(result.outcome.problems, answers, strict=True)
    ]


def _chosen(count: int, options: FigureOptions) -> tuple[int, ...]:
    if options.optimizers is None:
        return tuple(range(count))
    wanted = tuple(sorted(set(options.optimizers)))
    if not wanted or wanted[-1] >= count:
        there = f"there is no {wanted[-1]}" if wanted else "name at least one"
        raise InvalidQuery("optimizers", f"The comparison has {count} optimizers, numbered from 0; {there}.")
    return wanted


def _places(count: int, options: FigureOptions) -> range:
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
    answers, metric = _pairs(data)
    chosen = set(data.chosen_labels)
    kept = [one for one in answers if one.label in chosen and one.base_label in chosen]
    if metric is None:
        return "result", False, kept
    return in_words(metric), more_is_better(metric), kept


def _pairs(data: Compared) -> tuple[Sequence[PairComparison], Metric | None]:
    result = data.result
    if len(result.results) == 1 or not data.whole:
        (drawn,) = data.problems
        return [answer for _, answer in drawn.tests], drawn.metric
    metrics = {one.metric for one in data.problems}
    metric = metrics.pop() if len(metrics) == 1 else None
    if result.outcome is not None:
        return protocol_result(result.outcome, result.query).pairs, metric
    return [pair_comparison(test, result.query) for test in result.tests], metric


def ends_of(interval: ConfidenceInterval) -> tuple[float, float]:
    """The ends of an interval with their infinities."""
    return _end(interval.low, interval.low_infinity), _end(interval.high, interval.high_infinity)


def _end(value: float | None, infinity: str | None) -> float:
    if value is not None:
        return drawable_number(value)
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
    return [pair for problem in data.problems for pair in _slopes(problem)]


def _slopes(drawn: DrawnProblem) -> Iterator[SlopePair]:
    metric, chosen = drawn.metric, set(drawn.labels)
    for match, answer in drawn.tests:
        if match.label in chosen and match.base_label in chosen:
            found = over_seeds(drawn.problem, match)
            values = [(_shown(base, metric), _shown(ours, metric)) for ours, base in found.values]
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
    return drawable_number(shown(value, metric))


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
    summaries = {one.label: one for one in drawn.summaries}
    found = []
    for label in drawn.labels:
        setting, summary = drawn.problem.settings[label], summaries[label]
        known, is_worst = setting.runs.values(drawn.metric), setting.runs.diverged
        values = [_shown(value, drawn.metric) for value in known[np.isfinite(known)].tolist()]
        missed, diverged = (int((np.isinf(known) & which).sum()) for which in (~is_worst, is_worst))
        found.append(Strip(label, values, summary.value, diverged, missed, setting.unfinished))
    return found


def profiles_of(data: Compared) -> Profiles | None:
    """The profiles with the curves of the optimizers that are drawn; None where the record is too long."""
    profile = data.result.profile
    if profile is None:
        return None
    chosen = set(data.chosen_labels)
    return profile.model_copy(update={"curves": [one for one in profile.curves if one.label in chosen]})
