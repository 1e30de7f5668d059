"""The report as a Markdown page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ayla._version import __version__
from ayla.reproduce.claims import ClaimResult, Verdict, headline, number
from ayla.reproduce.curve_claims import distance_to_truth
from ayla.reproduce.descriptions import EXPERIMENTS, HOW_TO_READ
from ayla.reproduce.experiment import CURVES, Experiment
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.seeds import SeedStudy

if TYPE_CHECKING:
    from ayla.reproduce.figures import ReportFigure


_FIRST_TRIAL = 'import json, sys; print(json.load(sys.stdin)["trial_list"][0]["id"])'


def markdown_report(report: ReproductionReport, figures: Sequence[ReportFigure]) -> str:
    """The report for ``report.md``: the claims in one table, then a section per experiment."""
    lines = ["# The paper's experiments, reproduced", "", _summary(report), "", HOW_TO_READ, ""]
    lines += _unfinished(report)
    lines += ["## Claims", "", *_claims_table(report.claims), ""]
    for experiment in report.experiments:
        study = next((study for study in report.studies if study.name == experiment.name), None)
        lines += _section(experiment, report, study, figures)
    return "\n".join(lines).rstrip() + "\n"


def _summary(report: ReproductionReport) -> str:
    counts = Counter(result.verdict for result in report.claims)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict]
    return (
        f"Of {len(report.claims)} claims: {', '.join(parts)}. "
        f"Made on {report.created_at:%Y-%m-%d %H:%M} UTC by ayla-client {__version__} on {report.service}."
    )


def _unfinished(report: ReproductionReport) -> list[str]:
    if not report.unfinished:
        return []
    jobs = [
        f"- {job.title} (`{job.id}`): {job.state}. {job.error.detail if job.error else ''}".rstrip()
        for job in report.unfinished
    ]
    return ["## Jobs that did not succeed", "", "Nothing is reported about these:", "", *jobs, ""]


def _claims_table(claims: Sequence[ClaimResult]) -> Iterator[str]:
    yield from _header("section", "figure", "claim of the paper", "paper", "measured", "verdict")
    for result in claims:
        paper, measured = f"{result.paper_value:g}", headline(result)
        yield _row(result.section, result.figure, result.claim, paper, measured, f"**{result.verdict}**")


def _header(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield "|---" * len(names) + "|"


def _row(*cells: str) -> str:
    """A row of a table; a bare bar in a cell would start a new column."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _section(
    experiment: Experiment, report: ReproductionReport, study: SeedStudy | None, figures: Sequence[ReportFigure]
) -> Iterator[str]:
    text = EXPERIMENTS[experiment.name]
    yield from (f"## {text.title}", "", f"Paper section {text.section}. {text.description}", "")
    yield from _outcomes(experiment)
    for figure in figures:
        if figure.experiment == experiment.name and not figure.stem.startswith("beyond"):
            yield from _embedded(figure)
    yield from ("### What was measured", "")
    for result in report.claims:
        if result.experiment == experiment.name:
            yield from _measured(result)
    yield ""
    if experiment.name in CURVES:
        yield from _fit_table(experiment)
    if study is not None:
        yield from _beyond(study, figures)
    yield from _how_to_repeat(experiment)


def _outcomes(experiment: Experiment) -> Iterator[str]:
    yield from _header("method", "state", "final loss", "best loss", "at step", "seconds")
    for run in experiment.runs:
        summary = run.trial.summary
        if summary is not None:
            losses = [number(summary.final_loss), number(summary.best_loss), number(summary.best_step)]
            yield _row(run.trial.label, run.trial.state, *losses, number(summary.wall_seconds))
    yield ""
    noted = [run.trial for run in experiment.runs if run.trial.notes]
    yield from (f"- {trial.label}: {' '.join(trial.notes)}" for trial in noted)
    yield from [""] if noted else []


def _embedded(figure: ReportFigure) -> Iterator[str]:
    yield from (f"![{figure.description}]({figure.stem}.png)", "")
    yield from (f"*{figure.title}.* {figure.description} ([SVG]({figure.stem}.svg))", "")


def _measured(result: ClaimResult) -> Iterator[str]:
    yield f"- **{result.verdict}** — {result.claim} {result.note}"
    yield f"  <br>*{result.criterion}*"


def _fit_table(experiment: Experiment) -> Iterator[str]:
    yield from ("Mean squared distance of the fitted curve from the true curve, which no method sees:", "")
    yield from _header("method", "after 150 epochs", "after 400 epochs")
    for run in experiment.runs:
        yield _row(run.trial.label, *(number(distance_to_truth(run, epoch)) for epoch in (150, 400)))
    yield ""


def _beyond(study: SeedStudy, figures: Sequence[ReportFigure]) -> Iterator[str]:
    comparison = study.comparison
    yield from ("### Beyond the paper: how sure is this?", "")
    yield (
        "The paper shows one run. Here the experiment is repeated with seeds "
        f"{study.seeds[0]} to {study.seeds[-1]}; a seed decides the noise of the data and the initial weights. The "
        "table and the verdicts are the service's; a seed that diverged counts as an infinite loss. Holm's correction "
        "is for the tests of this experiment, not for all of this report."
    )
    yield from ("", *_header(*comparison.headers))
    yield from (_row(*cells) for cells in comparison.cells())
    yield ""
    yield from (f"- {statement}" for statement in comparison.statements)
    yield ""
    for figure in figures:
        if figure.experiment == study.name and figure.stem.startswith("beyond"):
            yield from _embedded(figure)


def _how_to_repeat(experiment: Experiment) -> Iterator[str]:
    yield from ("### How to repeat it", "")
    yield from ("With a service running (`make serve`), from the folder of the repository:", "")
    yield from (
        "```sh",
        "PATH=$PWD/.venv/bin:$PATH",
        f"JOB=$(ayla submit --preset {experiment.name} --watch -q)",
        "ayla show $JOB",
        f"TRIAL=$(ayla show $JOB --json | python3 -c '{_FIRST_TRIAL}')",
        "ayla trajectory $TRIAL --csv",
        "```",
        "",
    )
    yield from (f"The job of this report is `{experiment.job.id}`: `ayla show` has it where this report was made.", "")
