"""Progress of shards and their trials, written in the caller's transaction, which holds the shards.

A trial that has a result keeps its summary: a result never changes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ayla_service.db.models import ShardRow, TrialSummariesRow
from ayla_service.db.session import IN_BINARY
from ayla_service.states import TrialState
from ayla_service.trials.columns import (
    CODES,
    MISSING,
    Column,
    Summaries,
    decode_summaries,
    encode_summaries,
    renumbered,
)


@dataclass(frozen=True, slots=True)
class ShardProgress:
    """Progress of a shard after a block of steps.

    Attributes:
        shard_id: the shard.
        attempt: number of the attempt that made it.
        step: updates made by then.
        trials: the summary of every trial of the shard, in order. ``wall_seconds`` and ``stored_bytes`` are those of
            the block; ``device`` is missing where what is stored is to stay.
    """

    shard_id: str
    attempt: int
    step: int
    trials: Summaries


_COUNTS = ("completed", "diverged", "steps_done", "completed_steps", "diverged_steps", "result_bytes", "step")

# Past the ORM, as one statement for all shards of a pack.
_UPDATE_SHARD = (
    update(ShardRow)
    .where(ShardRow.id == bindparam("this_shard"))
    .values({name: bindparam(f"new_{name}", type_=BigInteger) for name in _COUNTS})
)


def advance(session: Session, shards: Sequence[ShardProgress]) -> None:
    """Write the progress of shards; their blocks must not have been counted before."""
    if not shards:
        return
    stored = _read(session, [shard.shard_id for shard in shards])
    write_summaries(session, [_after(stored.get(shard.shard_id), shard) for shard in shards])


def _after(stored: bytes | None, shard: ShardProgress) -> ShardProgress:
    if stored is None:
        return shard  # its first block
    return replace(shard, trials=advanced(decode_summaries(stored, len(shard.trials)), shard.trials))


def advanced(stored: Summaries, block: Summaries) -> Summaries:
    """Summaries after a block: time and bytes are added up, of what else is known of a trial the block has the latest.

    Trials that have their result keep it; only the bytes count that are recorded of them again.
    """
    keeps = stored.has_result
    devices = tuple(dict.fromkeys((*stored.devices, *block.devices)))
    new = dict(block.columns)
    new["wall_seconds"] = stored["wall_seconds"] + block["wall_seconds"]
    new["ran_alone"] = _alone(stored, block)
    old_device, device = renumbered(stored, devices), renumbered(block, devices)
    new["device"] = np.where(device == MISSING, old_device, device)
    columns = {name: np.where(keeps, stored[name], column) for name, column in new.items()}
    columns["device"] = np.where(keeps, old_device, new["device"])
    columns["stored_bytes"] = stored["stored_bytes"] + block["stored_bytes"]
    return Summaries(columns, devices)


def _alone(stored: Summaries, block: Summaries) -> Column:
    """Whether a trial was alone in all its attempts; where one is not known it is at most known that it was not."""
    is_new = (stored["steps_done"] == 0) & (stored["wall_seconds"] == 0)
    before, now = stored["ran_alone"], block["ran_alone"]
    both = np.where((before == 0) | (now == 0), 0, np.minimum(before, now))
    return np.where(is_new, now, both).astype(np.int8)


def rewound(stored: Summaries, step: int, device: str, sizes: Column) -> Summaries:
    """Summaries when an attempt begins at a step; ``sizes`` are the bytes that are left of each trial's results."""
    devices = tuple(dict.fromkeys((*stored.devices, device)))
    keeps, columns = stored.has_result, dict(stored.columns)
    columns["steps_done"] = np.where(keeps, stored["steps_done"], step)
    columns["device"] = np.where(keeps, renumbered(stored, devices), devices.index(device)).astype(np.int16)
    return Summaries(columns | {"stored_bytes": sizes}, devices)


def forget_time(session: Session, *which: ColumnElement[bool]) -> None:
    """Forget the time that was used by trials without a result, of the shards that meet these conditions."""
    query = select(ShardRow.id, ShardRow.trials, ShardRow.attempt, ShardRow.step)
    # Of those that are done or were not begun there is nothing to forget.
    begun = (ShardRow.attempt > 0, ShardRow.completed + ShardRow.diverged < ShardRow.trials)
    shards = session.execute(query.where(*which, *begun)).all()
    stored = read_summaries(session, {shard.id: shard.trials for shard in shards})
    used = [shard for shard in shards if stored[shard.id]["wall_seconds"].any()]
    again = [ShardProgress(shard.id, shard.attempt, shard.step, without_time(stored[shard.id])) for shard in used]
    if again:
        write_summaries(session, again)


def without_time(stored: Summaries) -> Summaries:
    """Summaries of trials that are tried again from their start: the time that was used counts no more."""
    seconds = np.where(stored.has_result, stored["wall_seconds"], 0.0)
    return replace(stored, columns={**stored.columns, "wall_seconds": seconds})


def read_summaries(session: Session, shards: Mapping[str, int]) -> dict[str, Summaries]:
    """The stored summaries of shards, given the number of trials of each."""
    data = _read(session, shards)
    return {shard_id: decode_summaries(data.get(shard_id), trials) for shard_id, trials in shards.items()}


def _read(session: Session, shard_ids: Collection[str]) -> dict[str, bytes]:
    query = select(TrialSummariesRow.shard_id, TrialSummariesRow.data).where(TrialSummariesRow.shard_id.in_(shard_ids))
    return {row.shard_id: row.data for row in session.execute(query.execution_options(**IN_BINARY))}


def write_summaries(session: Session, shards: Sequence[ShardProgress]) -> None:
    """Store summaries, and with each shard what follows from them."""
    rows = [
        {"shard_id": shard.shard_id, "attempt": shard.attempt, "data": encode_summaries(shard.trials)}
        for shard in shards
    ]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    new = dialect.insert(TrialSummariesRow)
    changed = {"attempt": new.excluded.attempt, "data": new.excluded.data}
    session.execute(new.on_conflict_do_update(index_elements=["shard_id"], set_=changed), rows)
    counts = [{"this_shard": shard.shard_id} | _counts(shard) for shard in shards]
    session.connection().execute(_UPDATE_SHARD, counts)


def counts_of(trials: Summaries) -> dict[str, int]:
    """What a shard's row says of its trials."""
    completed, diverged = (trials["state"] == CODES[state] for state in (TrialState.COMPLETED, TrialState.DIVERGED))
    return {
        "completed": int(np.count_nonzero(completed)),
        "diverged": int(np.count_nonzero(diverged)),
        "steps_done": int(trials["steps_done"].sum()),
        "completed_steps": int(trials["steps_done"][completed].sum()),
        "diverged_steps": int(trials["steps_done"][diverged].sum()),
        "result_bytes": int(trials["stored_bytes"].sum()),
    }


def _counts(shard: ShardProgress) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in counts_of(shard.trials).items()} | {"new_step": shard.step}
