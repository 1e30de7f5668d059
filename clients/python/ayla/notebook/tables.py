"""Tables of numbers as HTML, and lists of what the service has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ayla.models import Attempt, Job, ResponseModel, Trial, Worker
from ayla.notebook.jobs import SHORT_ID, counts, duration
from ayla.notebook.markup import MOST_ROWS, code, note, page, state, table
from ayla.notebook.records import is_unworded, marked_fields, name_of, record_text
from ayla.tables import ColumnTable

Row = dict[str, object]

_FIRST, _LAST = 3, 2


def columns_html(found: ColumnTable) -> str:
    """The first and the last rows of a table."""
    first = range(min(_FIRST, found.rows))
    shown = [*first, *range(max(_FIRST, found.rows - _LAST), found.rows)]
    rows = [[column[index] for column in found.values()] for index in shown]
    return page(table(f"{type(found).__name__}: {found.rows} rows (the first and last)", list(found), rows, left=0))


def list_html(items: Sequence[object], *, more: bool = False) -> str:
    """A row for each item, the first of many.

    Args:
        items: of one type.
        more: whether there are others behind them.
    """
    if not items:
        return page(note("There is nothing."))
    rows = [_row(item) for item in items[:MOST_ROWS]]
    heads = list(dict.fromkeys(name for row in rows for name in row))
    used = [name for name in heads if any(row.get(name) not in {None, ""} for row in rows)]
    title = _title(len(items), name_of(items[0]).lower(), more=more)
    return page(
        table(title, used, [[row.get(name) for name in used] for row in rows], left=len(used), count=len(items))
    )


def list_text(items: Sequence[object], *, more: bool = False) -> str:
    """A line for each item, the first of many."""
    lines = [_line(item) for item in items[:MOST_ROWS]]
    return "\n".join([*lines, "…"] if more or len(items) > MOST_ROWS else lines) or "There is nothing."


def _line(item: object) -> str:
    return ", ".join(record_text(item).split("\n  ")) if is_unworded(item) else str(item)


def _row(item: object) -> Row:
    make = next((make for kind, make in _ROWS.items() if isinstance(item, kind)), None)
    if make is not None:
        return make(item)
    return marked_fields(item) if isinstance(item, ResponseModel) else {"": item}


def _job(job: Job) -> Row:
    return {
        "id": code(job.id[:SHORT_ID]),
        "name": job.name or job.preset,
        "state": state(job.standing, None if job.finished else f"{job.progress.fraction:.0%}"),
        "trials": counts(job.trials),
        "owner": job.owner,
        "project": job.project,
        "tags": ", ".join(job.tags),
        "submitted": job.created_at,
        "time": duration(job.started_at, job.finished_at),
    }


def _trial(trial: Trial) -> Row:
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
        "device": worker.device,
        "runs": ", ".join(job[:SHORT_ID] for job in worker.job_ids),
        "last seen": worker.heartbeat_at,
    }


_ROWS: dict[type, Callable[..., Row]] = {Job: _job, Trial: _trial, Attempt: _attempt, Worker: _worker}


def _title(count: int, name: str, *, more: bool) -> str:
    many = f"{count} {name}{'' if count == 1 else 's'}"
    return f"The first {many}" if more else many
