"""Shared parts of the admin commands: options, a transaction on the store, look-up of teams and members by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from ayla_spec import SpecError
from ayla_spec.text import normalized
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import MemberRow, TeamRow
from ayla_service.errors import ServiceError
from ayla_service.logging import configure_logging
from ayla_service.processes.startup import StartError, load_settings, open_store
from ayla_service.teams.limits import Limit

DataDir = Annotated[Path | None, typer.Option(help="Folder of the embedded store, instead of AYLA_DATA_DIR.")]
TeamName = Annotated[str, typer.Option("--team", help="Name of the team.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Weight = Annotated[float | None, typer.Option(min=0.001, max=1000, help="Share of computing time beside others.")]

_MOST = 2**53 - 1


class NewLimit(NamedTuple):
    """New value of a limit; None removes it."""

    name: Limit
    most: int | None


def new_limit(text: str) -> NewLimit:
    """Parse a limit: queued_jobs=100, or queued_jobs=none to remove it.

    Raises:
        typer.BadParameter: on anything else.
    """
    name, _, number = text.partition("=")
    known = [each.value for each in Limit]
    is_number = number.isascii() and number.isdecimal() and len(number) <= len(str(_MOST)) and int(number) <= _MOST
    if name not in known or not (is_number or number == "none"):
        raise typer.BadParameter(f"'{text[:60]}' is not NAME=NUMBER or NAME=none; the names are {', '.join(known)}.")
    return NewLimit(Limit(name), int(number) if is_number else None)


Limits = Annotated[
    list[NewLimit] | None,
    typer.Option("--limit", parser=new_limit, metavar="NAME=NUMBER", help="queued_jobs=100, steps=none; repeatable."),
]


@contextmanager
def transaction(data_dir: Path | None, *, migrate: bool = False) -> Iterator[Session]:
    """One transaction on the store, committed when the block ends.

    Args:
        data_dir: of the embedded store, if given.
        migrate: whether to make an embedded store, or bring it up to date.

    Raises:
        StartError: if there is no usable store, or what was asked cannot be done.
    """
    settings = load_settings(data_dir=data_dir)
    # Commands write their own messages; standard output is for data.
    configure_logging(settings.model_copy(update={"log_level": "warning"}))
    database = open_store(settings, migrate=migrate and settings.is_embedded)
    try:
        with database.write() as session:
            yield session
    except ServiceError as error:
        raise StartError(error.detail) from error
    except SpecError as error:
        raise StartError(" ".join(issue.detail for issue in error.issues)) from error
    finally:
        database.dispose()


def find_team(session: Session, name: str) -> TeamRow | None:
    """The team of this name, locked until the transaction ends."""
    query = select(TeamRow).where(TeamRow.name == normalized(name)).with_for_update(key_share=True)
    return session.scalar(query) if name.isprintable() else None


def team_named(session: Session, name: str) -> TeamRow:
    """The team of this name, locked until the transaction ends.

    Raises:
        StartError: if there is none.
    """
    team = find_team(session, name)
    if team is None:
        raise StartError(f"There is no team '{name}'; 'ayla-service teams list' lists the teams.")
    return team


def find_member(session: Session, team: TeamRow, name: str) -> MemberRow | None:
    """The member of this name who has not left the team, locked until the transaction ends."""
    query = select(MemberRow).where(
        MemberRow.team_id == team.id, MemberRow.name == normalized(name), MemberRow.removed_at.is_(None)
    )
    return session.scalar(query.with_for_update()) if name.isprintable() else None


def member_named(session: Session, team: TeamRow, name: str) -> MemberRow:
    """The member of this name who has not left the team, locked until the transaction ends.

    Raises:
        StartError: if there is none.
    """
    member = find_member(session, team, name)
    if member is None:
        raise StartError(
            f"The team '{team.name}' has no member '{name}'; 'ayla-service members list --team {team.name}' lists them."
        )
    return member
