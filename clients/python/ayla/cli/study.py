"""Commands about studies: init, run, status, report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import typer

from ayla._client import Client
from ayla.cli.errors import ExitCode
from ayla.cli.files import require_writable
from ayla.cli.groups import group
from ayla.cli.options import AsJson
from ayla.cli.output import fitted_table, write, write_json
from ayla.cli.session import Session, session_of
from ayla.cli.specfile import read_spec
from ayla.cli.study_progress import StudyProgress
from ayla.errors import InvalidRequest
from ayla.reports.files import require_plotting
from ayla.study import (
    ProblemJobs,
    Study,
    StudyReport,
    StudyResult,
    report_of,
    run_study,
    study_jobs,
    study_of,
    study_result,
)
from ayla.study.page import OUTCOMES, why_missing
from ayla.study.report_files import write_report

StudyFile = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="The study, in YAML or JSON.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the report.")]

_FILE, _FOLDER = Path("study.yaml"), Path("ayla-study")


def init(
    context: typer.Context,
    file: StudyFile = _FILE,
    suite: Annotated[
        Literal["small", "full"],
        typer.Option(help="'small': four functions, two optimizers; 'full': the project's own study."),
    ] = "small",
    *,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the file of a study, to be changed and run."""
    session = session_of(context)
    if file.exists() and not force:
        session.say(f"Error: {file} is there already. Name another file, or give --force.")
        raise typer.Exit(ExitCode.USAGE)
    file.write_text(resources.files("ayla.study.suites").joinpath(f"{suite}.yaml").read_text("utf-8"), "utf-8")
    session.say(f"Written: {file}. Run it: ayla study run {file}")


def run(context: typer.Context, file: StudyFile = _FILE, output: Output = _FOLDER) -> None:
    """Run what is missing of a study on the service, and write its report.

    A run that was cut off goes on when the command is given again; of a study that has grown since, by problems, arms
    or seeds, only what is new is run.
    """
    require_plotting()
    session, study = session_of(context), _read(file)
    require_writable(session, output)
    try:
        with _named(file), session.client() as client, StudyProgress(session) as progress:
            result = run_study(client, study, clock=session.clock, watcher=progress)
        with session.client() as client:
            _write(session, client, result, file, output)
    except KeyboardInterrupt:
        session.say(
            f"Stopped. The same command goes on from here; the submitted jobs: ayla ls --project {study.study!r}"
        )
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    _report_missing(session, result)


def status(context: typer.Context, file: StudyFile = _FILE, *, as_json: AsJson = False) -> None:
    """Tell how far each problem of a study is; nothing is submitted."""
    study = _read(file)
    with session_of(context).client() as client:
        found = study_jobs(client, study)
    if as_json:
        write_json([_status_record(one) for one in found])
        return
    rows = [[one.problem.name, _phase(one), _share(one), " ".join(job.id for job in one.jobs)] for one in found]
    write("\n".join(fitted_table([["problem", "state", "trials done", "jobs"], *rows], left=4)))


def report(context: typer.Context, file: StudyFile = _FILE, output: Output = _FOLDER) -> None:
    """Write the report of what has been run of a study; nothing is submitted."""
    require_plotting()
    session, study = session_of(context), _read(file)
    require_writable(session, output)
    with session.client() as client:
        result = study_result(client, study)
        _write(session, client, result, file, output)
    _report_missing(session, result, is_failure=False)


app = group(
    "study", "Tune and compare optimizers on a suite of problems, as one file says.", (init, run, status, report)
)


def _read(file: Path) -> Study:
    with _named(file):
        return study_of(read_spec(str(file), "study"))


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """An error about a field names the file."""
    try:
        yield
    except InvalidRequest as error:
        if not error.pointer:
            raise
        raise InvalidRequest(f"{file}#{error.pointer}", error.detail) from error


def _write(session: Session, client: Client, result: StudyResult, file: Path, output: Path) -> None:
    found = report_of(result)
    if found is None:
        session.say("No problem has been run to the end, so there is nothing to report.")
        return
    path = write_report(client, found, file.read_text("utf-8"), output)
    write("\n".join([found.headline, "", *_table(found)]))
    write(f"\nReport: {path}")


def _table(found: StudyReport) -> list[str]:
    rows = [
        [
            answer.label,
            answer.over_problems.base_label,
            f"{answer.over_problems.wins} : {answer.over_problems.losses}",
            OUTCOMES[answer.over_problems.outcome],
        ]
        for answer in found.answers
    ]
    return fitted_table([["arm", "against", "problems won : lost", "verdict"], *rows], left=4)


def _report_missing(session: Session, result: StudyResult, *, is_failure: bool = True) -> None:
    for one in result.missing:
        session.say(f"Left out: {one.problem.name}: {why_missing(one)}")
    if is_failure and any(not one.problem.optional for one in result.missing):
        raise typer.Exit(ExitCode.JOB_FAILED)


def _phase(one: ProblemJobs) -> str:
    if one.is_complete:
        return "complete"
    if one.failed is not None:
        return f"{one.failed.state}; run again to go on"
    if not one.tuning:
        return "not begun"
    if not one.is_tuned:
        return "tuning"
    return "confirmation" if one.confirmation else "tuned"


def _share(one: ProblemJobs) -> str:
    total = sum(job.trials.total for job in one.jobs)
    done = sum(job.trials.completed + job.trials.diverged for job in one.jobs)
    return f"{done:,} of {total:,}" if total else ""


def _status_record(one: ProblemJobs) -> dict[str, object]:
    return {
        "problem": one.problem.name,
        "state": _phase(one),
        "complete": one.is_complete,
        "tuning_jobs": [job.id for job in one.tuning],
        "confirmation_jobs": [job.id for job in one.confirmation],
    }
