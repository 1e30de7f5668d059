"""Commands about sweeps: best, sensitivity, heatmap."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ayla.cli.groups import group
from ayla.cli.ids import job_ids
from ayla.cli.options import AsJson, JobIds, Metric, Minimum
from ayla.cli.output import write, write_json
from ayla.cli.session import session_of
from ayla.sweep_pictures import HeatMap, Sensitivity

OverSeeds = Annotated[
    Literal["median", "mean", "worst"] | None, typer.Option(help="How values on several seeds become one: median.")
]
Arms = Annotated[
    list[str] | None, typer.Option("--arm", metavar="NAME", help="Only this arm; may be given several times.")
]
Bins = Annotated[
    int | None, typer.Option(min=2, metavar="N", help="Put the values into this many bins of equal width.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", dir_okay=False, help="Write the picture to this file: .png, .svg or .pdf."
    ),
]
Title = Annotated[str | None, typer.Option(metavar="TEXT", help="Of the picture. Default: the job's name.")]
Styled = Annotated[Literal["screen", "paper"] | None, typer.Option("--style", help="Of the picture: screen.")]


def best(
    context: typer.Context,
    jobs: JobIds,
    metric: Metric = None,
    over_seeds: OverSeeds = None,
    minimum: Minimum = None,
    *,
    all_arms: Annotated[bool, typer.Option("--all", help="One best setting of all arms.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell the best setting of each arm of one job or of several, and what it was selected among."""
    with session_of(context).client() as client:
        found = client.jobs.best(
            job_ids(client, jobs), metric=metric, over_seeds=over_seeds, minimum=minimum, per_arm=not all_arms
        )
    write_json(found) if as_json else write(str(found))


def sensitivity(
    context: typer.Context,
    jobs: JobIds,
    axis: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Such as learning_rate or ayla.n1. Default: the one with the most values."),
    ] = None,
    metric: Metric = None,
    over_seeds: OverSeeds = None,
    minimum: Minimum = None,
    arm: Arms = None,
    bins: Bins = None,
    output: Output = None,
    title: Title = None,
    style: Styled = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell or draw what each arm reaches along one axis, over the other axes."""
    with session_of(context).client() as client:
        found = client.jobs.sensitivity(
            job_ids(client, jobs), axis, metric=metric, over_seeds=over_seeds, minimum=minimum, arms=arm, bins=bins
        )
        _tell(context, found, output, as_json=as_json, title=title, style=style)


def heatmap(
    context: typer.Context,
    jobs: JobIds,
    x: Annotated[
        str | None, typer.Option("-x", "--x", metavar="AXIS", help="Axis along the columns, such as ayla.n1.")
    ] = None,
    y: Annotated[
        str | None, typer.Option("-y", "--y", metavar="AXIS", help="Axis along the rows, such as ayla.n2.")
    ] = None,
    reduce: Annotated[
        Literal["best", "median"] | None, typer.Option(help="Which of the settings in one cell counts: best.")
    ] = None,
    metric: Metric = None,
    over_seeds: OverSeeds = None,
    minimum: Minimum = None,
    arm: Arms = None,
    bins: Bins = None,
    output: Output = None,
    title: Title = None,
    style: Styled = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell or draw the heat map over two axes, of one job or of several."""
    with session_of(context).client() as client:
        found = client.jobs.heatmap(
            job_ids(client, jobs),
            x,
            y,
            reduce=reduce,
            metric=metric,
            over_seeds=over_seeds,
            minimum=minimum,
            arms=arm,
            bins=bins,
        )
        _tell(context, found, output, as_json=as_json, title=title, style=style)


def _tell(
    context: typer.Context, found: Sensitivity | HeatMap, output: Path | None, *, as_json: bool, **drawing: Any
) -> None:
    """Write the picture to a file, or the numbers to standard output."""
    if output is None:
        write_json(found.numbers) if as_json else write(str(found))
        return
    try:
        saved = found.save(output, **drawing)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from error
    session_of(context).say(f"Written: {saved}")
    if as_json:
        write_json(found.numbers)


app = group("sweeps", "What jobs over many settings tell.", (best, sensitivity, heatmap))
