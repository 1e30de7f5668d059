"""The command that reproduces the paper."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from ayla._text import aligned
from ayla.cli import exits
from ayla.cli.progress import reporter
from ayla.cli.session import Session, session_of, write
from ayla.models import Job
from ayla.reproduce import PRESETS, Report, write_report
from ayla.reproduce import reproduce as run_experiments
from ayla.reproduce.finding import headline
from ayla.reproduce.plotting import require_plotting


def reproduce(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAMES]...", help=f"Out of {', '.join(PRESETS)}; default: all.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the report.")] = Path("ayla-report"),
    seeds: Annotated[int, typer.Option(min=0, help="Seeds of the study beyond the paper; 0: no study.")] = 10,
) -> None:
    """Run the paper's experiments on the service and write a report: figures, claims, verdicts."""
    require_plotting()
    session, known = session_of(context), _known(names or [*PRESETS])
    _require_writable(session, output)
    report = _run(session, known, seeds)
    path = write_report(report, output)
    write("\n".join(_table(report)))
    if report.studies:
        statements = [statement for study in report.studies for statement in study.statements]
        write("\n".join(["", *(f"Beyond the paper: {statement}" for statement in statements)]))
    write(f"\nReport: {path}")
    _complain(session, report.unfinished)


def _known(names: list[str]) -> list[str]:
    unknown = [name for name in names if name not in PRESETS]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such experiment; there are {', '.join(PRESETS)}.")
    return [name for name in PRESETS if name in names]


def _require_writable(session: Session, folder: Path) -> None:
    """Make the folder and try it, as hours of computing come before the report."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        session.say(f"Error: Cannot write the report into {folder}: {error.strerror}. Choose another with --output.")
        raise typer.Exit(exits.USAGE) from None


def _run(session: Session, names: list[str], seeds: int) -> Report:
    try:
        with session.client() as client, reporter(session) as shown:
            return run_experiments(client, names, seeds=seeds, clock=session.clock, on_progress=shown.update)
    except KeyboardInterrupt:
        session.say("Stopped; the submitted jobs go on. See them: ayla ls --tag reproduce")
        raise typer.Exit(exits.INTERRUPTED) from None


def _table(report: Report) -> list[str]:
    header = ["verdict", "section", "claim", "measured"]
    rows = [[finding.verdict, finding.section, finding.claim, headline(finding)] for finding in report.findings]
    return aligned([header, *rows], left=4)


def _complain(session: Session, unfinished: tuple[Job, ...]) -> None:
    for job in unfinished:
        reason = f" {job.error.detail}" if job.error else ""
        session.say(f"{job.title}: {job.state}.{reason} See more: ayla show {job.id}")
    if unfinished:
        failed = any(job.state == "failed" for job in unfinished)
        raise typer.Exit(exits.JOB_FAILED if failed else exits.JOB_CANCELLED)
