"""Short ids: the beginning of a job's id, where it is that of one job only."""

from __future__ import annotations

import itertools
import re

from ayla._client import Client
from ayla.errors import InvalidRequest
from ayla.models import Job

SHORTEST = 8
"""Characters of an id that lists show, and more where those are not enough."""

_LEAST = 4
_BEGINNING = re.compile(r"[0-9a-f][0-9a-f-]{%d,34}" % (_LEAST - 1), re.IGNORECASE)  # noqa: UP031  # braces are the pattern's
_NAMED = 3


def job_id(client: Client, given: str) -> str:
    """The id that ``given`` is the beginning of; ``given`` itself where it is whole, or begins no job's.

    Raises:
        InvalidRequest: it is the beginning of several.
    """
    if not _BEGINNING.fullmatch(given):
        return given
    found = [*itertools.islice(client.jobs.ids_beginning(given), _NAMED)]
    if len(found) > 1:
        raise InvalidRequest("JOB", f"'{given}' is the beginning of several ids: {', '.join(found)}; give more of it.")
    return found[0] if found else given


def short_ids(jobs: list[Job]) -> list[str]:
    """The ids of jobs, each cut where it still differs from the others."""
    ids = [job.id for job in jobs]
    length = next((n for n in range(SHORTEST, 36) if len({each[:n] for each in ids}) == len(ids)), 36)
    return [each[:length] for each in ids]
