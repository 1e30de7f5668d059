"""Figures of a study: the answer, how fast targets are reached, and each problem. Needs the extra ``plot``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from ayla.reports.figures import ReportFigure
from ayla.study.report import Answer, StudyReport

# Okabe and Ito's palette, which people with any colour vision tell apart; as in the service's figures.
_REFERENCE = "#888888"
_FIRST_LINE: dict[str, Any] = {"color": "#0072B2", "linestyle": "-"}
_SECOND_LINE: dict[str, Any] = {"color": "#D55E00", "linestyle": (0, (5, 1.5))}
_OUTCOMES = {"better": "#009E73", "worse": "#D55E00", "undecided": "#9AA3AD", "no_statement": "#D6DADF"}
_WORDS = {"better": "better", "worse": "worse", "undecided": "undecided", "no_statement": "no statement"}
_MOST_PANELS = 24
_COLUMNS = 4


def study_figures(report: StudyReport) -> list[ReportFigure]:
    """Every figure that the report has the data for."""
    return [*_answer(report), *_profiles(report), *_problems(report)]


def _answer(report: StudyReport) -> Iterator[ReportFigure]:
    shown = [one for one in report.answers if one.aggregate is not None and one.aggregate.improvement is not None]
    if shown:
        yield ReportFigure(
            "improvement",
            "answer",
            "Probability of improvement",
            "The probability that a run of each arm does better than a run of the arm that it is compared with on the "
            "same problem, mean over the problems, with its interval about other seeds; ½ is no difference. The "
            "colour is the verdict over the problems.",
            (8.5, 1.6 + 0.42 * len(shown)),
            partial(_improvement, answers=shown),
        )


def _improvement(figure: Figure, answers: Sequence[Answer]) -> None:
    axes = figure.subplots()
    for place, answer in enumerate(reversed(answers)):
        found = answer.aggregate.improvement if answer.aggregate else None
        if found is None:
            continue
        colour = _OUTCOMES[answer.over_problems.outcome]
        if found.interval is not None:
            axes.plot([found.interval.low, found.interval.high], [place, place], color=colour, linewidth=2.6)
        axes.plot([found.value], [place], "o", color=colour, markersize=8)
    axes.axvline(0.5, color=_REFERENCE, linewidth=1.2, linestyle=":")
    axes.set_yticks(
        range(len(answers)), [f"{one.label} over {one.over_problems.base_label}" for one in reversed(answers)]
    )
    axes.set(xlim=(0, 1), xlabel="probability of doing better on a problem", ylim=(-0.7, len(answers) - 0.3))
    for outcome, colour in _OUTCOMES.items():
        if any(answer.over_problems.outcome == outcome for answer in answers):
            axes.plot([], [], "o-", color=colour, label=f"{_WORDS[outcome]} over problems")
    figure.legend(loc="outside lower center", ncols=3)


def _profiles(report: StudyReport) -> Iterator[ReportFigure]:
    """How fast targets are reached, and how each arm stands to the fastest: a panel for each pair of arms."""
    curves = {one["label"]: one for one in (report.comparison.profile or {}).get("curves") or ()}
    pairs = [one for one in report.answers if one.label in curves and one.over_problems.base_label in curves]
    if not pairs:
        return
    rows = math.ceil(min(len(pairs), _MOST_PANELS) / _COLUMNS)
    size, shown = (12.0, 1.2 + 2.7 * rows), pairs[:_MOST_PANELS]
    yield ReportFigure(
        "ecdf",
        "leaderboard",
        "Targets reached by step",
        "The share of all targets on all problems that each arm has reached within so many steps, beside the arm that "
        "it is compared with; higher and further left is better.",
        size,
        partial(_panels, pairs=shown, curves=curves, axis=("steps", "share of targets reached"), read=_of_ecdf),
    )
    yield ReportFigure(
        "performance",
        "leaderboard",
        "Performance profiles",
        "The share of problems and seeds on which each arm came 99 % of the way to the best within so many times the "
        "steps of the fastest of all arms; on the left the share on which it was the fastest.",
        size,
        partial(
            _panels, pairs=shown, curves=curves, axis=("times the steps of the fastest", "share"), read=_of_profile
        ),
    )


def _of_ecdf(curve: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    return [1.0, *curve["ecdf"]["cost"]], [0.0, *curve["ecdf"]["share"]]


def _of_profile(curve: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    return curve["performance"]["tau"], curve["performance"]["share"]


def _panels(
    figure: Figure,
    pairs: Sequence[Answer],
    curves: Mapping[str, Any],
    axis: tuple[str, str],
    read: Callable[[Mapping[str, Any]], tuple[list[float], list[float]]],
) -> None:
    columns = min(_COLUMNS, len(pairs))
    every = figure.subplots(math.ceil(len(pairs) / columns), columns, squeeze=False, sharex=True, sharey=True)
    end = max(x for curve in curves.values() for x in read(curve)[0])
    for axes, answer in zip(every.flat, pairs, strict=False):
        base = answer.over_problems.base_label
        for label, style in ((base, _FIRST_LINE), (answer.label, _SECOND_LINE)):
            x, y = read(curves[label])
            axes.plot([*x, end], [*y, y[-1]], drawstyle="steps-post", linewidth=1.8, **style)
        axes.set_title(f"{base} and {answer.label}", fontsize=12)
        axes.set(xscale="log", ylim=(0, 1))
    for axes in every.flat[len(pairs) :]:
        axes.axis("off")
    figure.supxlabel(axis[0])
    figure.supylabel(axis[1])
    lines = every[0][0].get_lines()[:2]
    figure.legend(lines, ["the first", "the second"], loc="outside upper center", ncols=2)


def _problems(report: StudyReport) -> Iterator[ReportFigure]:
    if report.answers:
        yield ReportFigure(
            "problems",
            "problems",
            "Each arm on each problem",
            "A cell for each problem and arm: the seeds that it won and lost against the arm that it is compared with, "
            "and in colour whether the test over the seeds tells it from chance.",
            (max(7.0, 2.4 + 0.92 * len(report.answers)), 1.8 + 0.36 * len(report.names)),
            partial(_matrix, report=report),
        )


def _matrix(figure: Figure, report: StudyReport) -> None:
    axes, outcomes = figure.subplots(), [*_OUTCOMES]
    cells = numpy.full((len(report.names), len(report.answers)), len(outcomes))
    for column, answer in enumerate(report.answers):
        for row, pair in answer.per_problem.items():
            cells[row, column] = outcomes.index(pair.outcome)
            bold = pair.outcome in {"better", "worse"}
            text = f"{pair.wins}:{pair.losses}"
            axes.text(column, row, text, ha="center", va="center", fontsize=9, color="white" if bold else "black")
    colours = ListedColormap([*_OUTCOMES.values(), "white"])
    axes.imshow(cells, cmap=colours, vmin=-0.5, vmax=len(outcomes) + 0.5, aspect="auto")
    axes.set_yticks(range(len(report.names)), report.names, fontsize=10)
    axes.set_xticks(
        range(len(report.answers)), [one.label for one in report.answers], rotation=50, ha="left", fontsize=10
    )
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    found = {pair.outcome for answer in report.answers for pair in answer.per_problem.values()}
    for outcome in (one for one in outcomes if one in found):
        axes.plot([], [], "s", color=_OUTCOMES[outcome], markersize=10, label=_WORDS[outcome])
    figure.legend(loc="outside lower center", ncols=4)
