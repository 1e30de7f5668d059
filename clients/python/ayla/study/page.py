"""The report of a study as a Markdown page, from which the other forms for reading are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ayla._version import __version__
from ayla.aggregates import EstimateOverProblems
from ayla.reports.markdown import bullets, paragraph, shell, table, verbatim
from ayla.study.power import Detectable
from ayla.study.report import Answer, StudyReport
from ayla.study.runner import ProblemJobs, StudyResult

if TYPE_CHECKING:
    from ayla.reports.figures import ReportFigure

OUTCOMES = {"better": "better", "worse": "worse", "undecided": "undecided", "no_statement": "no statement"}


def markdown_page(report: StudyReport, figures: Sequence[ReportFigure]) -> str:
    """The answer, the leaderboard, each problem, what could have been detected, and how to repeat it.

    Args:
        report: the results.
        figures: that there are files of.
    """
    lines = [f"# {report.result.study.study}", ""]
    question = report.result.study.question
    lines += [*paragraph(f"*{verbatim(question)}*")] if question else []
    lines += [*paragraph(f"**{report.headline}**"), *paragraph(report.on_these_problems)]
    lines += [*paragraph(_how(report)), *_left_out(report.result)]
    lines += [*_figures(figures, "answer"), *_answers(report), *_power(report.power)]
    lines += [*_leaderboard(report, figures), *_problems(report, figures), *_tuning(report), *_notes(report)]
    return "\n".join([*lines, *_repeat(report)]).rstrip() + "\n"


def _how(report: StudyReport) -> str:
    asked = report.result.study.protocol
    settings = f"{asked.settings} settings" if asked.design != "grid" else "the settings of its grid"
    drawn = {"random": ", drawn at random", "sobol": ", scrambled Sobol points", "grid": ""}[asked.design]
    return (
        f"Each arm was tuned on each problem over {settings}{drawn}: the best median over {len(asked.tuning)} tuning "
        f"seeds was selected. The selected settings were run on {len(asked.confirmation)} fresh seeds, and all that is "
        "stated is about those. Budgets are equal, not how densely they cover what is tuned: an arm with AYLA's "
        "exponents has two more numbers to find with as many settings. The verdicts are the service's; its comparison "
        f"corrects for all tests of one kind (Holm). Made by ayla-client {__version__}."
    )


def _left_out(result: StudyResult) -> Iterator[str]:
    if result.missing:
        yield from ("**Left out**, as they have not been run to the end:", "")
        yield from bullets([f"{one.problem.name}: {why_missing(one)}" for one in result.missing])


def why_missing(one: ProblemJobs) -> str:
    """Why a problem is not complete."""
    if one.failed is not None:
        reason = one.failed.error.detail if one.failed.error else ""
        return f"its job {one.failed.state}. {reason}".rstrip()
    return "not all of its jobs have ended."


def _figures(figures: Sequence[ReportFigure], section: str) -> Iterator[str]:
    for figure in figures:
        if figure.section == section:
            yield from paragraph(f"![{figure.description}]({figure.stem}.png)")
            yield from paragraph(f"*{figure.title}.* {figure.description}")


def _answers(report: StudyReport) -> Iterator[str]:
    yield from ("## Arm against arm, over all problems", "")
    yield from paragraph(
        "Problems that the arm won and lost by the medians over the confirmation seeds, the p-value of the sign test "
        "after Holm's correction, and the verdict. That is about other problems like these. *Improvement* is the "
        "probability that a run of the arm does better than a run of the other on the same problem; its interval is "
        "about these problems with other seeds, and it is no test. The last column counts the problems on which the "
        "arm is better, worse, and neither, each by the test over its own seeds."
    )
    head = ["arm", "against", "won : lost", "p", "verdict", "improvement", "IQM of the differences", "by problem"]
    yield from table(head, [_answer(answer) for answer in report.answers])
    yield from bullets([verbatim(answer.over_problems.verdict) for answer in report.answers])


def _answer(answer: Answer) -> list[str]:
    pair, numbers, outcomes = answer.over_problems, answer.aggregate, answer.outcomes
    undecided = sum(outcomes.values()) - outcomes["better"] - outcomes["worse"]
    return [
        pair.label,
        pair.base_label,
        f"{pair.wins} : {pair.losses}" + (f", {pair.ties} ties" if pair.ties else ""),
        "" if pair.sign_test is None else f"{pair.sign_test.adjusted:.2g}",
        f"**{OUTCOMES[pair.outcome]}**",
        _estimate(numbers.improvement if numbers else None),
        _estimate(numbers.interquartile_mean if numbers else None, signed=True),
        f"{outcomes['better']} / {outcomes['worse']} / {undecided}",
    ]


def _estimate(found: EstimateOverProblems | None, *, signed: bool = False) -> str:
    if found is None:
        return ""
    sign = "+" if signed else ""
    if found.interval is None:
        return f"{found.value:{sign}.2f}"
    return f"{found.value:{sign}.2f} [{found.interval.low:{sign}.2f}, {found.interval.high:{sign}.2f}]"


def _power(power: Detectable) -> Iterator[str]:
    yield from ("## What could not have been detected", "")
    if power.least_wins is None:
        yield from paragraph(
            f"With {power.problems} problems and {power.tests} such tests nothing can be decided over problems: even "
            "an arm that won all of them could be chance. More problems would be needed."
        )
        return
    chances = ", ".join(f"{chance:.0%}: {probability:.0%}" for chance, probability in power.power.items())
    yield from paragraph(
        f"With {power.problems} problems and Holm's correction for {power.tests} tests an arm has to win on at least "
        f"{power.least_wins} problems before it is called better (where no other test of the family is significant; "
        f"with others fewer can do). If its true chance of winning on a problem like these is so much, it is called "
        f"better with the probability behind it: {chances}. So *undecided* does not mean that there is no difference: "
        "one that shows on little more than half of the problems is not seen here."
    )


def _leaderboard(report: StudyReport, figures: Sequence[ReportFigure]) -> Iterator[str]:
    yield from ("## Leaderboard", "")
    yield from paragraph(
        "All arms, ordered by the area under their ECDF: the share of many targets, from the first value to the best "
        "that any arm reached, that was reached within so many steps (on the logarithm of the steps; 1 if all were "
        "reached at once). It depends on which arms take part. *Best of all* counts problems on which no arm has a "
        "better median; the rank is that of the median among all arms, its mean over the problems. An order without "
        "a test says nothing about neighbours."
    )
    head = ["", "arm", "ECDF area", "targets reached", "fastest to 99 %", "best of all", "mean rank"]
    rows = [
        [
            str(place),
            one.arm,
            _share(one.log_area),
            _percent(one.reached),
            _percent(one.fastest),
            str(one.wins),
            f"{one.mean_rank:.1f}",
        ]
        for place, one in enumerate(report.leaderboard, start=1)
    ]
    yield from table(head, rows)
    yield from _figures(figures, "leaderboard")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _problems(report: StudyReport, figures: Sequence[ReportFigure]) -> Iterator[str]:
    yield from ("## Problem by problem", "")
    yield from paragraph(
        "Seeds that the arm won and lost on each problem, each with its selected setting; in bold where the sign test "
        "over the seeds, after Holm's correction for all of them, tells it from chance."
    )
    yield from _figures(figures, "problems")
    head = ["problem", "judged by", *(answer.label for answer in report.answers)]
    yield from table(head, [_problem(report, place, name) for place, name in enumerate(report.names)])


def _problem(report: StudyReport, place: int, name: str) -> list[str]:
    metric = report.comparison.problems[place].metric.replace("_", " ")
    return [name, metric, *(_cell(answer, place) for answer in report.answers)]


def _cell(answer: Answer, place: int) -> str:
    pair = answer.per_problem.get(place)
    if pair is None:
        return ""
    score = f"{pair.wins} : {pair.losses}"
    return f"{score} **{pair.outcome}**" if pair.outcome in {"better", "worse"} else score


def _tuning(report: StudyReport) -> Iterator[str]:
    yield from ("## What was selected", "")
    yield from paragraph(
        "The setting of each arm with the best median on the tuning seeds, its median on the confirmation seeds, and "
        "the share of the arm's settings that diverge. Medians of different problems are not comparable."
    )
    for there in report.protocol.problems:
        problem = report.comparison.problems[there.problem]
        yield from (f"### {report.names[there.problem]}", "")
        judged = problem.metric.replace("_", " ")
        yield from paragraph(f"`{problem.title}`, {problem.steps} steps, judged by the {judged}.")
        yield from table(
            ["arm", "selected", "settings", "tuning", "confirmed", "diverging"],
            [
                [
                    arm.arm,
                    arm.selected or "none",
                    str(arm.budget),
                    _number(arm.tuning_value),
                    _number(arm.confirmation.value.median if arm.confirmation and arm.confirmation.value else None),
                    _percent(arm.divergence.share),
                ]
                for arm in there.arms
            ],
        )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _notes(report: StudyReport) -> Iterator[str]:
    notes = [*report.protocol.notes, *report.comparison.notes]
    if notes:
        yield from ("## Remarks", "", *bullets([verbatim(note) for note in notes]))


def _repeat(report: StudyReport) -> Iterator[str]:
    yield from ("## How to repeat it", "")
    yield from shell(["ayla study run study.yaml", "ayla study report study.yaml"])
    yield from paragraph(
        "The folder of the report has `study.yaml`, and `trials.csv` with every trial, from which all of it can be "
        f"computed again. The jobs are those of the project {report.result.study.study}."
    )
