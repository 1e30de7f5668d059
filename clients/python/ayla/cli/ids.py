"""Short ids of jobs: prefixes that are unique."""

from __future__ import annotations

import itertools
import re

from ayla._client import Client
from ayla.errors import InvalidRequest
from ayla.models import Job

SHORT_LENGTH = 8
"""Characters of a short id in lists; more where jobs share these."""

_MIN_PREFIX = 4
_PREFIX = re.compile(r"[0-9a-f][0-9a-f-]{%d,34}" % (_MIN_PREFIX - 1), re.IGNORECASE)  # noqa: UP031  # braces are the pattern's
_MAX_SHOWN = 3


def job_id(client: Client, id_or_prefix: str) -> str:
    """The id with this prefix; ``id_or_prefix`` itself where it is a whole id, or no job's id begins with it.

    Raises:
        InvalidRequest: several ids begin with it.
    """
    if not _PREFIX.fullmatch(id_or_prefix):
        return id_or_prefix
    found = [*itertools.islice(client.jobs.ids_beginning(id_or_prefix), _MAX_SHOWN)]
    if len(found) > 1:
        raise InvalidRequest(
            "JOB", f"'{id_or_prefix}' is the beginning of several ids: {', '.join(found)}; give more of it."
        )
    return found[0] if found else id_or_prefix


def short_ids(jobs: list[Job]) -> list[str]:
    """The ids of jobs, each cut to the same length, at which they still differ."""
    ids = [job.id for job in jobs]
    length = next((n for n in range(SHORT_LENGTH, 36) if len({each[:n] for each in ids}) == len(ids)), 36)
    return [each[:length] for each in ids]
