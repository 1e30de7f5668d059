"""The service's answers as frozen models, which ignore the fields of newer servers."""

from ayla.models.base import FieldError, Problem, ResponseModel
from ayla.models.jobs import (
    FINISHED_JOB_STATES,
    UNFINISHED_JOB_STATES,
    AttemptCounts,
    Catalogue,
    Job,
    JobError,
    Progress,
    TrialCounts,
)
from ayla.models.trials import Trial, TrialMetric, TrialSummary
from ayla.models.workers import Attempt, AttemptError, RunningAttempt, Worker

__all__ = [
    "FINISHED_JOB_STATES",
    "UNFINISHED_JOB_STATES",
    "Attempt",
    "AttemptCounts",
    "AttemptError",
    "Catalogue",
    "FieldError",
    "Job",
    "JobError",
    "Problem",
    "Progress",
    "ResponseModel",
    "RunningAttempt",
    "Trial",
    "TrialCounts",
    "TrialMetric",
    "TrialSummary",
    "Worker",
]
