"""Commands about the catalogue, what a job can name: ls, show, limits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from ayla.cli import completion
from ayla.cli.groups import group
from ayla.cli.ids import UnknownName
from ayla.cli.options import AsJson, AsJsonItems
from ayla.cli.output import (
    OutputForm,
    cell_text,
    explained_table,
    property_lines,
    write,
    write_items,
    write_json,
)
from ayla.cli.session import session_of
from ayla.models import Catalogue

SECTIONS = completion.CATALOGUE_SECTIONS

Section = Annotated[
    str | None,
    typer.Argument(
        metavar="SECTION",
        help=f"{', '.join(SECTIONS)}; default: all.",
        autocompletion=completion.catalogue_sections,
    ),
]
_SHOWN_APART = {"name", "title", "description", "schema", "spec", "problem", "random_problem"}


def overview(
    context: typer.Context, *, as_json: Annotated[bool, typer.Option("--json", help="Write all of it.")] = False
) -> None:
    """List what a job can name: experiments, optimizers, functions, datasets, models and so on."""
    if context.invoked_subcommand is not None:
        return
    if not as_json:
        ls(context)
        return
    with session_of(context).client() as client:
        write_json(client.catalogue())


def ls(
    context: typer.Context,
    section: Section = None,
    *,
    as_json: AsJson = False,
    as_lines: AsJsonItems = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Write the names only.")] = False,
) -> None:
    """List what a job can name, or one section of it: 'ayla catalogue ls presets'."""
    if section is not None and section not in SECTIONS:
        raise typer.BadParameter(f"'{section}' is none; there are {', '.join(SECTIONS)}.", param_hint="SECTION")
    session = session_of(context)
    with session.client() as client:
        found = [*_entries(client.catalogue(), section)]
    columns = {
        "section": lambda entry: entry["section"],
        "name": lambda entry: entry["name"],
        "what it is": _told,
    }
    form = OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet)
    write_items(found, form, columns, id_of=lambda entry: str(entry["name"]))
    if form.for_people:
        session.say("See one with its settings: ayla catalogue show NAME")


def show(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Such as adam or poly-sgd.", autocompletion=completion.catalogue_names),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show an entry: its settings with their defaults, or the job spec of an experiment."""
    with session_of(context).client() as client:
        entries = [*_entries(client.catalogue(), None)]
    found = [entry for entry in entries if entry["name"] == name]
    if not found:
        raise UnknownName("entry of the catalogue", name, (entry["name"] for entry in entries))
    if as_json:
        write_json(found[0])
        return
    write("\n\n".join("\n".join(_lines(entry)) for entry in found))


def limits(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show how large a job may be."""
    with session_of(context).client() as client:
        found = client.catalogue().limits
    write_json(found) if as_json else write("\n".join(property_lines(found)))


def _entries(catalogue: Catalogue, section: str | None) -> Iterator[dict[str, Any]]:
    for each in SECTIONS if section is None else (section,):
        for entry in getattr(catalogue, each):
            yield {"section": each, **entry}


def _told(entry: Mapping[str, Any]) -> str:
    return str(entry.get("title") or entry.get("description") or "")


def _lines(entry: Mapping[str, Any]) -> list[str]:
    """Everything about an entry, and its settings as a table."""
    heading = {"name": entry["name"], "section": entry["section"], "title": entry.get("title")}
    more = {
        key.replace("_", " "): _value(value) for key, value in entry.items() if key not in {*_SHOWN_APART, *heading}
    }
    lines = property_lines({**heading, "description": entry.get("description"), **more})
    properties = (entry.get("schema") or {}).get("properties") or {}
    settings = [_setting(name, each) for name, each in properties.items() if "const" not in each]
    if settings:
        lines += ["", *explained_table([["setting", "default", "meaning"], *settings])]
    spec = entry.get("spec") or entry.get("problem")
    return [*lines, "", json.dumps(spec, indent=2, ensure_ascii=False)] if spec else lines


def _setting(name: str, schema: Mapping[str, Any]) -> list[str]:
    default = _value(schema["default"]) if "default" in schema else "required"
    return [name, default or "none", str(schema.get("description") or schema.get("title") or "")]


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else cell_text(value)


app = group(
    "catalogue",
    "See what a job can name: experiments, optimizers, functions, datasets, models.",
    (ls, show, limits),
    default=overview,
)
