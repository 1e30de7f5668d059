"""Short ids: beginnings of the ids of jobs, trials and other things, and names in place of ids."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from ayla._sync.client import Client
from ayla.errors import AylaError, InvalidRequest
from ayla.models import Job, Trial

T = TypeVar("T")

SHORT_LENGTH = 8
"""Characters of a short id in lists; more where jobs share these."""

TRIAL_ID = re.compile(r"(?P<job>[0-9a-f]{4,8})-(?P<index>\d{1,9})", re.IGNORECASE | re.ASCII)
"""A short id of a trial: the beginning of its job's, and its place in the job."""

_MIN_PREFIX = 4
_PREFIX = re.compile(r"[0-9a-f][0-9a-f-]{%d,34}" % (_MIN_PREFIX - 1), re.IGNORECASE)  # noqa: UP031  # braces are the pattern's
_WHOLE = re.compile(r"[0-9a-f-]{36}", re.IGNORECASE)
_MAX_SHOWN = 3


class UnknownName(AylaError):
    """Nothing has this name or id.

    Attributes:
        kind: what was looked for: ``dataset``.

    Its message names the most similar of the known names, where one is similar.
    """

    def __init__(self, kind: str, text: str, known: Iterable[str] = ()) -> None:
        self.kind = kind
        near = get_close_matches(text, known, n=1)
        super().__init__(f"There is no {kind} '{text}'." + "".join(f" Did you mean '{name}'?" for name in near))


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


def job_ids(client: Client, ids: Sequence[str]) -> str | list[str]:
    """The whole ids of jobs; of one job its id alone."""
    found = [job_id(client, one) for one in ids]
    return found[0] if len(found) == 1 else found


def trial_id(client: Client, text: str) -> str:
    """The id of a trial; a short one such as ``1a2b3c4d-0`` is the beginning of its job's id, and its place there.

    Raises:
        InvalidRequest: the ids of several jobs begin so.
    """
    short = TRIAL_ID.fullmatch(text)
    return text if short is None else f"{job_id(client, short['job'])}-{short['index']}"


def short_ids(jobs: Sequence[Job]) -> list[str]:
    """The ids of jobs, each cut to the same length, at which they still differ."""
    ids = [job.id for job in jobs]
    length = next((n for n in range(SHORT_LENGTH, 36) if len({each[:n] for each in ids}) == len(ids)), 36)
    return [each[:length] for each in ids]


def short_trial_id(trial: Trial) -> str:
    """What a trial is called in lists; trials of old stores have ids that cannot be shortened."""
    has_place = trial.id == f"{trial.job_id}-{trial.index}"
    return f"{trial.job_id[:SHORT_LENGTH]}-{trial.index}" if has_place else trial.id


def find(kind: str, items: Iterable[T], text: str, *, name: Callable[[T], str | None] = lambda _: None) -> str:
    """The id of the item that is meant by an id, its beginning or a name.

    Args:
        kind: what it is: ``dataset``.
        items: those there are.
        text: an id, at least four characters of its beginning, or a name.
        name: the name of an item.

    Raises:
        InvalidRequest: several fit.
        UnknownName: none fits.
    """
    if _WHOLE.fullmatch(text):
        return text
    known = [(str(getattr(item, "id")), name(item)) for item in items]  # noqa: B009  # of any model
    named = [identifier for identifier, called in known if called == text]
    begun = [identifier for identifier, _ in known if len(text) >= _MIN_PREFIX and identifier.startswith(text.lower())]
    found = named or begun
    if len(found) > 1:
        raise InvalidRequest(kind.upper(), f"'{text}' can mean several: {', '.join(found[:_MAX_SHOWN])}; give the id.")
    if not found:
        raise UnknownName(kind, text, (called for _, called in known if called))
    return found[0]
