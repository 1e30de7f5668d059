"""The sections of the report about the polynomial and the curves, and what all sections have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ayla.reports.markdown import bullets, paragraph, shell, table
from ayla.reproduce.claims import ClaimResult, Verdict, number, percent
from ayla.reproduce.controls import RateStudy, at_an_end
from ayla.reproduce.curve_claims import FIT_EPOCHS, distance_to_truth
from ayla.reproduce.descriptions import EXPERIMENTS
from ayla.reproduce.experiment import CURVES, MNIST, PRESETS, Experiment
from ayla.reproduce.plan import PlannedJob, Role, Scale
from ayla.reproduce.polynomial_claims import why_it_passes
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.seeds import SeedStudy

if TYPE_CHECKING:
    from ayla.reports.figures import ReportFigure

JOBS_FOLDER = "jobs"
"""Of a report: the spec of each of its jobs."""


def section(experiment: Experiment, report: ReproductionReport, figures: Sequence[ReportFigure]) -> Iterator[str]:
    """Of an experiment of sections 3.1 and 3.2."""
    name, text = experiment.name, EXPERIMENTS[experiment.name]
    study = next((study for study in report.studies if study.name == name), None)
    rates = next((study for study in report.rates if study.experiment == name), None)
    yield from (f"## {text.title}", "", *paragraph(f"Paper section {text.section}. {text.description}"))
    yield from _outcomes(experiment)
    yield from paper_figures(figures)
    yield from measured(report, name)
    if name == "poly-sgd":
        yield from paragraph(why_it_passes(experiment))
    if name in CURVES:
        yield from _fit_table(experiment)
    if study is not None:
        yield from _other_seeds(study, figures)
    if rates is not None:
        yield from _control(rates, figures)
    yield from repeat_one(report, name)


def _outcomes(experiment: Experiment) -> Iterator[str]:
    ended = [(run.trial, run.trial.summary) for run in experiment.runs if run.trial.summary is not None]
    yield from table(
        ["method", "state", "final loss", "best loss", "at step"],
        [
            [trial.label, trial.state, *map(number, (one.final_loss, one.best_loss, one.best_step))]
            for trial, one in ended
        ],
    )
    yield from bullets([f"{trial.label}: {' '.join(trial.notes)}" for trial, _ in ended if trial.notes])


def paper_figures(figures: Sequence[ReportFigure]) -> Iterator[str]:
    """Those that the paper has."""
    for figure in figures:
        if figure.stem.startswith("fig"):
            yield from embedded(figure)


def embedded(figure: ReportFigure) -> Iterator[str]:
    """A figure with its caption."""
    yield from paragraph(f"![{figure.description}]({figure.stem}.png)")
    yield from paragraph(f"*{figure.title}.* {figure.description}")


def measured(report: ReproductionReport, preset: str) -> Iterator[str]:
    """The claims of an experiment with their criteria; those about exponents have a section of their own."""
    claims = [result for result in report.claims_of(preset) if result.figure != "heat map"]
    yield from ("### What was measured", "", *bullets(claim_items(claims)))


def claim_items(claims: Sequence[ClaimResult], lead: str = "") -> list[str]:
    """An item of a list for each claim."""
    return [
        f"{lead}**{result.verdict}** — {result.claim}{_reading(result)} {result.note}{_seeds(result)}{_held(result)} "
        f"*{result.criterion}*"
        for result in claims
    ]


def _reading(result: ClaimResult) -> str:
    return f" ({result.reading})" if result.reading else ""


def _seeds(result: ClaimResult) -> str:
    over = result.over_seeds
    if over is None or len(over.seeds) == 1:
        return ""
    interval = ""
    if over.interval is not None:
        interval = f"; median and {percent(over.interval.coverage)} interval {over.interval}"
    parts = ", ".join(f"{over.verdicts[verdict]} {verdict}" for verdict in Verdict if verdict in over.verdicts)
    alone = (
        " The verdict is that of the paper's seed alone; most others have another." if result.rests_on_one_seed else ""
    )
    return f" On {over.named}: {parts}{interval}.{alone}"


def _held(result: ClaimResult) -> str:
    control = result.control
    if control is None:
        return ""
    over = control.over_seeds
    each = "" if over is None else f"; {over.counted('it holds', over.named)}"
    return f" Control, {control.label}: {control.name} {number(control.value)}, {control.words}{each}."


def _fit_table(experiment: Experiment) -> Iterator[str]:
    yield from paragraph("Mean squared distance of the fitted curve from the true curve, which no method sees:")
    yield from table(
        ["method", *(f"after {epoch} epochs" for epoch in FIT_EPOCHS)],
        [
            [run.trial.label, *(number(distance_to_truth(run, epoch)) for epoch in FIT_EPOCHS)]
            for run in experiment.runs
        ],
    )


def _other_seeds(study: SeedStudy, figures: Sequence[ReportFigure]) -> Iterator[str]:
    comparison = study.comparison
    yield from ("### Beyond the paper: on other seeds", "")
    yield from paragraph(
        "The paper shows one run. Here the experiment is repeated with seeds "
        f"{study.seeds[0]} to {study.seeds[-1]}; a seed decides the noise of the data and the initial weights. The "
        "table and the verdicts are the service's; a seed that diverged counts as an infinite loss. Holm's correction "
        "is for the tests of this experiment, not for all of this report."
    )
    yield from table([*comparison.headers], [[*cells] for cells in comparison.cells()])
    yield from bullets([*map(worded, comparison.statements)])
    for figure in figures:
        if figure.stem.startswith("beyond-seeds"):
            yield from embedded(figure)


def _control(study: RateStudy, figures: Sequence[ReportFigure]) -> Iterator[str]:
    yield from ("### Control: other learning rates without AYLA", "")
    how = (
        f"by the median final loss over {len(study.seeds)} seeds ({study.seeds[0]}–{study.seeds[-1]}) on which nothing "
        "else is judged"
        if study.seeds
        else "by the final loss of the one run there is"
    )
    yield from paragraph(
        f"Of the rates {', '.join(f'{rate:g}' for rate in study.losses)} the best is {study.best_rate:g}, {how}."
        f"{at_an_end(study.best_rate, study.losses)}"
    )
    rows = [["final loss", *(number(study.judged[rate]) for rate in study.losses)]]
    if study.seeds:
        rows[0][0] = "final loss on the paper's seed"
        rows.append([f"median over {len(study.seeds)} seeds", *(number(loss) for loss in study.losses.values())])
    yield from table(["learning rate", *(f"{rate:g}" for rate in study.losses)], rows)
    if study.statements:
        yield from paragraph(
            f"AYLA at the paper's rate against Adam at its best rate, {study.best_rate:g}, on the same seeds; Holm's "
            "correction is for the tests of all these rates:"
        )
        yield from bullets([*map(worded, study.statements)])
    for figure in figures:
        if figure.stem.startswith("beyond-rates"):
            yield from embedded(figure)


def worded(statement: str) -> str:
    """A verdict of the service, which speaks of its answer, in a report."""
    return statement.replace(" of this answer", " of this comparison")


def repeat_one(report: ReproductionReport, preset: str) -> Iterator[str]:
    """How to run the jobs of one experiment again."""
    items = [item for item in report.jobs if _belongs(item.planned, preset)]
    paper = next(item for item in items if item.planned.role is Role.PAPER)
    yield from ("### How to repeat it", "", *paragraph(_PLACE))
    yield from shell(
        [
            f"JOB=$(ayla submit --file {JOBS_FOLDER}/{paper.planned.name}.json --watch -q)",
            "ayla show $JOB",
            "PLAIN=$(ayla trials ls $JOB -q --limit 1)",
            "AYLA=$(ayla trials ls $JOB -q --limit 1 --where 'ayla.n1>0')",
            *(line for trial in ("$PLAIN", "$AYLA") for line in _rows_of(trial, preset)),
        ]
    )
    names = [f"`{item.planned.name}` ({item.planned.role}; here `{item.job.id}`)" for item in items]
    yield from paragraph(f"The jobs of this section: {', '.join(names)}.")


def _belongs(planned: PlannedJob, preset: str) -> bool:
    """Whether a job is of an experiment; both curves have the same controls."""
    if planned.role is Role.PROBE:
        return False
    return planned.experiment == preset or (planned.role is Role.RATES and {planned.experiment, preset} <= {*CURVES})


def _rows_of(trial: str, preset: str) -> Iterator[str]:
    """Commands for what is recorded of a trial."""
    yield f"ayla {'metrics' if preset in MNIST else 'trajectory'} {trial} --csv"
    if preset in CURVES:
        yield f"ayla trials predictions {trial}"


_PLACE = (
    "With a service running (`make serve`), `ayla` on the PATH (`PATH=$PWD/.venv/bin:$PATH` in the folder of the "
    "repository), and in the folder of this report, which has the spec of every job:"
)


def how_to_repeat(report: ReproductionReport) -> Iterator[str]:
    """How to run everything again."""
    if report.names == PRESETS and report.scale.curve_seeds == Scale().curve_seeds:
        yield from paragraph("In the folder of the repository, with a service of its own that ends with it:")
        yield from shell([f"make paper FRESH=1{' QUICK=1' if report.scale.quick else ''}"])
    yield from paragraph("With a service running, and `ayla` on the PATH as above:")
    yield from shell([f"ayla reproduce --fresh{''.join(_options(report))} --output report-again"])
    yield from paragraph(
        "Without `FRESH=1` and `--fresh` jobs of an earlier run are found by their specs: the report is written again, "
        "and a run that was cut off goes on where it was. The same numbers come out to the last bit on the same kind "
        "of machine."
    )


def _options(report: ReproductionReport) -> Iterator[str]:
    """Those that this report was made with."""
    if report.names != PRESETS:
        yield from (f" {name}" for name in report.names)
    if report.scale.quick:
        yield " --quick"
    if report.scale.curve_seeds != Scale().curve_seeds:
        yield f" --seeds {report.scale.curve_seeds}"
