"""The report as a Markdown page, from which the other forms for reading are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ayla._version import __version__
from ayla.reports.markdown import bullets, paragraph, table
from ayla.reproduce.claims import ClaimResult, Verdict, headline, number
from ayla.reproduce.descriptions import HOW_TO_READ, ON_CONTROLS, ON_EXPONENTS, ON_SEEDS
from ayla.reproduce.experiment import PRESETS
from ayla.reproduce.mnist_section import mnist_section
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.sections import claim_items, embedded, how_to_repeat, section

if TYPE_CHECKING:
    from ayla.reports.figures import ReportFigure


def markdown_page(report: ReproductionReport, figures: Sequence[ReportFigure]) -> str:
    """The claims in one table, then a section per experiment.

    Args:
        report: the results.
        figures: that there are files of.
    """
    lines = ["# The paper's experiments, reproduced", "", *paragraph(_summary(report)), *_limits(report)]
    lines += [*paragraph(HOW_TO_READ), *paragraph(ON_CONTROLS), *paragraph(ON_SEEDS)]
    lines += [*_unfinished(report), "## Claims", "", *_counts(report), *_claims_table(report.claims)]
    for preset in PRESETS:
        mine = [figure for figure in figures if figure.section == preset]
        experiment = next((each for each in report.experiments if each.name == preset), None)
        if experiment is not None:
            lines += section(experiment, report, mine)
        elif any(each.preset == preset for each in report.mnist):
            lines += mnist_section(preset, report, mine)
    lines += [*_exponents(report, figures), *_missing(report), *_everything(report)]
    return "\n".join(lines).rstrip() + "\n"


def _summary(report: ReproductionReport) -> str:
    counts = Counter(result.verdict for result in report.claims)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]]
    claims = len({(result.section, result.claim) for result in report.claims})
    return (
        f"{claims} claims of the paper's section 3, each checked in every reading: of {len(report.claims)} checks "
        f"{', '.join(parts)}. Made on {report.created_at:%Y-%m-%d %H:%M} UTC by ayla-client {__version__}."
    )


def _limits(report: ReproductionReport) -> Iterator[str]:
    if report.scale.quick and report.mnist:
        yield from paragraph(
            f"**This is a quick run** (`--quick`): MNIST has {report.scale.mnist_seeds} seed, so its section has no "
            f"intervals, and at most {report.scale.extra_epochs} epochs by mean squared error and at other learning "
            "rates; what a claim needs beyond them is not measured."
        )


def _unfinished(report: ReproductionReport) -> Iterator[str]:
    if report.unfinished:
        jobs = [
            f"{job.title} (`{job.id}`): {job.state}. {job.error.detail if job.error else ''}".rstrip()
            for job in report.unfinished
        ]
        yield from ("## Jobs that did not succeed", "", *paragraph("Nothing is reported about these:"), *bullets(jobs))


def _counts(report: ReproductionReport) -> Iterator[str]:
    sections = dict.fromkeys(result.section for result in report.claims)
    shown = [verdict for verdict in Verdict if any(result.verdict is verdict for result in report.claims)]
    counts = Counter((result.section, result.verdict) for result in report.claims)
    rows = [[name, *(str(counts[name, verdict]) for verdict in shown)] for name in sections]
    yield from table(["section", *shown], rows)


def _claims_table(claims: Sequence[ClaimResult]) -> Iterator[str]:
    head = ["section", "figure", "claim of the paper", "reading", "paper", "measured", "verdict", "seeds", "control"]
    yield from table(head, [_claim_row(result) for result in claims])


def _claim_row(result: ClaimResult) -> list[str]:
    over, control = result.over_seeds, result.control
    interval = "" if over is None or over.interval is None else f"{over.interval}"
    seeds = "" if over is None else f"{over.verdicts.get(Verdict.REPRODUCED, 0)} of {over.seeds} {interval}".rstrip()
    held = "" if control is None else f"{control.label}: {number(control.value)}, {control.words}"
    return [
        result.section,
        result.figure,
        result.claim,
        result.reading,
        result.paper,
        headline(result),
        f"**{result.verdict}**",
        seeds,
        held,
    ]


def _exponents(report: ReproductionReport, figures: Sequence[ReportFigure]) -> Iterator[str]:
    claims = [result for result in report.claims if result.figure == "heat map"]
    if claims:
        yield from ("## Do N1 and N2 need a grid search?", "", *paragraph(ON_EXPONENTS))
        yield from bullets([item for result in claims for item in claim_items([result], lead=f"{result.experiment}: ")])
        yield from bullets([f"{found.preset}: {note}" for found in report.maps for note in found.numbers.notes])
        for figure in figures:
            if figure.stem.startswith("beyond-exponents"):
                yield from embedded(figure)


def _missing(report: ReproductionReport) -> Iterator[str]:
    if report.mnist_missing is not None:
        yield from ("## Section 3.3: MNIST", "", *paragraph("Not run, as the data are not there."))
        yield from paragraph(report.mnist_missing)
        yield from paragraph("Then the same command runs section 3.3 as well, and nothing else again.")


def _everything(report: ReproductionReport) -> Iterator[str]:
    yield from ("## How to repeat all of it", "")
    yield from how_to_repeat(report)
