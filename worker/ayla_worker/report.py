"""Report of what was done for one request: what a task of Celery returns."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ayla_service.observability.metrics import REGISTRY
from ayla_service.queue.claimed import Claim
from ayla_service.states import AttemptOutcome

MOST_JOBS = 3
"""Jobs that a report names; a pack has hundreds."""


@dataclass(frozen=True, slots=True)
class WorkReport:
    """What was done for one request; all zero if nothing was queued.

    Attributes:
        worker: who did it.
        jobs: ids of the first jobs, ``MOST_JOBS`` at most.
        shards: how many were claimed.
        trials: of all of them.
        steps: computed and stored, of all trials.
        outcomes: number of attempts by outcome.
        seconds: from the request to its end.
    """

    worker: str = ""
    jobs: tuple[str, ...] = ()
    shards: int = 0
    trials: int = 0
    steps: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "jobs": list(self.jobs)}


class Tally:
    """Counts what this process does from now on, by its own metrics: one thread of it computes.

    Args:
        worker: its name.
    """

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._begun = time.monotonic()
        self._steps, self._outcomes = _steps(), _outcomes()
        self._jobs: dict[str, None] = {}
        self._shards = self._trials = 0

    def add(self, claims: Sequence[Claim]) -> None:
        """Count a claim."""
        self._shards += len(claims)
        self._trials += sum(claim.range.trials for claim in claims)
        self._jobs.update(dict.fromkeys(claim.job_id for claim in claims[:MOST_JOBS]))

    def report(self) -> WorkReport:
        """What was done until now."""
        now = _outcomes()
        return WorkReport(
            worker=self._worker,
            jobs=tuple(self._jobs)[:MOST_JOBS],
            shards=self._shards,
            trials=self._trials,
            steps=_steps() - self._steps,
            outcomes={name: now[name] - before for name, before in self._outcomes.items() if now[name] > before},
            seconds=round(time.monotonic() - self._begun, 3),
        )


def _steps() -> int:
    return int(REGISTRY.get_sample_value("ayla_steps_total") or 0)


def _outcomes() -> dict[str, int]:
    names = [outcome.value for outcome in AttemptOutcome if outcome is not AttemptOutcome.RUNNING]
    return {name: int(REGISTRY.get_sample_value("ayla_attempts_total", {"outcome": name}) or 0) for name in names}
