"""What the command can do: short forms for what is done often, and a group for each noun."""

from __future__ import annotations

import importlib
from typing import Any

from typer.main import get_command

from ayla.cli import (
    compare,
    events,
    figures,
    job_changes,
    jobs,
    me,
    submit,
    sweeps,
    trials,
    watch,
)
from ayla.cli.attempts import attempts
from ayla.cli.reproduce import reproduce

SUBMITTING, RESULTS, CHANGING = "Submit and follow jobs", "See results", "Change jobs"
GROUPS, SETUP = "Everything about", "Set up"
"""Panels of the help."""

SHORT_FORMS = {
    SUBMITTING: (submit.submit, submit.validate, submit.clone, jobs.ls, jobs.show, watch.watch, events.events),
    RESULTS: (
        compare.compare,
        sweeps.best,
        sweeps.sensitivity,
        sweeps.heatmap,
        figures.figure,
        trials.trajectory,
        trials.metrics,
        attempts,
        reproduce,
    ),
    CHANGING: (
        job_changes.cancel,
        job_changes.pause,
        job_changes.resume,
        job_changes.retry,
        job_changes.priority,
    ),
    SETUP: (me.me, me.health),
}
"""By panel."""

NOUNS = {
    "jobs": "job_group",
    "trials": "trials",
    "sweeps": "sweeps",
    "study": "study",
    "datasets": "datasets",
    "queue": "queue",
    "workers": "workers",
    "catalogue": "catalogue",
    "team": "team",
    "members": "members",
    "keys": "keys",
    "webhooks": "webhooks",
    "config": "config",
}
"""The module of each group, which has it as ``app``; only that of the group in use is imported."""


def noun(name: str) -> Any:
    """The group of a noun."""
    made: Any = get_command(importlib.import_module(f"ayla.cli.{NOUNS[name]}").app)
    made.rich_help_panel = SETUP if name == "config" else GROUPS
    return made
