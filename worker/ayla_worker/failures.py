"""Kind and message of the error that ended an attempt; what follows depends on the kind."""

import torch
from ayla_core.datasets import DatasetError
from ayla_service.db.session import store_is_away
from ayla_service.queue.retries import ErrorType
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from ayla_worker.lease import StepTooLong
from ayla_worker.limits import LimitExceeded

_LONGEST = 2000


def error_type_of(error: Exception) -> ErrorType:
    """The kind of an error that ended an attempt."""
    match error:
        case LimitExceeded() | StepTooLong():
            return error.error_type
        case DatasetError():
            return ErrorType.DATASET_UNUSABLE
        case ValidationError():
            return ErrorType.SPEC_UNREADABLE
        case MemoryError() | torch.OutOfMemoryError():
            return ErrorType.OUT_OF_MEMORY
        case DBAPIError() if store_is_away(error):
            return ErrorType.STORE_UNAVAILABLE
        case _:
            return ErrorType.UNEXPECTED


def detail_of(error: Exception) -> str:
    """The message for the user, as text that every store can keep."""
    # PostgreSQL takes neither NUL nor half a surrogate pair, and messages quote what stands in people's files.
    return _words(error).replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()[:_LONGEST]


def _words(error: Exception) -> str:
    match error:
        case LimitExceeded() | StepTooLong() | DatasetError():
            return str(error)
        case ValidationError():
            return (
                "The worker cannot read the job's spec; another version of the service has resolved it. "
                f"{error.error_count()} fields are unknown to it or wrong; the first: {_first_field(error)}."
            )
        case DBAPIError():
            # Its own words hold the statement, which says nothing to a user.
            return _words(error.orig) if isinstance(error.orig, Exception) else type(error).__name__
        case _:
            first = (str(error).splitlines() or [""])[0]
            return f"{type(error).__name__}: {first}"


def _first_field(error: ValidationError) -> str:
    return "/" + "/".join(str(part) for part in error.errors()[0]["loc"])
