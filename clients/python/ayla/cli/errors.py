"""Exit codes and error messages of the command, each with advice on what to do next."""

import re
from enum import IntEnum

from ayla._address import without_credentials
from ayla.errors import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    AylaError,
    ConflictError,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    ServerError,
    UnprocessableEntityError,
    WaitTimeout,
)


class ExitCode(IntEnum):
    """The exit codes of the ``ayla`` command."""

    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    AUTHENTICATION = 4
    UNREACHABLE = 5
    JOB_FAILED = 6
    JOB_CANCELLED = 7
    WAIT_TIMEOUT = 124
    INTERRUPTED = 130


_EXIT_CODES: tuple[tuple[type[AylaError], ExitCode], ...] = (
    (InvalidRequest, ExitCode.USAGE),
    (NotFoundError, ExitCode.NOT_FOUND),
    (AuthenticationError, ExitCode.AUTHENTICATION),
    (PermissionDeniedError, ExitCode.AUTHENTICATION),
    (APIConnectionError, ExitCode.UNREACHABLE),
    (JobFailed, ExitCode.JOB_FAILED),
    (JobCancelled, ExitCode.JOB_CANCELLED),
    (WaitTimeout, ExitCode.WAIT_TIMEOUT),
)

_GIVE_ADDRESS = "give its address with --base-url or AYLA_BASE_URL"

_ADVICE_BY_SLUG: dict[str, str] = {
    "job-not-found": "See what there is: ayla ls",
    "trial-not-found": "See the trials of a job, each with its id: ayla show JOB",
    "idempotency-key-reused": "Give another --idempotency-key, or the very spec that this one was given with.",
    "limit-reached": "See what is waiting: ayla ls --state queued",
    "queue-draining": "The team's queue takes no new jobs at present; ask its admins.",
    "rate-limited": "Wait a little and try again.",
    "too-many-connections": "Wait a little and try again.",
    "store-damaged": "Tell those who run the service, with the request id.",
}
"""Advice by the slug of the service's problem."""

_ADVICE_BY_TYPE: tuple[tuple[type[AylaError], str], ...] = (
    (NotFoundError, f"Is {{base_url}} the address of an AYLA service? If not, {_GIVE_ADDRESS}."),
    (APIResponseError, f"If {{base_url}} is another program's, {_GIVE_ADDRESS}."),
    (PermissionDeniedError, "Use an API key that may do this: --api-key or AYLA_API_KEY."),
    (APITimeoutError, f"Try again; if {{base_url}} is not the service, {_GIVE_ADDRESS}."),
    (PayloadTooLargeError, "Make the request smaller: fewer optimizers or seeds, or several jobs."),
    (ServerError, "Try again a little later; if it stays so, tell those who run the service, with the request id."),
    (JobFailed, "See more: ayla show {job}"),
    (JobCancelled, "See what it did until then: ayla show {job}"),
    (WaitTimeout, "Come back with: ayla watch {job}"),
)
"""Advice by the type of the error, where the slug has none; the first that fits."""

_JOB_PATH = re.compile(r"/v1/jobs/([\w-]+)")
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def exit_code(error: AylaError) -> ExitCode:
    """The exit code of an error."""
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), ExitCode.ERROR)


def explanation(error: AylaError, base_url: str) -> str:
    """The error's message, the request id and the advice; several lines."""
    lines = [f"Error: {error}"]
    if isinstance(error, APIStatusError) and error.request_id:
        lines.append(f"Request id: {error.request_id}")
    advice = _advice(error, base_url)
    if advice is not None:
        job = getattr(error, "job", None)
        lines.append(advice.format(base_url=without_credentials(base_url), job=job.id if job else ""))
    return "\n".join(lines)


def _advice(error: AylaError, base_url: str) -> str | None:
    """What to do next; None where the error itself says it."""
    match error:
        case APIStatusError(problem=problem) if problem.slug in _ADVICE_BY_SLUG:
            return _ADVICE_BY_SLUG[problem.slug]
        case AuthenticationError() if "Authorization" in error.response.request.headers:
            return "The API key is not, or no longer, valid here; give another with --api-key or AYLA_API_KEY."
        case AuthenticationError():
            return "Give an API key with --api-key or AYLA_API_KEY."
        case UnprocessableEntityError():
            return _advice_on_fields(error)
        case ConflictError():
            return _advice_on_state(error)
        case APIConnectionError() if not isinstance(error, APITimeoutError):
            return _advice_on_connection(base_url)
        case _:
            return next((text for kind, text in _ADVICE_BY_TYPE if isinstance(error, kind)), None)


def _advice_on_fields(error: UnprocessableEntityError) -> str:
    """Options are sent in the query of a request, a job spec in its body."""
    if error.errors and all(field.location != "body" for field in error.errors):
        return "Correct the option; --help after the command says what it takes."
    return "Correct the fields; {base_url}/docs describes them all, docs/job-spec.md those of a job."


def _advice_on_state(error: ConflictError) -> str | None:
    found = _JOB_PATH.search(error.response.request.url.path)
    return f"See its state: ayla show {found[1]}" if found else None


def _advice_on_connection(base_url: str) -> str:
    is_local = any(f"//{name}" in base_url for name in _LOOPBACK)
    if is_local:
        return f"Start a service with 'ayla-service serve', or {_GIVE_ADDRESS}."
    return f"See whether {{base_url}} is right and the service runs there, or {_GIVE_ADDRESS}."
