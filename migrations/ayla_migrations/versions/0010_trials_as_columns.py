"""Trials as columns: what the rows of trials say moves into a piece of columns for each shard, and the rows go.

A store can hold a hundred million rows of results, so they are moved in batches before the migration itself
(``batch``), each in a transaction of its own. One that is cut off is no harm: what is left is moved the next time.
"""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import op
from ayla_service.states import TrialState
from ayla_service.trials.columns import CODES, MISSING, Summaries, decode_summaries, encode_summaries
from ayla_service.trials.progress import counts_of
from sqlalchemy import Connection

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SHARDS_AT_ONCE = 200
_ROWS_AT_ONCE = 2000
_BYTES_AT_ONCE = 32 * 1024**2
_BYTES_OF_A_TRIAL = 400
"""What the id and the summary of a trial take at most, with the log of the transaction."""

_LISTED = 20
"""Jobs that a refusal names."""

_ID = sa.String(length=36)
_METRICS = ("test_loss", "test_accuracy", "full_train_loss", "full_train_accuracy")
_NUMBERS = (
    "steps_done", "final_loss", "best_loss", "best_step", "first_nonfinite_step", "capped_steps", "losses_below_one",
    "losses_above_one", *_METRICS, *(f"best_{name}" for name in _METRICS),
    *(f"best_{name}_epoch" for name in _METRICS), "ran_alone", "wall_seconds", "stored_bytes",
)  # fmt: skip

_JOBS = sa.table(
    "jobs",
    *map(sa.column, ("id", "name", "trials_total", "origin", "created_at")),
    sa.column("resolved_spec", sa.JSON()),
)
_SHARD_NUMBERS = (
    "first_trial", "trials", "completed", "diverged", "steps_done", "completed_steps", "diverged_steps", "step",
    "result_bytes",
)  # fmt: skip
_SHARDS = sa.table("shards", *map(sa.column, ("id", "job_id", "index", "state", "attempt", *_SHARD_NUMBERS)))
_TRIALS = sa.table(
    "trials",
    *map(sa.column, ("id", "job_id", "shard_id", "index", "optimizer_index", "label", "seed", "state", "device")),
    sa.column("settings", sa.JSON()),
    *map(sa.column, (name for name in _NUMBERS if name != "ran_alone")),
    sa.column("ran_alone", sa.Boolean()),
)
_SUMMARIES = sa.table("trial_summaries", *map(sa.column, ("shard_id", "attempt", "data")))
_IDS = sa.table("trial_ids", *map(sa.column, ("id", "job_id", "trial_index")))
_STEPS = {"chunks": "first_step", "metrics": "first_step", "predictions": "step"}
"""The step that is part of the key of each table of results."""

_CHUNK = ("first_step", "last_step", "rows", "attempt", "data")
_COLUMNS = {"chunks": _CHUNK, "metrics": _CHUNK, "predictions": ("step", "attempt", "data")}
_NEW = {name: sa.table(name, *map(sa.column, ("job_id", "trial_index", *_COLUMNS[name]))) for name in _STEPS}
_OLD = {name: sa.table(f"old_{name}", *map(sa.column, ("trial_id", *_COLUMNS[name]))) for name in _STEPS}


def space(connection: Connection) -> int:
    """Bytes that the disk of the store must have free for the batches; 0 if there is nothing to be moved."""
    tables = set(sa.inspect(connection).get_table_names())
    if "trials" not in tables:
        return 0
    trials = connection.scalar(sa.text("SELECT count(*) FROM trials")) or 0
    results = [name for name in (*_STEPS, *(f"old_{name}" for name in _STEPS)) if name in tables]
    sizes = (connection.scalar(sa.text(f"SELECT sum(length(data)) FROM {name}")) for name in results)  # noqa: S608
    size = int(sum(one or 0 for one in sizes))
    if connection.dialect.name == "sqlite":
        # The room of rows that have been moved is used again; a batch stands in the write-ahead log too.
        size = min(size, 4 * _BYTES_AT_ONCE)
    return size + trials * _BYTES_OF_A_TRIAL


def batch(connection: Connection) -> bool:
    """Move some of what is left; returns whether there may be more."""
    return _move_results(connection) or _move_trials(connection)


def upgrade() -> None:
    connection = op.get_bind()
    while batch(connection):
        pass
    # Of jobs that are being removed the trials went first: nothing is left of these shards.
    connection.execute(sa.delete(_SHARDS).where(_SHARDS.c.trials == 0))
    for name in _STEPS:
        op.drop_table(f"old_{name}")
    op.drop_table("trials")
    with op.batch_alter_table("shards") as shards:
        for name in _SHARD_NUMBERS:
            shards.alter_column(name, existing_type=_kind(name), nullable=False)
        shards.create_check_constraint(op.f("ck_shards_trials"), "trials > 0 AND completed + diverged <= trials")
        shards.create_unique_constraint(op.f("uq_shards_job_id_first_trial"), ["job_id", "first_trial"])


def downgrade() -> None:
    connection = op.get_bind()
    _refuse_what_cannot_be_held(connection)
    with op.batch_alter_table("shards") as shards:
        shards.drop_constraint(op.f("uq_shards_job_id_first_trial"), type_="unique")
        shards.drop_constraint(op.f("ck_shards_trials"), type_="check")
        for name in _SHARD_NUMBERS:
            shards.alter_column(name, existing_type=_kind(name), nullable=True)
    _make_old_tables()
    for shard in _all_shards(connection):
        _bring_back(connection, shard)
    for name, columns in _COLUMNS.items():
        new, place = _NEW[name], sa.and_(_TRIALS.c.job_id == _NEW[name].c.job_id)
        there = new.join(_TRIALS, sa.and_(place, _TRIALS.c.index == new.c.trial_index))
        rows = sa.select(_TRIALS.c.id, *(new.c[column] for column in columns)).select_from(there)
        connection.execute(sa.insert(_OLD[name]).from_select(["trial_id", *columns], rows))
        connection.execute(sa.delete(new))
    connection.execute(sa.delete(_SUMMARIES))
    connection.execute(sa.delete(_IDS))
    connection.execute(sa.update(_SHARDS).values(dict.fromkeys(_SHARD_NUMBERS)))


def _kind(name: str) -> sa.types.TypeEngine[Any]:
    return sa.BigInteger() if name.endswith(("steps", "steps_done", "bytes")) else sa.Integer()


def _move_results(connection: Connection) -> bool:
    """Move some rows of results; returns whether there were any."""
    for name in _STEPS:
        old, step = _OLD[name], _STEPS[name]
        key = (old.c.trial_id, old.c[step])
        first = sa.select(*key, sa.func.length(old.c.data)).order_by(*key).limit(_ROWS_AT_ONCE)
        rows = connection.execute(first).all()
        if not rows:
            continue
        moved = sa.tuple_(*key) <= sa.tuple_(*map(sa.literal, rows[_fitting(rows)][:2]))
        there = old.join(_TRIALS, _TRIALS.c.id == old.c.trial_id)
        columns = _COLUMNS[name]
        theirs = sa.select(_TRIALS.c.job_id, _TRIALS.c.index, *(old.c[column] for column in columns))
        theirs = theirs.select_from(there).where(moved)
        connection.execute(sa.insert(_NEW[name]).from_select(["job_id", "trial_index", *columns], theirs))
        connection.execute(sa.delete(old).where(moved))
        return True
    return False


def _fitting(rows: Sequence[Any]) -> int:
    """Place of the last row that is moved with the first ones."""
    size = 0
    for place, row in enumerate(rows):
        size += row[2]
        if size > _BYTES_AT_ONCE:
            return place
    return len(rows) - 1


def _move_trials(connection: Connection) -> bool:
    """Write the summaries of some shards; returns whether there were any."""
    left = sa.select(_SHARDS.c.id, _SHARDS.c.attempt).where(_SHARDS.c.trials.is_(None)).order_by(_SHARDS.c.id)
    shards = connection.execute(left.limit(_SHARDS_AT_ONCE)).all()
    for shard in shards:
        query = sa.select(_TRIALS, _TRIALS.c.index.label("place"))
        query = query.where(_TRIALS.c.shard_id == shard.id).order_by(_TRIALS.c.index)
        trials = connection.execute(query).all()
        numbers = dict.fromkeys(_SHARD_NUMBERS, 0)
        if trials:
            numbers |= _write(connection, shard, trials)
        connection.execute(sa.update(_SHARDS).where(_SHARDS.c.id == shard.id).values(numbers))
    return bool(shards)


def _write(connection: Connection, shard: Any, trials: Sequence[Any]) -> dict[str, int]:
    """Write the summary and the ids of the trials of a shard; returns what its row says of them."""
    first, last = trials[0].place, trials[-1].place
    summaries = _summaries(trials, first, last + 1 - first)
    row = {"shard_id": shard.id, "attempt": shard.attempt, "data": encode_summaries(summaries)}
    connection.execute(sa.insert(_SUMMARIES), [row])
    ids = [{"id": trial.id, "job_id": trial.job_id, "trial_index": trial.place} for trial in trials]
    connection.execute(sa.insert(_IDS), ids)
    step = int(summaries["steps_done"].max())
    return {"first_trial": first, "trials": len(summaries), "step": step, **counts_of(summaries)}


def _summaries(trials: Sequence[Any], first: int, count: int) -> Summaries:
    blank = Summaries.blank(count)
    columns = {name: column.copy() for name, column in blank.columns.items()}
    devices = tuple(dict.fromkeys(trial.device for trial in trials if trial.device is not None))
    places = [trial.place - first for trial in trials]
    for name in _NUMBERS:
        missing = np.nan if columns[name].dtype.kind == "f" else MISSING
        values = (getattr(trial, name) for trial in trials)
        columns[name][places] = [missing if value is None else value for value in values]
    result = {TrialState.COMPLETED.value: TrialState.COMPLETED, TrialState.DIVERGED.value: TrialState.DIVERGED}
    columns["state"][places] = [CODES[result.get(trial.state, TrialState.QUEUED)] for trial in trials]
    columns["device"][places] = [MISSING if one.device is None else devices.index(one.device) for one in trials]
    return Summaries(columns, devices)


def _refuse_what_cannot_be_held(connection: Connection) -> None:
    """Refuse if there are jobs that a store with a row for each trial cannot hold.

    Raises:
        RuntimeError: naming them.
    """
    query = sa.select(_JOBS.c.id, _JOBS.c.name, _JOBS.c.trials_total, _JOBS.c.origin, _JOBS.c.resolved_spec)
    rows = connection.execute(query.order_by(_JOBS.c.created_at, _JOBS.c.id).execution_options(yield_per=500))
    held = [row for row in rows if not _can_be_held(row)]
    if held:
        named = ", ".join(f"{row.id} ({row.name})" if row.name else row.id for row in held[:_LISTED])
        more = f" and {len(held) - _LISTED} more" if len(held) > _LISTED else ""
        raise RuntimeError(
            f"The older schema cannot hold {len(held)} of the jobs, which have axes or compute a trial again: {named}"
            f"{more}. Delete them first, or restore a backup."
        )


def _can_be_held(job: Any) -> bool:
    spec = job.resolved_spec
    known = job.origin is None and spec.get("search") is None
    recorded = spec.get("record", {}).get("trajectories", "all") == "all"
    return known and recorded and job.trials_total == len(spec["optimizers"]) * len(spec["seeds"])


def _all_shards(connection: Connection) -> Iterator[Any]:
    """Every shard with its summaries and the spec of its job."""
    ids = connection.scalars(sa.select(_SHARDS.c.id).order_by(_SHARDS.c.job_id, _SHARDS.c.index)).all()
    there = _SHARDS.join(_JOBS, _JOBS.c.id == _SHARDS.c.job_id)
    there = there.outerjoin(_SUMMARIES, _SUMMARIES.c.shard_id == _SHARDS.c.id)
    query = sa.select(_SHARDS, _JOBS.c.resolved_spec, _SUMMARIES.c.data).select_from(there)
    for shard_id in ids:
        yield connection.execute(query.where(_SHARDS.c.id == shard_id)).one()


def _bring_back(connection: Connection, shard: Any) -> None:
    """Make the rows of the trials of a shard."""
    summaries = decode_summaries(shard.data, shard.trials)
    query = sa.select(_IDS.c.trial_index, _IDS.c.id).where(
        _IDS.c.job_id == shard.job_id,
        _IDS.c.trial_index >= shard.first_trial,
        _IDS.c.trial_index < shard.first_trial + shard.trials,
    )
    ids = {row.trial_index: row.id for row in connection.execute(query)}
    optimizers, seeds = shard.resolved_spec["optimizers"], shard.resolved_spec["seeds"]
    rows = []
    for place in range(shard.trials):
        index = shard.first_trial + place
        settings = optimizers[index // len(seeds)]
        rows.append(
            {
                "id": ids.get(index) or str(uuid.uuid5(uuid.UUID(shard.job_id), str(index))),
                "job_id": shard.job_id,
                "shard_id": shard.id,
                "index": index,
                "optimizer_index": index // len(seeds),
                "label": settings.get("label") or "",
                "settings": settings,
                "seed": seeds[index % len(seeds)],
            }
            | _row_of(summaries, place, shard.state)
        )
    connection.execute(sa.insert(_TRIALS), rows)


def _row_of(summaries: Summaries, place: int, shard_state: str) -> dict[str, Any]:
    """The columns of a trial's row that its summary has."""
    found = {name: _plain(summaries[name][place].item()) for name in _NUMBERS}
    alone, device = found["ran_alone"], int(summaries["device"][place])
    result = {CODES[state]: state.value for state in (TrialState.COMPLETED, TrialState.DIVERGED)}
    of_shard = {"delayed": "queued", "paused": "queued", "succeeded": "cancelled"}
    return found | {
        "state": result.get(int(summaries["state"][place]), of_shard.get(shard_state, shard_state)),
        "ran_alone": None if alone is None else bool(alone),
        "device": None if device == MISSING else summaries.devices[device],
    }


def _plain(number: float) -> float | None:
    return None if number == MISSING or number != number else number


def _make_old_tables() -> None:
    integer, double, big = sa.Integer(), sa.Double[float](), sa.BigInteger()
    kinds: dict[str, sa.types.TypeEngine[Any]] = dict.fromkeys(_NUMBERS, double)
    kinds |= {name: integer for name in _NUMBERS if name.endswith(("_step", "_epoch"))}
    kinds |= {"losses_below_one": big, "losses_above_one": big, "ran_alone": sa.Boolean()}
    required: dict[str, sa.types.TypeEngine[Any]] = {
        "steps_done": integer,
        "capped_steps": integer,
        "wall_seconds": double,
        "stored_bytes": big,
    }
    op.create_table(
        "trials",
        *(sa.Column(name, _ID, nullable=False) for name in ("id", "job_id", "shard_id")),
        sa.Column("index", integer, nullable=False),
        sa.Column("optimizer_index", integer, nullable=False),
        sa.Column("label", sa.String(length=250), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("seed", big, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in required.items()),
        *(sa.Column(name, kinds[name], nullable=True) for name in _NUMBERS if name not in required),
        sa.Column("device", sa.String(length=100), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'diverged', 'failed', 'cancelled')",
            name=op.f("ck_trials_state"),
        ),
        _cascade("trials", "job_id", "jobs"),
        _cascade("trials", "shard_id", "shards"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
        sa.UniqueConstraint("job_id", "index", name=op.f("uq_trials_job_id_index")),
    )
    op.create_index(op.f("ix_trials_shard_id"), "trials", ["shard_id"])
    for name, columns in _COLUMNS.items():
        op.create_table(
            f"old_{name}",
            sa.Column("trial_id", _ID, nullable=False),
            *(sa.Column(column, integer, nullable=column == "attempt") for column in columns if column != "data"),
            sa.Column("data", sa.LargeBinary(), nullable=False),
            sa.ForeignKeyConstraint(
                ["trial_id"], ["trials.id"], name=op.f(f"fk_{name}_trial_id_trials"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("trial_id", _STEPS[name], name=op.f(f"pk_old_{name}")),
        )


def _cascade(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")
