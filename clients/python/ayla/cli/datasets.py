"""Commands about the team's datasets: ls, show, upload, preview, download, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ayla._sync.client import Client
from ayla.cli import completion
from ayla.cli.groups import group, listing
from ayla.cli.ids import SHORT_LENGTH, find
from ayla.cli.options import Agreed, AsJson, AsJsonItems, Quiet, QuietItems
from ayla.cli.output import (
    OutputForm,
    cell_text,
    fitted_table,
    property_lines,
    size_text,
    write,
    write_items,
    write_json,
    write_record,
)
from ayla.cli.session import confirm, session_of
from ayla.cli.uploads import upload_progress

DatasetName = Annotated[
    str,
    typer.Argument(
        metavar="DATASET", help="Its name or id, or the beginning of the id.", autocompletion=completion.datasets
    ),
]


def ls(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most this many; default: all.")] = None,
    *,
    as_json: AsJson = False,
    as_lines: AsJsonItems = False,
    quiet: QuietItems = False,
) -> None:
    """List the team's datasets, newest first."""
    session = session_of(context)
    columns = {
        "dataset": lambda each: each.name,
        "id": lambda each: each.id[:SHORT_LENGTH],
        "owner": lambda each: each.owner,
        "format": lambda each: each.format,
        "created": lambda each: each.created_at,
        "rows": lambda each: each.rows,
        "columns": lambda each: each.column_count,
        "stored": lambda each: size_text(each.stored_bytes),
    }
    with session.client() as client:
        write_items(
            client.datasets.list(limit=limit),
            OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet),
            columns,
            text_columns=5,
            say_empty=lambda: session.say("No datasets. Upload one: ayla datasets upload FILE --name NAME"),
        )


def show(context: typer.Context, dataset: DatasetName, *, as_json: AsJson = False) -> None:
    """Show a dataset and its columns."""
    with session_of(context).client() as client:
        found = client.datasets.get(dataset_id(client, dataset))
    if as_json:
        write_json(found)
        return
    write("\n".join([*_properties(found), "", *_columns(found)]))


def upload(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table of numbers: .csv, .npz or .parquet.")],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Default: the file's, without its ending.")] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is.")] = None,
    *,
    header: Annotated[
        bool, typer.Option("--header", help="The first line of the CSV file has names, although they are numbers.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Upload a dataset, which jobs of the team can then use by its name."""
    form = OutputForm.of(json=as_json, quiet=quiet)
    session = session_of(context)
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}.", param_hint="FILE")
    name = name or file.stem
    with session.client() as client, upload_progress(session, file.name, quiet=not form.for_people) as progress:
        made = client.datasets.upload(file, name=name, description=description, header=header, progress=progress)
    write_record(made, form, {"dataset": made.name, "id": made.id, "rows": made.rows, "columns": made.column_count})
    if form.for_people:
        use = f"{{name: upload, dataset: {made.name}, target: {made.columns[-1].name}}}"
        session.say(f"Use it in a job file as 'problem: {{type: dataset, dataset: {use}}}'.")


def preview(
    context: typer.Context,
    dataset: DatasetName,
    rows: Annotated[int, typer.Option(min=1, metavar="N", help="How many.")] = 10,
    *,
    as_json: AsJson = False,
) -> None:
    """Write the first rows of a dataset."""
    with session_of(context).client() as client:
        found = client.datasets.preview(dataset_id(client, dataset), rows=rows)
    columns = {name: found.numbers(name) for name in found}
    if as_json:
        write_json({"rows": found.rows, "columns": columns})
        return
    cells = [[cell_text(value) for value in row] for row in zip(*columns.values(), strict=True)]
    write("\n".join(fitted_table([[*columns], *cells], left=0)))


def download(
    context: typer.Context,
    dataset: DatasetName,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="Default: its name with .parquet."),
    ] = None,
) -> None:
    """Write a dataset to a file, as Parquet."""
    session = session_of(context)
    with session.client() as client:
        found = client.datasets.get(dataset_id(client, dataset))
        written = client.datasets.download(found.id, output or Path(f"{Path(found.name).name}.parquet"))
    session.say(f"Written: {written}")


def delete(context: typer.Context, dataset: DatasetName, *, yes: Agreed = False) -> None:
    """Delete a dataset; jobs that used it keep their results."""
    session = session_of(context)
    with session.client() as client:
        found = dataset_id(client, dataset)
        confirm(f"Delete the dataset {dataset}?", agreed=yes)
        client.datasets.delete(found)
    session.say(f"Deleted: {dataset}")


def dataset_id(client: Client, text: str) -> str:
    """The id of a dataset, of which its name or the beginning of its id is given."""
    return find("dataset", client.datasets.list(), text, name=lambda each: each.name)


def _properties(found: Any) -> list[str]:
    return property_lines(
        {
            "dataset": found.name,
            "id": found.id,
            "description": found.description,
            "owner": found.owner,
            "rows": found.rows,
            "format": found.format,
            "stored": size_text(found.stored_bytes),
            "created": found.created_at,
            "digest": found.digest,
        }
    )


def _columns(found: Any) -> list[str]:
    rows = [
        [each.name, each.kind, *map(cell_text, (each.min, each.max, each.mean, each.std, each.classes))]
        for each in found.columns
    ]
    return fitted_table([["column", "kind", "least", "largest", "mean", "std", "classes"], *rows], left=2)


app = group(
    "datasets",
    "Upload tables of your own, and see and fetch those of the team.",
    (ls, show, upload, preview, download, delete),
    default=listing(ls),
)
