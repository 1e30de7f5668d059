"""Exit codes, and what to say and do next for each error."""

from ayla._address import shown
from ayla.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    AylaError,
    ConflictError,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    NotFoundError,
    PermissionDeniedError,
    UnprocessableEntityError,
    WaitTimeout,
)

OK = 0
ERROR = 1
USAGE = 2
NOT_FOUND = 3
AUTHENTICATION = 4
UNREACHABLE = 5
JOB_FAILED = 6
JOB_CANCELLED = 7
WAIT_TIMEOUT = 124
INTERRUPTED = 130

_CODES: tuple[tuple[type[AylaError], int], ...] = (
    (InvalidRequest, USAGE),
    (NotFoundError, NOT_FOUND),
    (AuthenticationError, AUTHENTICATION),
    (PermissionDeniedError, AUTHENTICATION),
    (APIConnectionError, UNREACHABLE),
    (JobFailed, JOB_FAILED),
    (JobCancelled, JOB_CANCELLED),
    (WaitTimeout, WAIT_TIMEOUT),
)

_ADDRESS = "give its address with --base-url or AYLA_BASE_URL"

_NEXT: tuple[tuple[type[AylaError], str], ...] = (
    (NotFoundError, "See what there is: ayla ls"),
    (AuthenticationError, "Give an API key with --api-key or AYLA_API_KEY."),
    (PermissionDeniedError, "Use an API key that may do this: --api-key or AYLA_API_KEY."),
    (APIConnectionError, f"Start a service with 'ayla-service serve', or {_ADDRESS}."),
    (UnprocessableEntityError, "Correct the fields; {base_url}/docs describes them all."),
    (JobFailed, "See more: ayla show {job}"),
    (JobCancelled, "See what it did until then: ayla show {job}"),
    (WaitTimeout, "Come back with: ayla watch {job}"),
    (ConflictError, "See its state: ayla show JOB"),
)


def exit_code(error: AylaError) -> int:
    """The exit code that stands for ``error``."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ERROR)


def explanation(error: AylaError, base_url: str) -> str:
    """What happened, the request to look for in the log, and what to do next; several lines."""
    lines = [f"Error: {error}"]
    if isinstance(error, APIStatusError) and error.request_id:
        lines.append(f"Request id: {error.request_id}")
    advice = next((text for kind, text in _NEXT if isinstance(error, kind)), None)
    if advice is not None:
        job = getattr(error, "job", None)
        lines.append(advice.format(base_url=shown(base_url), job=job.id if job else ""))
    return "\n".join(lines)
