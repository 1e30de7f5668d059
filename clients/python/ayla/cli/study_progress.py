"""Progress of a study: as of any plan of jobs, which is known once the study has been looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from ayla.cli.plan_progress import PlanProgress
from ayla.cli.session import Session
from ayla.study.plan import Phase, StudyJob
from ayla.study.runner import SubmittedJob, expected_name


class StudyProgress:
    """A bar, or lines, from the moment at which the jobs are known.

    Args:
        session: for messages and time.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._progress: PlanProgress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.__exit__(kind, error, trace)

    def planned(self, jobs: Sequence[StudyJob]) -> None:
        """Begin, with every job that is still to be run."""
        if not jobs:
            self._session.say("All jobs of this study have been run.")
        self._progress = PlanProgress(self._session, jobs, "study")
        self._progress.__enter__()

    def submitted(self, jobs: Sequence[SubmittedJob]) -> None:
        """Jobs that were submitted, or run already."""
        if self._progress is not None:
            self._progress.submitted([_as_planned(item) for item in jobs])

    def seen(self, item: SubmittedJob) -> None:
        """A job as it is now."""
        if self._progress is not None:
            self._progress.seen(_as_planned(item))


def _as_planned(item: SubmittedJob) -> SubmittedJob:
    """Under the name that it has in the plan: confirmation jobs were not known when it was made."""
    if item.planned.phase is Phase.TUNING:
        return item
    return replace(item, planned=replace(item.planned, name=expected_name(item.planned.problem)))
