"""Figures of a study: the answer, how fast targets are reached, and each problem. Needs the extra ``plot``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from ayla.reports.figures import ReportFigure
from ayla.study.report import Answer, StudyReport

# Okabe and Ito's palette, which people with any colour vision tell apart; as in the service's figures.
_PLAIN, _OTHER, _REFERENCE = "#0072B2", "#D55E00", "#888888"
_OUTCOMES = {"better": "#009E73", "worse": "#D55E00", "undecided": "#9AA3AD", "no_statement": "#D6DADF"}
_WORDS = {"better": "better", "worse": "worse", "undecided": "undecided", "no_statement": "no statement"}
_MOST_PANELS = 24
_COLUMNS = 4


def study_figures(report: StudyReport) -> list[ReportFigure]:
    """Every figure that the report has the data for."""
    return [*_answer(report), *_ecdf(report), *_problems(report)]


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


def _ecdf(report: StudyReport) -> Iterator[ReportFigure]:
    curves = {one["label"]: one for one in (report.comparison.profile or {}).get("curves") or ()}
    pairs = [one for one in report.answers if one.label in curves and one.over_problems.base_label in curves]
    if pairs:
        rows = math.ceil(min(len(pairs), _MOST_PANELS) / _COLUMNS)
        yield ReportFigure(
            "ecdf",
            "leaderboard",
            "Targets reached by step",
            "The share of all targets on all problems that each arm has reached within so many steps, beside the arm "
            "that it is compared with; higher and further left is better.",
            (12.0, 0.9 + 2.7 * rows),
            partial(_ecdf_panels, pairs=pairs[:_MOST_PANELS], curves=curves),
        )


def _ecdf_panels(figure: Figure, pairs: Sequence[Answer], curves: Mapping[str, Any]) -> None:
    columns = min(_COLUMNS, len(pairs))
    rows = math.ceil(len(pairs) / columns)
    every = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, answer in zip(every.flat, pairs, strict=False):
        base = answer.over_problems.base_label
        for label, colour, dashes in ((base, _PLAIN, "-"), (answer.label, _OTHER, (0, (5, 1.5)))):
            _step(axes, curves[label]["ecdf"], label, colour, dashes)
        axes.set_title(f"{base} and {answer.label}", fontsize=12)
        axes.set(xscale="log", ylim=(0, 1))
    for axes in every.flat[len(pairs) :]:
        axes.axis("off")
    figure.supxlabel("steps")
    figure.supylabel("share of targets reached")
    axes = every[0][0]
    axes.plot([], [], color=_PLAIN, label="the arm")
    axes.plot([], [], color=_OTHER, linestyle=(0, (5, 1.5)), label="the same with AYLA, or what is compared with it")
    handles = axes.get_legend_handles_labels()
    figure.legend(handles[0][-2:], handles[1][-2:], loc="outside upper center", ncols=2)


def _step(axes: Axes, ecdf: Mapping[str, Any], label: str, colour: str, dashes: Any) -> None:
    cost, share = [1.0, *ecdf["cost"]], [0.0, *ecdf["share"]]
    axes.plot(cost, share, drawstyle="steps-post", color=colour, linestyle=dashes, label=label, linewidth=1.8)


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
