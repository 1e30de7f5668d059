"""Client of the AYLA optimization service: submit, follow and compare optimizer runs.

Example:
    with ayla.Client() as client:
        job = client.jobs.wait(client.jobs.submit(problem=ayla.preset("poly-sgd")))
        print(client.compare(job))
"""

from ayla._client import Client
from ayla._clock import Clock
from ayla._version import __version__
from ayla.builders import adam, expression, preset, sgd, transform
from ayla.comparison import Comparison
from ayla.errors import (
    APIConnectionError,
    APIError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    AylaError,
    BadRequestError,
    ConflictError,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    MissingDependency,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    UnprocessableEntityError,
    WaitTimeout,
)
from ayla.models import Catalogue, FieldError, Job, Problem, Progress, Trial, TrialCounts, TrialSummary
from ayla.pairing import Pairing
from ayla.tables import Predictions, Trajectory

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "AylaError",
    "BadRequestError",
    "Catalogue",
    "Client",
    "Clock",
    "Comparison",
    "ConflictError",
    "FieldError",
    "InvalidRequest",
    "Job",
    "JobCancelled",
    "JobFailed",
    "MissingDependency",
    "NotFoundError",
    "Pairing",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "Predictions",
    "Problem",
    "Progress",
    "RateLimitError",
    "ServerError",
    "Trajectory",
    "Trial",
    "TrialCounts",
    "TrialSummary",
    "UnprocessableEntityError",
    "WaitTimeout",
    "__version__",
    "adam",
    "expression",
    "preset",
    "sgd",
    "transform",
]
