"""A large grid whose worker, and later the whole service, are killed with -9 in the middle: nothing is lost.

Its summaries are compared with those of an undisturbed run, bit by bit.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pyarrow as pa
from measure.findings import Findings, Row, Table, at_most
from measure.timing import duration
from queue_measure.api import FINISHED, Api

from sweep_measure.embedded import Embedded, embedded
from sweep_measure.grids import STEPS, grid
from sweep_measure.load import busy

_NOTHING = at_most(0)
_PAUSE_SECONDS = 0.02
_LIMIT_SECONDS = 600.0

_OF_THE_RUN = frozenset({"trial_id", "wall_seconds", "steps_per_second", "device", "ran_alone", "notes"})
"""Columns of a summary that are about the run, not about its result."""

_KILLED_AT = {"worker": 0.2, "API and worker": 0.6}
"""Share of the trials that have their result when these are killed."""


@dataclass(frozen=True, slots=True)
class _Kill:
    """What was killed: when, with how many trials done, and after how long the next trial was."""

    what: str
    at: float
    done: int
    resumed: float


@dataclass(frozen=True, slots=True)
class _Run:
    """A grid from POST to its end, and its summaries.

    Attributes:
        seconds: since the POST.
        kills: in the middle.
        attempts: of all shards, and how many of them were lost.
        trials: with a result.
        columns: digest of each column of the summaries.
    """

    seconds: float
    kills: list[_Kill]
    attempts: tuple[int, int]
    trials: int
    columns: dict[str, str]


def measure(*, quick: bool) -> Findings:
    """One run undisturbed, one with kills, each on a fresh service with the default settings."""
    side = 500 if quick else 1000
    steps = 4 * STEPS if quick else STEPS  # several shards, so that there is a middle
    calm, disturbed = _run(side, steps, {}), _run(side, steps, _KILLED_AT)
    differing = [name for name, digest in calm.columns.items() if disturbed.columns.get(name) != digest]
    rows = [
        Row("trials without a result", side**2 - disturbed.trials, "", _NOTHING, f"of {side**2:,}"),
        Row("columns of the summaries that differ in a bit", len(differing), "", _NOTHING, f"of {len(calm.columns)}"),
        Row("undisturbed: POST to the end of the job", calm.seconds, "s"),
        Row("killed twice: POST to the end of the job", disturbed.seconds, "s"),
    ]
    lines = [(one.what, duration(one.at), f"{one.done:,}", duration(one.resumed)) for one in disturbed.kills]
    all_attempts, lost = disturbed.attempts
    remark = (
        f"{side:,} × {side:,} settings of the same, {steps:,} steps, on fresh embedded services with the default "
        "settings. In one of them the worker is killed with -9 when a fifth of the trials have their result, and API "
        "and worker at once when three fifths have; then 'ayla-service serve' is started again. What was lost is "
        "computed again when its lease of 30 s is over, so most of the time is waiting. Of "
        f"{all_attempts} attempts at shards {lost} were lost."
    )
    table = Table(("killed", "after the POST", "trials done", "next trial done"), lines)
    return Findings(rows, [table], [remark, busy()])


def _run(side: int, steps: int, killed_at: dict[str, float]) -> _Run:
    with embedded() as service:
        begun = time.perf_counter()
        with Api(service.url) as api:
            place = api.submit(grid(side, steps))
        kills = [_kill(service, place, what, int(share * side**2), begun) for what, share in killed_at.items()]
        job = _when(service, place, lambda job: job["state"] in FINISHED)
        seconds = time.perf_counter() - begun
        if job["state"] != "succeeded":
            raise RuntimeError(f"the grid is {job['state']}: {job['error']}")
        return _Run(
            seconds,
            kills,
            (job["attempts"]["total"], job["attempts"]["lost"]),
            _done(job),
            _columns(service.url, place),
        )


def _kill(service: Embedded, place: str, what: str, trials: int, begun: float) -> _Kill:
    _when(service, place, lambda job: _done(job) >= trials)
    at = time.perf_counter()
    if what == "worker":
        service.kill_worker()
    else:
        service.kill()
        service.start_again()
    before = _done(_when(service, place, lambda _: True))
    _when(service, place, lambda job: _done(job) > before)
    return _Kill(what, at - begun, before, time.perf_counter() - at)


def _when(service: Embedded, place: str, is_reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The job as soon as it is so far."""
    deadline = time.monotonic() + _LIMIT_SECONDS
    with Api(service.url) as api:
        while not is_reached(job := api.get(place)):
            if time.monotonic() > deadline or job["state"] in FINISHED:
                raise RuntimeError(f"the grid is {job['state']} before it is so far")
            time.sleep(_PAUSE_SECONDS)
        return job


def _done(job: dict[str, Any]) -> int:
    return int(job["trials"]["completed"] + job["trials"]["diverged"])


def _columns(url: str, place: str) -> dict[str, str]:
    """Digest of each column of the job's summaries that is about results, of all trials in order."""
    answer = httpx2.get(f"{url}{place}/summary", params={"format": "arrow"}, timeout=_LIMIT_SECONDS, trust_env=False)
    answer.raise_for_status()
    table = pa.ipc.open_stream(answer.content).read_all().combine_chunks()
    return {name: _digest(table[name]) for name in table.column_names if name not in _OF_THE_RUN}


def _digest(column: pa.ChunkedArray) -> str:
    plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    sink = pa.BufferOutputStream()
    piece = pa.table({"column": plain.combine_chunks()})
    with pa.ipc.new_stream(sink, piece.schema) as writer:
        writer.write_table(piece)
    return hashlib.sha256(sink.getvalue()).hexdigest()
