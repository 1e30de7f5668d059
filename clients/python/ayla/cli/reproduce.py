"""The command that reproduces the paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ayla._formatting import text_table
from ayla.cli.errors import ExitCode
from ayla.cli.files import require_writable
from ayla.cli.output import write
from ayla.cli.plan_progress import PlanProgress
from ayla.cli.session import Session, session_of
from ayla.models import Job
from ayla.reports.files import require_plotting
from ayla.reproduce import PRESETS, ReproductionReport, Run, write_report
from ayla.reproduce import reproduce as run_experiments
from ayla.reproduce.claims import headline
from ayla.reproduce.plan import QUICK, Scale


def reproduce(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help=f"Out of {', '.join(PRESETS)}; default: all.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the report.")] = Path(
        "ayla-report"
    ),
    seeds: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Seeds of the curves beside the paper's, and of MNIST; 0: the paper's alone."
        ),
    ] = 10,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="MNIST with one seed and fewer runs; the report says so.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run jobs anew that an earlier run has submitted.")] = False,
) -> None:
    """Run the paper's experiments on the service and write a report: figures, claims, verdicts.

    A run that was cut off goes on where it was when the command is given again: its jobs are found, none is submitted
    twice.
    """
    require_plotting()
    session, experiments = session_of(context), _validated_names(names or [*PRESETS])
    require_writable(session, output)
    report = _run(session, Run(experiments, _scale(seeds, quick=quick), fresh))
    path = write_report(report, output)
    write("\n".join(_table(report)))
    for study in report.studies:
        write("\n".join(["", *(f"On other seeds: {statement}" for statement in study.statements)]))
    write(f"\nReport: {path}")
    if report.mnist_missing is not None:
        session.say(f"Section 3.3 is left out. {report.mnist_missing}")
    _report_unfinished(session, report.unfinished)


def _scale(seeds: int, *, quick: bool) -> Scale:
    usual = QUICK if quick else Scale(mnist_seeds=max(1, seeds))
    return replace(usual, curve_seeds=seeds)


def _validated_names(names: list[str]) -> list[str]:
    unknown = [name for name in names if name not in PRESETS]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such experiment; there are {', '.join(PRESETS)}.")
    return [name for name in PRESETS if name in names]


def _run(session: Session, run: Run) -> ReproductionReport:
    try:
        with session.client() as client, PlanProgress(session, run.planned(), "reproduction") as progress:
            return run_experiments(client, run, clock=session.clock, watcher=progress)
    except KeyboardInterrupt:
        session.say("Stopped. The same command goes on from here; the submitted jobs: ayla ls --tag reproduce")
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _table(report: ReproductionReport) -> list[str]:
    header = ["verdict", "section", "claim", "reading", "measured"]
    rows = [
        [result.verdict, result.section, result.claim, result.reading, headline(result)] for result in report.claims
    ]
    return text_table([header, *rows], left=5)


def _report_unfinished(session: Session, unfinished: tuple[Job, ...]) -> None:
    for job in unfinished:
        reason = f" {job.error.detail}" if job.error else ""
        session.say(f"{job.title}: {job.state}.{reason} See more: ayla show {job.id}")
    if unfinished:
        failed = any(job.state == "failed" for job in unfinished)
        raise typer.Exit(ExitCode.JOB_FAILED if failed else ExitCode.JOB_CANCELLED)
