"""Tables of numbers as HTML, and lists of what the service has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ayla._async.pages import AsyncPages
from ayla._sync.pages import Pages
from ayla.errors import AylaError
from ayla.models.base import ResponseModel
from ayla.models.jobs import JobData
from ayla.models.trials import TrialData
from ayla.models.workers import Attempt, Worker
from ayla.notebook.jobs import SHORT_ID, counts, duration
from ayla.notebook.markup import MOST_ROWS, Markup, code, note, page, properties, state, table
from ayla.notebook.records import is_unworded, marked_fields, name_of, parts_of, record_text, title_of
from ayla.tables import ColumnTable

Row = dict[str, object]

_FIRST, _LAST = 3, 2


def columns_html(found: ColumnTable) -> str:
    """The first and the last rows of a table."""
    first = range(min(_FIRST, found.rows))
    shown = [*first, *range(max(_FIRST, found.rows - _LAST), found.rows)]
    rows = [[column[index] for column in found.values()] for index in shown]
    some = " (the first and last)" if len(shown) < found.rows else ""
    return page(table(f"{type(found).__name__}: {found.rows} rows{some}", list(found), rows, left=0))


def list_html(items: Sequence[object], *, more: bool = False) -> str:
    """A row for each item, the first of many.

    Args:
        items: of one type.
        more: whether there are others behind them.
    """
    if not items:
        return page(note("There is nothing."))
    return page(list_table(_title(len(items), name_of(items[0]).lower(), more=more), items))


def list_table(title: str, items: Sequence[object]) -> Markup:
    """The same as part of something."""
    rows = [_row(item) for item in items[:MOST_ROWS]]
    heads = list(dict.fromkeys(name for row in rows for name in row))
    used = [name for name in heads if any(row.get(name) not in {None, ""} for row in rows)]
    cells = [[row.get(name) for name in used] for row in rows]
    return table(title, used, cells, left=len(used), count=len(items))


def record_html(record: ResponseModel) -> str:
    """The fields of an answer, under what it is, and below them a table for each part that has fields of its own."""
    parts = {name.replace("_", " "): value for name, value in parts_of(record).items()}
    own = {name: value for name, value in marked_fields(record).items() if name not in parts}
    return page(properties(title_of(record), own), *(_part(name, value) for name, value in parts.items()))


def _part(name: str, value: object) -> Markup:
    if isinstance(value, ResponseModel):
        return properties(name, marked_fields(value))
    return list_table(name, list(value) if isinstance(value, tuple) else [value])


def list_text(items: Sequence[object], *, more: bool = False) -> str:
    """A line for each item, the first of many."""
    lines = [_line(item) for item in items[:MOST_ROWS]]
    return "\n".join([*lines, "…"] if more or len(items) > MOST_ROWS else lines) or "There is nothing."


def pages_html(pages: Pages[Any]) -> str:
    """A row for each of the next items, for which the service is asked; iterating over them goes on as before."""
    try:
        items = pages.ahead(MOST_ROWS + 1)
    except AylaError as error:
        return page(note(str(error).partition("\n")[0]))
    return list_html(items[:MOST_ROWS], more=len(items) > MOST_ROWS)


def async_pages_html(pages: AsyncPages[Any]) -> str:
    """Likewise of those that are here already, as a notebook does not wait for what it shows."""
    items = pages.fetched(MOST_ROWS)
    return list_html(items, more=True) if items else page(note("`await x.collect()` has all of them."))


def pages_text(pages: Pages[Any] | AsyncPages[Any]) -> str:
    """A line for each of the next items that are here already."""
    items = pages.fetched(MOST_ROWS)
    return list_text(items, more=True) if items else "<a list that is fetched as it is needed>"


def _line(item: object) -> str:
    return ", ".join(record_text(item).split("\n  ")) if is_unworded(item) else str(item)


def _row(item: object) -> Row:
    make = next((make for kind, make in _ROWS.items() if isinstance(item, kind)), None)
    if make is not None:
        return make(item)
    return marked_fields(item) if isinstance(item, ResponseModel) else {"": item}


def _job(job: JobData) -> Row:
    return {
        "id": code(job.id[:SHORT_ID]),
        "name": job.name or job.preset,
        "state": state(job.standing, f"{job.progress.fraction:.0%}" if job.state == "running" else None),
        "trials": counts(job.trials),
        "owner": job.owner,
        "project": job.project,
        "tags": ", ".join(job.tags),
        "submitted": job.created_at,
        "time": duration(job.started_at, job.finished_at),
    }


def _trial(trial: TrialData) -> Row:
    summary = trial.summary
    found: Row = {"setting": trial.label, "seed": trial.seed, "state": state(trial.state), "steps": trial.steps_done}
    if summary is None:
        return found
    metrics = {name.replace("_", " "): metric.final for name, metric in summary.metrics.items()}
    return found | {"final loss": summary.final_loss, "best loss": summary.best_loss, **metrics}


def _attempt(attempt: Attempt) -> Row:
    return {
        "shard": attempt.shard_index,
        "attempt": attempt.number,
        "worker": attempt.worker,
        "outcome": state(attempt.outcome, attempt.error),
        "started": attempt.started_at,
        "time": duration(attempt.started_at, attempt.ended_at),
    }


def _worker(worker: Worker) -> Row:
    return {
        "name": worker.name,
        "state": state(worker.state),
        "device": worker.device or "-",
        "runs": ", ".join(job[:SHORT_ID] for job in worker.job_ids) or "-",
        "last seen": worker.heartbeat_at,
    }


_ROWS: dict[type, Callable[..., Row]] = {JobData: _job, TrialData: _trial, Attempt: _attempt, Worker: _worker}


def _title(count: int, name: str, *, more: bool) -> str:
    many = f"{count} {name}{'' if count == 1 else 's'}"
    return f"The first {many}" if more else many
