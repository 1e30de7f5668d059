"""Commands about the team's members: ls, show, add, edit, remove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer

from ayla._json import JSONObject, without_none
from ayla._sync.client import Client
from ayla.cli import completion
from ayla.cli.groups import group, listing
from ayla.cli.ids import SHORT_LENGTH, find
from ayla.cli.options import Agreed, AsJson, AsJsonItems, Quiet, QuietItems
from ayla.cli.output import OutputForm, write_items, write_record
from ayla.cli.session import confirm, session_of
from ayla.cli.specfile import parse_value

MemberName = Annotated[
    str,
    typer.Argument(
        metavar="MEMBER",
        help="Name or id of the member, or the beginning of the id.",
        autocompletion=completion.members,
    ),
]
Role = Annotated[
    Literal["viewer", "member", "admin"] | None,
    typer.Option(help="viewer reads, member submits jobs too, admin does everything. Default: member."),
]
Weight = Annotated[
    float | None, typer.Option(metavar="NUMBER", help="Share of the team's workers, relative to others': 1.")
]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=NUMBER",
        help="queued_jobs, trials, steps, stored_bytes or workers, such as queued_jobs=20; null: no limit. "
        "May be given several times.",
    ),
]


def ls(
    context: typer.Context, *, as_json: AsJson = False, as_lines: AsJsonItems = False, quiet: QuietItems = False
) -> None:
    """List the team's members."""
    columns = {
        "member": lambda each: each.name,
        "id": lambda each: each.id[:SHORT_LENGTH],
        "role": lambda each: each.role,
        "since": lambda each: each.created_at,
        "limits": lambda each: _limit_text(each.limits),
        "weight": lambda each: each.weight,
    }
    with session_of(context).client() as client:
        form = OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet)
        write_items(client.members.list(), form, columns, text_columns=5)


def show(context: typer.Context, member: MemberName, *, as_json: AsJson = False) -> None:
    """Show a member."""
    with session_of(context).client() as client:
        found = client.members.get(member_id(client, member))
    write_record(found, OutputForm.of(json=as_json), _properties(found))


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="By which others know the member.")],
    role: Role = None,
    weight: Weight = None,
    limit: Limits = None,
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Add a member to the team; then make a key: 'ayla keys create NAME --member NAME'. For admins."""
    form = OutputForm.of(json=as_json, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        made = client.members.add(name, **without_none(role=role, weight=weight, limits=_limits(limit)))
    write_record(made, form, _properties(made))
    if form.for_people:
        session.say(f"Make a key for the member: ayla keys create {name} --member {name}")


def edit(
    context: typer.Context,
    member: MemberName,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Another name.")] = None,
    role: Role = None,
    weight: Weight = None,
    limit: Limits = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Change a member's name, role, weight or limits. For admins."""
    fields = without_none(name=name, role=role, weight=weight, limits=_limits(limit))
    if not fields:
        raise typer.BadParameter("give what to change: --name, --role, --weight or --limit.")
    with session_of(context).client() as client:
        changed = client.members.change(member_id(client, member), **fields)
    write_record(changed, OutputForm.of(json=as_json), _properties(changed))


def remove(context: typer.Context, member: MemberName, *, yes: Agreed = False) -> None:
    """Remove a member from the team: the member's keys end, jobs and results stay. For admins."""
    session = session_of(context)
    with session.client() as client:
        found = member_id(client, member)
        confirm(f"Remove {member} from the team?", agreed=yes)
        client.members.remove(found)
    session.say(f"Removed: {member}")


def member_id(client: Client, text: str) -> str:
    """The id of a member, of whom the name or the beginning of the id is given."""
    return find("member", client.members.list(), text, name=lambda each: each.name)


def _limits(settings: Sequence[str] | None) -> JSONObject | None:
    if not settings:
        return None
    found = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise typer.BadParameter(f"write a limit as queued_jobs=20, not '{setting}'.", param_hint="--limit")
        found[name.strip()] = parse_value(text, "--limit")
    return found


def _limit_text(limits: Any) -> str:
    values = limits if isinstance(limits, dict) else dict(limits or {})
    return ", ".join(f"{name} {value}" for name, value in values.items() if value is not None)


def _properties(found: Any) -> dict[str, object]:
    return {
        "member": found.name,
        "id": found.id,
        "role": found.role,
        "weight": found.weight,
        "limits": _limit_text(found.limits),
        "since": found.created_at,
        "removed": found.removed_at,
    }


app = group(
    "members",
    "See the team's members; add, change and remove them.",
    (ls, show, add, edit, remove),
    default=listing(ls),
)
