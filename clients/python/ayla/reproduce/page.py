"""The report as a Markdown page, from which the other forms for reading are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ayla._version import __version__
from ayla.reports.markdown import bullets, paragraph, table
from ayla.reproduce.claims import ClaimResult, Verdict, headline, number
from ayla.reproduce.descriptions import HOW_TO_READ, ON_CONTROLS, ON_EXPONENTS, ON_READINGS, ON_SEEDS
from ayla.reproduce.experiment import PRESETS
from ayla.reproduce.exponents import mild_reading, without_effect
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
    lines += [line for text in (HOW_TO_READ, ON_READINGS, ON_CONTROLS, ON_SEEDS) for line in paragraph(text)]
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
    checked = [*_counted(report.claims)]
    counts = Counter(result.verdict for result in checked)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]]
    return (
        f"{len({result.claim for result in checked})} claims of the paper's section 3, each checked in the readings "
        f"named below: of {len(checked)} checks {', '.join(parts)}. Made on "
        f"{report.created_at:%Y-%m-%d %H:%M} UTC by ayla-client {__version__}."
    )


def _counted(claims: Sequence[ClaimResult]) -> Iterator[ClaimResult]:
    """Those that say something of AYLA: all but the ones that are not applicable."""
    yield from (result for result in claims if result.verdict is not Verdict.NOT_APPLICABLE)


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
    checked = [*_counted(report.claims)]
    sections = dict.fromkeys(result.section for result in checked)
    shown = [verdict for verdict in Verdict if any(result.verdict is verdict for result in checked)]
    counts = Counter((result.section, result.verdict) for result in checked)
    rows = [[name, *(str(counts[name, verdict]) for verdict in shown)] for name in sections]
    yield from table(["section", *shown], rows)


def _claims_table(claims: Sequence[ClaimResult]) -> Iterator[str]:
    head = ["section", "figure", "claim of the paper", "reading", "paper", "measured", "verdict", "seeds", "control"]
    yield from table(head, [_claim_row(result) for result in claims])


def _claim_row(result: ClaimResult) -> list[str]:
    over, control = result.over_seeds, result.control
    alone = " on the paper's seed, not on most others" if result.rests_on_one_seed else ""
    held = "" if control is None else f"{control.label}: {number(control.value)}, {control.words}"
    if control is not None and control.over_seeds is not None:
        held = f"{held}; {control.over_seeds.counted('holds')}"
    return [
        result.section,
        result.figure,
        result.claim,
        result.reading,
        result.paper,
        headline(result),
        f"**{result.verdict}**{alone}",
        "" if over is None else over.counted(Verdict.REPRODUCED),
        held,
    ]


def _exponents(report: ReproductionReport, figures: Sequence[ReportFigure]) -> Iterator[str]:
    claims = [result for result in report.claims if result.figure == "heat map"]
    if claims:
        yield from ("## Do N1 and N2 need a grid search?", "", *paragraph(ON_EXPONENTS))
        yield from bullets(claim_items(claims))
        yield from bullets([f"{found.preset}: {note}" for found in report.maps for note in without_effect(found)])
        yield from paragraph(mild_reading(report.maps))
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
