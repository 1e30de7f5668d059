"""Client of the AYLA optimization service: submit, follow and compare optimizer runs.

Example:
    with ayla.Client() as client:
        job = client.jobs.wait(client.jobs.submit(problem=ayla.preset("poly-sgd")))
        print(client.compare(job))
"""

from ayla._client import Client
from ayla._clock import Clock
from ayla._version import __version__
from ayla.aggregates import AggregatedPair, EstimateOverProblems
from ayla.arms import ArmPair, ArmResult, ArmsOnProblem, ProtocolResult
from ayla.builders import (
    cnn,
    dataset,
    expression,
    linear,
    mlp,
    normal,
    optimizers,
    preset,
    protocol,
    schedules,
    uniform,
)
from ayla.builders.optimizers import *  # noqa: F403  # its __all__ is the list of the optimizers
from ayla.comparison import ComparedOptimizer, Comparison, ConfidenceInterval, Distribution, Pairing, RankTest, SignTest
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
from ayla.jobs_comparison import JobsComparison, ProblemComparison
from ayla.models import (
    Attempt,
    AttemptCounts,
    AttemptError,
    Catalogue,
    FieldError,
    Job,
    Problem,
    Progress,
    RunningAttempt,
    Trial,
    TrialCounts,
    TrialMetric,
    TrialSummary,
    Worker,
)
from ayla.sweep_pictures import HeatMap, Sensitivity
from ayla.sweeps import BestSetting, BestSettings, SweepSetting
from ayla.tables import Metrics, Predictions, Trajectory

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AggregatedPair",
    "ArmPair",
    "ArmResult",
    "ArmsOnProblem",
    "Attempt",
    "AttemptCounts",
    "AttemptError",
    "AuthenticationError",
    "AylaError",
    "BadRequestError",
    "BestSetting",
    "BestSettings",
    "Catalogue",
    "Client",
    "Clock",
    "ComparedOptimizer",
    "Comparison",
    "ConfidenceInterval",
    "ConflictError",
    "Distribution",
    "EstimateOverProblems",
    "FieldError",
    "HeatMap",
    "InvalidRequest",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobsComparison",
    "Metrics",
    "MissingDependency",
    "NotFoundError",
    "Pairing",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "Predictions",
    "Problem",
    "ProblemComparison",
    "Progress",
    "ProtocolResult",
    "RankTest",
    "RateLimitError",
    "RunningAttempt",
    "Sensitivity",
    "ServerError",
    "SignTest",
    "SweepSetting",
    "Trajectory",
    "Trial",
    "TrialCounts",
    "TrialMetric",
    "TrialSummary",
    "UnprocessableEntityError",
    "WaitTimeout",
    "Worker",
    "__version__",
    "cnn",
    "dataset",
    "expression",
    "linear",
    "mlp",
    "normal",
    "preset",
    "protocol",
    "schedules",
    "uniform",
]
__all__ += optimizers.__all__
