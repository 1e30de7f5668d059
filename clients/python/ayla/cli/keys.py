"""Commands about API keys: ls, show, create, rotate, revoke."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ayla._sync.client import Client
from ayla.cli import completion
from ayla.cli.expiry import moment, span
from ayla.cli.groups import group, listing
from ayla.cli.ids import SHORT_LENGTH, find
from ayla.cli.members import member_id
from ayla.cli.options import AsJson, AsJsonItems, QuietItems
from ayla.cli.output import OutputForm, write_items, write_record
from ayla.cli.session import Session, session_of

KeyName = Annotated[
    str,
    typer.Argument(
        metavar="API_KEY",
        help="Its name, or its id or the beginning of that; never the key itself.",
        autocompletion=completion.keys,
    ),
]
ShowSecret = Annotated[bool, typer.Option("--quiet", "-q", help="Write the new key only.")]
Expires = Annotated[
    str | None, typer.Option(metavar="WHEN", help="90d, 12h, or a date such as 2027-01-31. Default: never.")
]


def ls(
    context: typer.Context,
    member: Annotated[
        str | None,
        typer.Option(metavar="MEMBER", help="Only keys of this member.", autocompletion=completion.members),
    ] = None,
    *,
    as_json: AsJson = False,
    as_lines: AsJsonItems = False,
    quiet: QuietItems = False,
) -> None:
    """List your API keys, newest first; admins see those of all members."""
    session = session_of(context)
    columns = {
        "key": lambda each: each.name,
        "id": lambda each: each.id[:SHORT_LENGTH],
        "member": lambda each: each.member,
        "begins with": lambda each: each.prefix,
        "scopes": lambda each: each.scopes,
        "state": lambda each: each.state,
        "expires": lambda each: each.expires_at,
        "last used": lambda each: each.last_used_at,
    }
    with session.client() as client:
        wanted = None if member is None else member_id(client, member)
        write_items(
            client.keys.list(member=wanted),
            OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet),
            columns,
            say_empty=lambda: session.say("No API keys. Make one: ayla keys create NAME"),
        )


def show(context: typer.Context, key: KeyName, *, as_json: AsJson = False) -> None:
    """Show an API key: whose it is, what it may do, until when; not the key itself, which nobody has."""
    with session_of(context).client() as client:
        found = client.keys.get(_key_id(client, key))
    write_record(found, OutputForm.of(json=as_json), _properties(found))


def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as nightly.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE",
            help="What it may do: read, submit, admin; may be given several times. Default: what its member may.",
            autocompletion=completion.scopes,
        ),
    ] = None,
    expires: Expires = None,
    member: Annotated[
        str | None,
        typer.Option(metavar="MEMBER", help="Whose key. Default: yours.", autocompletion=completion.members),
    ] = None,
    *,
    as_json: AsJson = False,
    quiet: ShowSecret = False,
) -> None:
    """Make an API key. It is shown this once."""
    session = session_of(context)
    until = None if expires is None else moment(expires, "--expires")
    with session.client() as client:
        whose = None if member is None else member_id(client, member)
        made = client.keys.create(name, scopes=scope or None, expires_at=until, member=whose)
    _write_new(session, made, OutputForm.of(json=as_json, quiet=quiet))


def rotate(
    context: typer.Context,
    key: KeyName,
    overlap: Annotated[
        str, typer.Option(metavar="SPAN", help="How long the old key goes on: 0s, 15m, 12h, 7d.")
    ] = "0s",
    expires: Expires = None,
    *,
    as_json: AsJson = False,
    quiet: ShowSecret = False,
) -> None:
    """Replace an API key by a new one like it, which is shown this once."""
    session = session_of(context)
    seconds = round(span(overlap, "--overlap").total_seconds())
    until = None if expires is None else moment(expires, "--expires")
    with session.client() as client:
        made = client.keys.rotate(_key_id(client, key), overlap_seconds=seconds, expires_at=until)
    _write_new(session, made, OutputForm.of(json=as_json, quiet=quiet))


def revoke(context: typer.Context, key: KeyName, *, as_json: AsJson = False) -> None:
    """End an API key: it is refused from the next request on."""
    session = session_of(context)
    with session.client() as client:
        found = client.keys.revoke(_key_id(client, key))
    write_record(found, OutputForm.of(json=as_json), _properties(found))


def _write_new(session: Session, made: Any, form: OutputForm) -> None:
    write_record(made, form, {"key": made.key, **_properties(made)}, identity=made.key)
    if form.for_people:
        session.say("The key is shown this once. Keep it: ayla config set api_key KEY, or AYLA_API_KEY")


def _properties(found: Any) -> dict[str, object]:
    return {
        "name": found.name,
        "id": found.id,
        "member": found.member,
        "begins with": found.prefix,
        "scopes": found.scopes,
        "state": found.state,
        "created": found.created_at,
        "expires": found.expires_at or "never",
        "last used": found.last_used_at,
        "revoked": found.revoked_at,
    }


def _key_id(client: Client, text: str) -> str:
    return find("API key", client.keys.list(), text, name=lambda each: each.name)


app = group(
    "keys",
    "See, make, replace and end API keys.",
    (ls, show, create, rotate, revoke),
    default=listing(ls),
)
