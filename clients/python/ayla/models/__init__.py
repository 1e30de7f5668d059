"""The service's answers as frozen models, which ignore the fields of newer servers."""

# Last, as jobs and trials that act are made of the models above. isort: split
from ayla._sync.objects import Job, Trial
from ayla.models.base import FieldError, Problem, ResponseModel
from ayla.models.jobs import (
    FINISHED_JOB_STATES,
    UNFINISHED_JOB_STATES,
    AttemptCounts,
    Catalogue,
    JobData,
    JobError,
    Progress,
    TrialCounts,
)
from ayla.models.trials import TrialData, TrialMetric, TrialSummary
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
    "JobData",
    "JobError",
    "Problem",
    "Progress",
    "ResponseModel",
    "RunningAttempt",
    "Trial",
    "TrialCounts",
    "TrialData",
    "TrialMetric",
    "TrialSummary",
    "Worker",
]
