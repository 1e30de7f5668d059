"""What holds for all sections of the scale benchmark: how it is measured, and how busy the machine was."""

import os

import psutil

_LOOK_SECONDS = 1.0

HOW = (
    "PostgreSQL with its commits on the disk and its default settings but max_connections and log_lock_waits, over TCP "
    "with a password, on the same machine as workers and clients, which take a part of its cores. What connections "
    "wait for is sampled ten times a second (pg_stat_activity, pg_locks)."
)


def over_or_none(value: float, divisor: float) -> float | None:
    """A ratio; None where nothing was counted, as in a short run on a busy machine."""
    return value / divisor if divisor else None


def busy() -> str:
    """How busy the machine is before anything is measured, for the page."""
    share = psutil.cpu_percent(_LOOK_SECONDS) / 100
    return (
        f"Before it began, other programs used {share:.0%} of {os.cpu_count()} cores; load average "
        f"{os.getloadavg()[0]:.1f}."
    )
