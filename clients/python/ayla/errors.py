"""Every error the client raises, as one tree; only a call with the wrong arguments is a TypeError, as anywhere.

AylaError
├── InvalidRequest                  cannot be sent as asked, with .pointer and .detail
├── APIError                        a request failed
│   ├── APIConnectionError          no answer: refused, reset, unknown host
│   │   └── APITimeoutError         no answer in time
│   ├── APIResponseError            an answer that is not the service's
│   └── APIStatusError              an answer of 4xx or 5xx, with .problem, .errors and .request_id
│       ├── BadRequestError           400
│       ├── AuthenticationError       401
│       ├── PermissionDeniedError     403
│       ├── NotFoundError             404
│       ├── NotAcceptableError        406
│       ├── RequestTimeoutError       408
│       ├── ConflictError             409
│       ├── PreconditionFailedError   412
│       ├── PayloadTooLargeError      413
│       ├── UnsupportedMediaTypeError 415
│       ├── MisdirectedRequestError   421
│       ├── UnprocessableEntityError  422
│       ├── PreconditionRequiredError 428
│       ├── RateLimitError            429
│       └── ServerError               500 and above
├── JobFailed, JobCancelled         how a job ended, with .job
├── WebhookVerificationError        a message that the service did not sign
├── WaitTimeout                     the job goes on, only the waiting ended, with .job
└── MissingDependency               an optional package is not installed
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import ValidationError

if TYPE_CHECKING:
    import httpx2

    from ayla.models.base import FieldError, Problem
    from ayla.models.jobs import JobData


class AylaError(Exception):
    """Base of all errors that this package raises."""


class InvalidRequest(AylaError, ValueError):
    """A request that cannot be sent: JSON, an address or a header cannot carry it, or the client is closed.

    Attributes:
        pointer: JSON pointer into the job spec, such as ``/seeds/0``, or the argument's name; empty when the whole
            request is meant.
        detail: what is wrong.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        self.pointer = pointer
        self.detail = detail
        super().__init__(f"{pointer}: {detail}" if pointer else detail)


class APIError(AylaError):
    """A request failed."""


class APIConnectionError(APIError):
    """The service gave no answer."""


class APITimeoutError(APIConnectionError):
    """The service gave no answer in time."""


class APIResponseError(APIError):
    """The answer is not one of this service; often the base URL is that of another program."""


class APIStatusError(APIError):
    """The service refused the request.

    Attributes:
        problem: the problem document of the answer (RFC 9457).
        response: the complete HTTP response.
    """

    def __init__(self, problem: Problem, response: httpx2.Response) -> None:
        self.problem = problem
        self.response = response
        super().__init__(_message(problem))

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.response.status_code

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Each field that is wrong; empty when the problem is not about fields."""
        return self.problem.errors

    @property
    def request_id(self) -> str | None:
        """Identifies the request in the service's log."""
        return self.problem.request_id


class BadRequestError(APIStatusError):
    """400: the request cannot be read."""


class AuthenticationError(APIStatusError):
    """401: no API key, or an unknown one."""


class PermissionDeniedError(APIStatusError):
    """403: the API key does not allow this."""


class NotFoundError(APIStatusError):
    """404: no such job, trial or address."""


class NotAcceptableError(APIStatusError):
    """406: the answer is not to be had in the form asked for."""


class RequestTimeoutError(APIStatusError):
    """408: the request was not sent in time."""


class ConflictError(APIStatusError):
    """409: the job's state does not allow this."""


class PreconditionFailedError(APIStatusError):
    """412: what was to be changed has another version by now."""


class PayloadTooLargeError(APIStatusError):
    """413: the request is larger than the service takes."""


class UnsupportedMediaTypeError(APIStatusError):
    """415: the body is of another kind than the service reads there."""


class MisdirectedRequestError(APIStatusError):
    """421: the service is not known by the name in the address."""


class UnprocessableEntityError(APIStatusError):
    """422: a field is wrong; ``errors`` says which."""


class PreconditionRequiredError(APIStatusError):
    """428: the version that is to be changed has to be named."""


class RateLimitError(APIStatusError):
    """429: too many requests."""


class ServerError(APIStatusError):
    """500 and above: the service is at fault, or not ready."""


class _JobEnded(AylaError):
    def __init__(self, job: JobData, message: str) -> None:
        self.job = job
        super().__init__(message)


class JobFailed(_JobEnded):
    """The job ended as failed."""

    def __init__(self, job: JobData) -> None:
        reason = job.error.detail if job.error else "The service gives no reason."
        super().__init__(job, f"Job {job.id} failed: {reason}")


class JobCancelled(_JobEnded):
    """The job ended as cancelled."""

    def __init__(self, job: JobData) -> None:
        super().__init__(job, f"Job {job.id} was cancelled.")


class WaitTimeout(_JobEnded):
    """The job did not finish within the timeout of the wait; it goes on.

    Its ``job`` is the one last fetched; ``answered`` says whether the last poll had an answer.
    """

    def __init__(self, job: JobData, timeout: float, *, answered: bool = True) -> None:
        seen = f"is still {job.state} after {timeout:g} s; it goes on."
        unseen = f"was {job.state} when last seen; after {timeout:g} s the service does not answer."
        super().__init__(job, f"Job {job.id} {seen if answered else unseen}")
        self.answered = answered


class WebhookVerificationError(AylaError):
    """A message of a webhook that is not signed with its secret, or is too old."""


class MissingDependency(AylaError, ImportError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, purpose: str, install: str) -> None:
        super().__init__(f"{purpose} needs {package}, which is not installed. Install it: pip install '{install}'")


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    406: NotAcceptableError,
    408: RequestTimeoutError,
    409: ConflictError,
    412: PreconditionFailedError,
    413: PayloadTooLargeError,
    415: UnsupportedMediaTypeError,
    421: MisdirectedRequestError,
    422: UnprocessableEntityError,
    428: PreconditionRequiredError,
    429: RateLimitError,
}


def status_error(response: httpx2.Response) -> APIStatusError:
    """The error of an answer that is not a success, whether or not its body is a problem document."""
    default = ServerError if response.status_code >= 500 else APIStatusError
    return _BY_STATUS.get(response.status_code, default)(_problem(response), response)


def _problem(response: httpx2.Response) -> Problem:
    from ayla.models.base import Problem  # models raise these errors themselves

    request_id = response.headers.get("X-Request-ID")
    try:
        problem = Problem.model_validate(json.loads(response.content))
    except (ValidationError, ValueError, RecursionError):
        # A proxy in between answers in its own words, often a page of HTML: not worth showing.
        title = response.reason_phrase or "Unknown status"
        url = response.request.url
        detail = f"The answer of {url} is not a problem document; is this the address of an AYLA service?"
        return Problem(title=title, status=response.status_code, detail=detail, request_id=request_id)
    return problem.model_copy(update={"request_id": problem.request_id or request_id})


def _message(problem: Problem) -> str:
    detail = problem.detail or problem.title
    # With a single wrong field the detail is often that field's, pointer included.
    fields = [f"\n  {error}" for error in problem.errors if f"{error.pointer}: {error.detail}" not in detail]
    return f"{detail} ({problem.status} {problem.title})" + "".join(fields)
