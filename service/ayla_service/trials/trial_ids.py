"""Ids of trials: made of the id of the job and the trial's place in it, so that none has to be stored or looked up.

Trials of stores of an earlier version had ids of their own, which go on working.
"""

import re
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ayla_service.db.lookup import as_stored, could_be_id
from ayla_service.db.models import TrialIdRow

_ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(0|[1-9][0-9]{0,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TrialPlace:
    """Where a trial is: its job, and its index there. Whether there is such a job or trial is another question."""

    job_id: str
    index: int


def trial_id(job_id: str, index: int) -> str:
    """The id of a trial."""
    return f"{job_id}-{index}"


def place_of(session: Session, text: str) -> TrialPlace | None:
    """Where the trial of this id is, in the form of today or of an earlier version; None if it can be no id.

    Args:
        session: the unit of work.
        text: as a request has it; any text.
    """
    parts = _ID.fullmatch(text.lower()) if text.isascii() else None
    if parts is not None:
        return TrialPlace(parts[1], int(parts[2]))
    if not could_be_id(text):
        return None
    row = session.get(TrialIdRow, as_stored(text))
    return None if row is None else TrialPlace(row.job_id, row.trial_index)
