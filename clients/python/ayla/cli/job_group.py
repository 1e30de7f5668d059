"""The group of all commands about jobs."""

from ayla.cli import job_changes, job_tables, jobs, queue, submit, trials
from ayla.cli.groups import group, listing
from ayla.cli.nouns import CHANGING, RESULTS, SHORT_FORMS, SUBMITTING
from ayla.cli.reproduce import reproduce

_OF_TRIALS = (trials.trajectory, trials.metrics, reproduce)
_SHORT = tuple(command for panel in (SUBMITTING, RESULTS, CHANGING) for command in SHORT_FORMS[panel])

app = group(
    "jobs",
    "Submit, follow, change and delete jobs, and read their results.",
    (
        *(command for command in _SHORT if command not in _OF_TRIALS),
        submit.submit_all,
        job_changes.edit,
        job_changes.move,
        job_changes.delete,
        queue.position,
        job_tables.table,
        job_tables.trajectories,
        ("metrics", job_tables.job_metrics),
    ),
    default=listing(jobs.ls),
)
