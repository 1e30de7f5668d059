"""Exit codes and error messages of the command, each with advice on what to do next."""

import re
from enum import IntEnum

from ayla._address import without_credentials
from ayla.cli.ids import UnknownName
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
    (UnknownName, ExitCode.NOT_FOUND),
    (AuthenticationError, ExitCode.AUTHENTICATION),
    (PermissionDeniedError, ExitCode.AUTHENTICATION),
    (APIConnectionError, ExitCode.UNREACHABLE),
    (JobFailed, ExitCode.JOB_FAILED),
    (JobCancelled, ExitCode.JOB_CANCELLED),
    (WaitTimeout, ExitCode.WAIT_TIMEOUT),
)

_GIVE_ADDRESS = "give its address with --base-url, AYLA_BASE_URL or 'ayla config set base_url URL'"

_ADVICE_BY_SLUG: dict[str, str] = {
    "job-not-found": "See what there is: ayla ls",
    "job-unfinished": "Wait for its end with 'ayla watch {job}', or end it: ayla cancel {job}",
    "trial-not-found": "See the trials of a job, each with its id: ayla show JOB",
    "trajectory-not-kept": "Have the trial computed again: ayla trials recompute TRIAL",
    "dataset-not-found": "See what there is: ayla datasets ls",
    "dataset-name-taken": "Give another one with --name, or see the one there is: ayla datasets ls",
    "dataset-in-use": "See the jobs that have not ended: ayla ls --state running",
    "webhook-not-found": "See what there is: ayla webhooks ls",
    "webhook-disabled": "Switch it on: ayla webhooks edit WEBHOOK --enable",
    "delivery-not-found": "See what was sent: ayla webhooks deliveries WEBHOOK",
    "member-not-found": "See who there is: ayla members ls",
    "member-name-taken": "Give another name; see who there is: ayla members ls",
    "last-admin": "Make another member an admin first: ayla members edit MEMBER --role admin",
    "key-not-found": "See what there is: ayla keys ls",
    "key-ended": "Make a new one: ayla keys create NAME",
    "not-yours": "Ask its owner or an admin of the team; 'ayla me' says who you are.",
    "figure-unavailable": "See which figures it has: ayla figure {job}",
    "comparison-too-large": "See the best setting of each arm instead: ayla best {job}",
    "sweep-too-large": "Ask for less, with --arm and --bins.",
    "move-impossible": "See what waits, and whose it is: ayla queue",
    "idempotency-key-reused": "Give another --idempotency-key, or the very spec that this one was given with.",
    "limit-reached": "See your limits with 'ayla me', and what is waiting: ayla ls --state queued",
    "queue-draining": "The team's queue takes no new jobs at present; ask its admins.",
    "rate-limited": "Wait a little and try again.",
    "team-busy": "Wait a little and try again.",
    "too-many-connections": "Wait a little and try again.",
    "too-many-streams": "End another 'ayla watch' or 'ayla events' first.",
    "store-damaged": "Tell those who run the service, with the request id.",
}
"""Advice by the slug of the service's problem."""

_LISTS: dict[str, str] = {
    "dataset": "ayla datasets ls",
    "webhook": "ayla webhooks ls",
    "member": "ayla members ls",
    "API key": "ayla keys ls",
    "worker": "ayla workers",
    "entry of the catalogue": "ayla catalogue",
    "profile": "ayla config profiles",
}
"""The command that lists what a name is of."""

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
_JOBS_PATH = "/v1/jobs"
_SOME_JOB = "JOB"
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
        lines.append(advice.format(base_url=without_credentials(base_url), job=_job_of(error)))
    return "\n".join(lines)


def _advice(error: AylaError, base_url: str) -> str | None:
    """What to do next; None where the error itself says it."""
    match error:
        case APIStatusError(problem=problem) if problem.slug in _ADVICE_BY_SLUG:
            return _ADVICE_BY_SLUG[problem.slug]
        case UnknownName(kind=kind):
            return f"See what there is: {_LISTS[kind]}"
        case AuthenticationError() if "Authorization" in error.response.request.headers:
            return "The API key is not, or no longer, valid here; give another with --api-key or AYLA_API_KEY."
        case AuthenticationError():
            return "Give an API key with --api-key or AYLA_API_KEY. To keep it: ayla config set api_key"
        case UnprocessableEntityError():
            return _advice_on_fields(error)
        case ConflictError():
            return _advice_on_state(error)
        case APIConnectionError() if not isinstance(error, APITimeoutError):
            return _advice_on_connection(base_url)
        case _:
            return next((text for kind, text in _ADVICE_BY_TYPE if isinstance(error, kind)), None)


def _advice_on_fields(error: UnprocessableEntityError) -> str:
    """Only a job spec comes from a file; everything else is an option or argument."""
    in_query = bool(error.errors) and all(field.location != "body" for field in error.errors)
    if in_query or not error.response.request.url.path.startswith(_JOBS_PATH):
        return "Correct the option or argument; --help after the command says what it takes."
    return (
        "Correct the fields: 'ayla catalogue' lists what a job can name, 'ayla catalogue show NAME' the settings of "
        "each, {base_url}/docs describes everything."
    )


def _job_of(error: AylaError) -> str:
    """The job that an error is about, as far as it says so."""
    job = getattr(error, "job", None)
    if job is not None:
        return str(job.id)
    found = _JOB_PATH.search(error.response.request.url.path) if isinstance(error, APIStatusError) else None
    return found[1] if found else _SOME_JOB


def _advice_on_state(error: ConflictError) -> str | None:
    return f"See its state: ayla show {_job_of(error)}" if _job_of(error) != _SOME_JOB else None


def _advice_on_connection(base_url: str) -> str:
    is_local = any(f"//{name}" in base_url for name in _LOOPBACK)
    if is_local:
        return f"Start a service with 'ayla-service serve', or {_GIVE_ADDRESS}."
    return f"See whether {{base_url}} is right and the service runs there, or {_GIVE_ADDRESS}."
