"""The command that reproduces the paper."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from ayla._formatting import text_table
from ayla.cli.errors import ExitCode
from ayla.cli.output import write
from ayla.cli.progress import reporter_for
from ayla.cli.session import Session, session_of
from ayla.models import Job
from ayla.reproduce import PRESETS, ReproductionReport, write_report
from ayla.reproduce import reproduce as run_experiments
from ayla.reproduce.claims import headline
from ayla.reproduce.report_files import require_plotting


def reproduce(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help=f"Out of {', '.join(PRESETS)}; default: all.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the report.")] = Path(
        "ayla-report"
    ),
    seeds: Annotated[
        int, typer.Option(min=0, metavar="N", help="Seeds of the study beyond the paper; 0: no study.")
    ] = 10,
) -> None:
    """Run the paper's experiments on the service and write a report: figures, claims, verdicts."""
    require_plotting()
    session, experiments = session_of(context), _validated_names(names or [*PRESETS])
    _require_writable(session, output)
    report = _run(session, experiments, seeds)
    path = write_report(report, output)
    write("\n".join(_table(report)))
    if report.studies:
        statements = [statement for study in report.studies for statement in study.statements]
        write("\n".join(["", *(f"Beyond the paper: {statement}" for statement in statements)]))
    write(f"\nReport: {path}")
    _report_unfinished(session, report.unfinished)


def _validated_names(names: list[str]) -> list[str]:
    unknown = [name for name in names if name not in PRESETS]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such experiment; there are {', '.join(PRESETS)}.")
    return [name for name in PRESETS if name in names]


def _require_writable(session: Session, folder: Path) -> None:
    """Make the folder and check that it can be written to, before hours of computing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        session.say(f"Error: Cannot write the report into {folder}: {error.strerror}. Choose another with --output.")
        raise typer.Exit(ExitCode.USAGE) from None


def _run(session: Session, names: list[str], seeds: int) -> ReproductionReport:
    try:
        with session.client() as client, reporter_for(session) as progress:
            return run_experiments(client, names, seeds=seeds, clock=session.clock, on_progress=progress.update)
    except KeyboardInterrupt:
        session.say("Stopped; the submitted jobs go on. See them: ayla ls --tag reproduce")
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _table(report: ReproductionReport) -> list[str]:
    header = ["verdict", "section", "claim", "measured"]
    rows = [[result.verdict, result.section, result.claim, headline(result)] for result in report.claims]
    return text_table([header, *rows], left=4)


def _report_unfinished(session: Session, unfinished: tuple[Job, ...]) -> None:
    for job in unfinished:
        reason = f" {job.error.detail}" if job.error else ""
        session.say(f"{job.title}: {job.state}.{reason} See more: ayla show {job.id}")
    if unfinished:
        failed = any(job.state == "failed" for job in unfinished)
        raise typer.Exit(ExitCode.JOB_FAILED if failed else ExitCode.JOB_CANCELLED)
