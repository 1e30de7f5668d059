"""Attempts and workers as the service answers them."""

from typing import Any


def attempt(number: int, outcome: str = "succeeded", error: tuple[str, str] | None = None) -> dict[str, Any]:
    """The ``number``-th attempt at the first shard of a job; it took 1.5 seconds."""
    return {
        "shard_id": "shard-0",
        "shard_index": 0,
        "number": number,
        "worker": "here:1",
        "outcome": outcome,
        "device": "cpu",
        "first_step": 100 * (number - 1),
        "started_at": f"2026-01-02T03:04:{number:02}Z",
        "heartbeat_at": f"2026-01-02T03:04:{number:02}.5Z",
        "ended_at": None if outcome == "running" else f"2026-01-02T03:04:{number + 1:02}.5Z",
        "error": None if error is None else {"type": error[0], "detail": error[1]},
        "environment": {"torch": "2.0"},
        "a_field_of_a_newer_server": 1,
    }


def worker(name: str, state: str = "idle", jobs: tuple[str, ...] = ()) -> dict[str, Any]:
    """A worker that runs two shards of each of some jobs."""
    running = [
        {"job_id": job, "shard_id": f"{job}-{shard}", "number": 1, "since": "2026-01-02T03:04:05Z"}
        for job in jobs
        for shard in range(2)
    ]
    return {
        "name": name,
        "state": state,
        "host": "here",
        "pid": 1,
        "device": "a processor",
        "devices": ["auto", "cpu"],
        "memory_bytes": 2**30,
        "environment": {"torch": "2.0"},
        "started_at": "2026-01-02T03:04:05Z",
        "heartbeat_at": "2026-01-02T03:04:10Z",
        "stopped_at": None,
        "attempts": running,
        "a_field_of_a_newer_server": 1,
    }
