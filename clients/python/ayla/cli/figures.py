"""The command that fetches a figure of a job, or shows it where the terminal can show pictures."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ayla._json import without_none
from ayla._sync.client import Client
from ayla.cli import completion
from ayla.cli.curves import curve_lines
from ayla.cli.files import STANDARD_OUTPUT, write_bytes
from ayla.cli.ids import job_id, job_ids
from ayla.cli.options import AsJson, JobId, Metric, OutputFile
from ayla.cli.output import explained_table, write, write_json
from ayla.cli.overrides import named_values
from ayla.cli.pictures import PictureProtocol, picture_protocol, picture_text
from ayla.cli.session import Session, session_of
from ayla.errors import ConflictError

_FORMS = ("svg", "png", "pdf")
_WIDEST_PICTURE = 100
"""Columns of the terminal."""

_LOOKED_AT = 1000
"""Trials among which the first seed of each optimizer is looked for."""

Form = Literal["svg", "png", "pdf"]


def figure(
    context: typer.Context,
    job: JobId,
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="loss, landscape, forest, … Without it the kinds that the job has are listed.",
            autocompletion=completion.figure_kinds,
        ),
    ] = None,
    output: OutputFile = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="Default: as the file's name ends, on standard output svg.")
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="JOB",
            help="Another job in the same figure; may be given several times.",
            autocompletion=completion.jobs,
        ),
    ] = None,
    style: Annotated[Literal["screen", "paper"] | None, typer.Option(help="paper: narrow, no grid, no title.")] = None,
    width: Annotated[float | None, typer.Option(metavar="INCHES", help="3 to 16.")] = None,
    height: Annotated[float | None, typer.Option(metavar="INCHES", help="1.5 to 12.")] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Default: the job's name.")] = None,
    metric: Metric = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Another parameter of the service's figures: scale=log, smooth=25, axis_y=ayla.n2; "
            "may be given several times.",
        ),
    ] = None,
    protocol: Annotated[
        PictureProtocol | None,
        typer.Option("--show", help="Show it in the terminal this way, whatever the terminal says that it can."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write the list of kinds as one JSON document.")] = False,
) -> None:
    """Write a figure of a job to a file, or show it in the terminal.

    'ayla figure JOB loss -o loss.pdf' writes SVG, PNG or PDF; without -o the figure is shown where the terminal can
    show pictures (kitty, Ghostty, Konsole, WezTerm, iTerm2), and written to standard output where that is no terminal.
    """
    session = session_of(context)
    with session.client() as client:
        if kind is None:
            _list_kinds(client, job_id(client, job), as_json=as_json)
            return
        wanted = job_ids(client, [job, *(others or [])])
        drawing = _drawing(settings, style=style, width=width, height=height, title=title, metric=metric)
        place = _Place(session, client, output, form, protocol)
        place.draw(wanted, kind, drawing)


def loss_for_people(client: Client, job: str) -> str:
    """The loss of a job on the terminal: the figure where it can show pictures, else curves of text.

    Nothing where standard output is no terminal, and of a job that keeps no trajectories.
    """
    if not sys.stdout.isatty():
        return ""
    protocol = picture_protocol(os.environ)
    try:
        if protocol is not None:
            return picture_text(client.figure(job, "loss", format="png"), protocol, _picture_columns())
    except ConflictError:
        return ""
    return "\n".join(curve_lines(client, client.jobs.trials(job, limit=_LOOKED_AT)))


def _picture_columns() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST_PICTURE)


class _Place:
    """Where a figure goes: into a file, to standard output, or onto the terminal."""

    def __init__(
        self, session: Session, client: Client, output: str | None, form: Form | None, protocol: PictureProtocol | None
    ) -> None:
        self._session, self._client, self._output, self._form = session, client, output, form
        self._protocol = protocol or (picture_protocol(os.environ) if sys.stdout.isatty() else None)
        self._shown = output is None and (sys.stdout.isatty() or protocol is not None)

    def draw(self, jobs: str | list[str], kind: str, drawing: dict[str, Any]) -> None:
        """Fetch the figure and put it there."""
        if not self._shown:
            content = self._client.figure(jobs, kind, format=self._format(), **drawing)
            write_bytes(self._session, content, self._output or STANDARD_OUTPUT)
        elif self._protocol is not None:
            png = self._client.figure(jobs, kind, format="png", **drawing)
            write(picture_text(png, self._protocol, _picture_columns()))
        else:
            self._without_pictures(jobs, kind)

    def _format(self) -> Form:
        if self._form is not None:
            return self._form
        if self._output in {None, STANDARD_OUTPUT}:
            return "svg"
        ending = Path(str(self._output)).suffix.lower().removeprefix(".")
        for form in _FORMS:
            if form == ending:
                return form  # type: ignore[return-value]  # one of them
        raise typer.BadParameter(
            f"'{self._output}' does not end with .svg, .png or .pdf; rename it, or give --format.",
            param_hint="--output",
        )

    def _without_pictures(self, jobs: str | list[str], kind: str) -> None:
        """Of the loss of one job there are curves of text; of anything else nothing can be shown."""
        first = jobs if isinstance(jobs, str) else jobs[0]
        advice = f"ayla figure {first} {kind} -o {kind}.svg"
        lines = curve_lines(self._client, self._client.jobs.trials(first, limit=_LOOKED_AT)) if kind == "loss" else []
        if not lines:
            raise typer.BadParameter(
                f"this terminal is not known to show pictures. Write a file: {advice}", param_hint="--output"
            )
        write("\n".join(lines))
        self._session.say(f"This terminal is not known to show pictures. The whole figure: {advice}")


def _drawing(settings: Sequence[str] | None, **given: object) -> dict[str, Any]:
    return without_none(**given) | named_values(settings or [])


def _list_kinds(client: Client, job: str, *, as_json: AsJson) -> None:
    found = client.jobs.figures(job)
    if as_json:
        write_json(found)
        return
    rows = [[each.kind, each.title] for each in found.figures]
    rows += [[each.kind, f"- {each.reason}"] for each in found.unavailable]
    write("\n".join(explained_table([["kind", "shows; - why the job has none"], *rows])))
