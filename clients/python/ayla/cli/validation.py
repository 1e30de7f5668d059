"""What a job would be, for people."""

from __future__ import annotations

from typing import Any

from ayla.cli.news import format_duration
from ayla.cli.output import OutputForm, cell_text, fitted_table, property_lines, write, write_json, write_line

_SHOWN_ARMS = 20


def write_validation(found: Any, form: OutputForm) -> None:
    """Write what the service says that a job would be: as JSON, or its size and its arms for people."""
    if form.as_json or form.as_lines:
        write_json(found) if form.as_json else write_line(found)
        return
    seeds = len(found.resolved.get("seeds") or [])
    size = {
        "trials": f"{found.trials}: {_count(found.settings, 'setting')} on {_count(seeds, 'seed')}",
        "steps": f"{found.steps_total} over all trials",
        "computing": f"{format_duration(found.estimated_seconds)} on one worker, in {_count(found.shards, 'shard')}",
    }
    write("\n".join([*property_lines(size), "", *_arm_table(found.arms)]))


def _arm_table(arms: Any) -> list[str]:
    rows = [[arm.label, str(arm.settings), ", ".join(map(_axis, arm.axes))] for arm in arms[:_SHOWN_ARMS]]
    left_out = len(arms) - len(rows)
    table = fitted_table([["optimizer", "settings", "axes"], *rows], left=3)
    return [*table, f"... and {left_out} more optimizers"] if left_out > 0 else table


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _axis(axis: Any) -> str:
    return axis.path if axis.points is None else f"{axis.path} ({cell_text(axis.points)} points)"
