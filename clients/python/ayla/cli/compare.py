"""Command that compares jobs: compare."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from ayla._json import JSONObject
from ayla.builders import protocol
from ayla.cli.ids import job_id
from ayla.cli.options import (
    AsJson,
    Baseline,
    Confidence,
    ConfirmSeeds,
    JobIds,
    Metric,
    Minimum,
    SelectMetric,
    TableFormat,
    Target,
    TargetMetric,
    TuningSeeds,
)
from ayla.cli.output import require_one_format, write, write_json
from ayla.cli.session import session_of
from ayla.jobs_comparison import JobsComparison

_SEEDS = re.compile(r"(?P<first>\d{1,10})(-(?P<last>\d{1,10}))?", re.ASCII)
_MOST_SEEDS = 1000


def compare(
    context: typer.Context,
    jobs: JobIds,
    metric: Metric = None,
    target: Target = None,
    target_metric: TargetMetric = None,
    minimum: Minimum = None,
    confidence: Confidence = None,
    baseline: Baseline = None,
    tuning_seeds: TuningSeeds = None,
    confirm_seeds: ConfirmSeeds = None,
    select_metric: SelectMetric = None,
    *,
    tables: Annotated[bool, typer.Option("--tables", help="Write all tables of each of several problems.")] = False,
    form: TableFormat = None,
    as_json: AsJson = False,
) -> None:
    """Compare the optimizers of one job or of several; with seeds for tuning, compare arms.

    With --tuning-seeds and --confirm-seeds the best setting of each arm is selected on the former, and the selected
    settings are compared on the latter.
    """
    require_one_format(json=as_json, tables=tables, format=form is not None)
    asked = _protocol(tuning_seeds, confirm_seeds, select_metric)
    with session_of(context).client() as client:
        found = client.compare(
            [job_id(client, job) for job in jobs],
            metric=metric,
            target=target,
            confidence=confidence,
            baseline=baseline,
            target_metric=target_metric,
            minimum=minimum,
            protocol=asked,
        )
        if form is not None:
            write(_written(found, form).removesuffix("\n"))
    if as_json:
        write_json(found)
    elif form is None:
        write(found.text(details=tables))


def _written(found: JobsComparison, form: str) -> str:
    writers = {"markdown": found.to_markdown, "latex": found.to_latex, "csv": found.to_csv}
    return writers[form]()


def _protocol(tuning: str | None, confirm: str | None, metric: str | None) -> JSONObject | None:
    if tuning is None and confirm is None and metric is None:
        return None
    for name, given in (("--tuning-seeds", tuning), ("--confirm-seeds", confirm)):
        if given is None:
            raise typer.BadParameter("give both, the seeds for tuning and those for confirmation.", param_hint=name)
    return protocol(_seeds(tuning, "--tuning-seeds"), _seeds(confirm, "--confirm-seeds"), metric=metric)


def _seeds(text: str | None, option: str) -> list[int]:
    """Seeds written as 0-3 or 0,2,5, or both."""
    found: list[int] = []
    for part in (text or "").split(","):
        match = _SEEDS.fullmatch(part.strip())
        if match is None:
            raise typer.BadParameter(f"write seeds as 0-3 or 0,2,5, not '{part}'.", param_hint=option)
        first, last = int(match["first"]), int(match["last"] or match["first"])
        if last < first or last - first >= _MOST_SEEDS:
            raise typer.BadParameter(f"'{part}' is no range of 1 to {_MOST_SEEDS} seeds.", param_hint=option)
        found += range(first, last + 1)
    return found
