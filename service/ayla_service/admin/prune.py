"""``ayla-service prune``: makes room in the store."""

import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from ayla_service.db.session import Database
from ayla_service.jobs.retention import FINISHED, Removed, Selection, count, prune, vacuum
from ayla_service.processes.startup import StartError, load_settings, open_store
from ayla_service.states import JobState

_DURATION = re.compile(r"([1-9][0-9]{0,6})([mhd])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=36_500)
_BYTES_PER_UNIT = 1000


class FinishedState(StrEnum):
    """The states that jobs end in."""

    SUCCEEDED = JobState.SUCCEEDED
    FAILED = JobState.FAILED
    CANCELLED = JobState.CANCELLED


def duration(text: str) -> timedelta:
    """A duration as people write it: 30d, 12h or 90m.

    Raises:
        typer.BadParameter: on anything else.
    """
    found = _DURATION.fullmatch(text)
    length = int(found[1]) * _UNITS[found[2]] if found else None
    if length is None or length > _LONGEST:
        raise typer.BadParameter(f"'{text[:40]}' is not a duration; write days, hours or minutes: 30d, 12h, 90m.")
    return length


OlderThan = Annotated[
    timedelta,
    typer.Option(parser=duration, metavar="DURATION", help="Jobs that finished longer ago: 30d, 12h or 90m."),
]
States = Annotated[list[FinishedState] | None, typer.Option("--state", help="Only jobs that ended so; repeatable.")]
Tag = Annotated[str | None, typer.Option(help="Only jobs with this tag.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")]
Vacuum = Annotated[bool, typer.Option("--vacuum", help="SQLite: give the space back to the file system afterwards.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder of the embedded store, instead of AYLA_DATA_DIR.")]


def prune_command(
    older_than: OlderThan,
    state: States = None,
    tag: Tag = None,
    *,
    dry_run: DryRun = False,
    vacuum: Vacuum = False,
    data_dir: DataDir = None,
) -> None:
    """Remove finished jobs with their results.

    Removes expired idempotency keys and sessions, and workers that have been gone for a day, too. The service may run
    meanwhile.
    """
    settings = load_settings(data_dir=data_dir)
    database = open_store(settings, migrate=False)
    try:
        states = tuple(JobState(chosen.value) for chosen in state or ()) or FINISHED
        _run(database, Selection(older_than, states, tag), dry_run=dry_run, give_back=vacuum)
    finally:
        database.dispose()


def _run(database: Database, selection: Selection, *, dry_run: bool, give_back: bool) -> None:
    if give_back and not database.is_sqlite:
        raise StartError("--vacuum is for SQLite; PostgreSQL gives the space to new rows by itself (autovacuum).")
    if dry_run:
        typer.echo(f"Would remove {_summary(count(database, selection))}.")
        return
    typer.echo(f"Removed {_summary(prune(database, selection))}.")
    if give_back:
        _vacuum(database)
    elif database.is_sqlite:
        typer.echo("The file stays as large as it was: new jobs use the space. With --vacuum it shrinks.")


def _vacuum(database: Database) -> None:
    file = Path(database.engine.url.database or "")
    before = file.stat().st_size
    try:
        vacuum(database)
    except OperationalError as error:
        raise StartError(f"The store cannot be vacuumed now: {error.orig}. Everything else was done.") from error
    typer.echo(f"The file had {_size(before)} and has {_size(file.stat().st_size)}.")


def _summary(removed: Removed) -> str:
    return (
        f"{_number(removed.jobs, 'job')}, {_number(removed.trials, 'trial')} and {_size(removed.result_bytes)} of "
        f"results; {_number(removed.keys, 'idempotency key')}, {_number(removed.workers, 'worker')}"
    )


def _number(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _size(number: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if number < _BYTES_PER_UNIT:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= _BYTES_PER_UNIT
    return f"{number:.1f} GB"
