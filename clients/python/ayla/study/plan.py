"""The jobs of a study: what is still to be run, given the jobs that there are.

Of each problem there are jobs of two phases: tuning jobs run all settings of the arms on the tuning seeds, confirmation
jobs the setting that was selected of each arm on the confirmation seeds. A study that grows, by problems, arms or
seeds, runs only what is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ayla._json import to_json, without_none
from ayla.models import Job
from ayla.planned_jobs import is_usable
from ayla.study.study_file import Study, StudyProblem

JSON = dict[str, Any]

TAG = "study"
"""Of every job of a study."""

_MOST_RECORDED = 100
"""Recorded steps of a confirmation trial, for the curves of how fast targets are reached."""


class Phase(StrEnum):
    """What a job of a study is for."""

    TUNING = "tuning"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class StudyJob:
    """A job of a study.

    Attributes:
        name: its own in the study.
        problem: name of the problem.
        phase: tuning or confirmation.
        spec: what is submitted.
        cost: estimated seconds of one core.
    """

    name: str
    problem: str
    phase: Phase
    spec: JSON
    cost: float = 1.0


def part_tag(problem: StudyProblem, phase: Phase) -> str:
    """The tag of the jobs of one phase of a problem."""
    return f"{phase}: {problem.name}"


def tuning_jobs(study: Study, problem: StudyProblem, earlier: Sequence[Job]) -> list[StudyJob]:
    """What is still to be run of the tuning of a problem.

    Settings are drawn by an arm's place in its job, so more seeds are run with the optimizers of the earlier job as
    they stand there; arms that no earlier job has are a job of their own.

    Args:
        study: all of it.
        problem: one of its problems.
        earlier: its tuning jobs on the service, as ``part_of`` finds them.
    """
    entries, base = [_as_json(entry) for entry in study.entries], tuning_base(study, problem)
    units = _units(entries, earlier)
    rest = [entry for entry in entries if not any(entry in unit for unit in units)]
    jobs = []
    for unit in [*units, *([rest] if rest else [])]:
        done = {seed for job in earlier if _entries(job) == unit for seed in _seeds(job)}
        missing = [seed for seed in study.protocol.tuning if seed not in done]
        if missing:
            jobs.append(_job(study, problem, Phase.TUNING, base | {"optimizers": unit, "seeds": missing}))
    return jobs


def confirmation_jobs(
    study: Study, problem: StudyProblem, selected: Sequence[JSON], earlier: Sequence[Job]
) -> list[StudyJob]:
    """What is still to be run of the confirmation of a problem.

    Args:
        study: all of it.
        problem: one of its problems.
        selected: the setting of each arm, with its label.
        earlier: its confirmation jobs on the service.
    """
    base, by_missing = confirmation_base(problem), dict[tuple[int, ...], list[JSON]]()
    for entry in map(_as_json, selected):
        done = {seed for job in earlier if entry in _entries(job) for seed in _seeds(job)}
        missing = tuple(seed for seed in study.protocol.confirmation if seed not in done)
        if missing:
            by_missing.setdefault(missing, []).append(entry)
    return [
        _job(study, problem, Phase.CONFIRMATION, base | {"optimizers": entries, "seeds": [*seeds]})
        for seeds, entries in by_missing.items()
    ]


def tuning_base(study: Study, problem: StudyProblem) -> JSON:
    """Spec of a tuning job but for optimizers and seeds."""
    protocol = study.protocol
    search = {"design": protocol.design, "seed": protocol.design_seed}
    if protocol.design != "grid":
        search["settings"] = protocol.settings
    made: JSON = _as_json(_shared(problem) | {"search": search, "record": {"trajectories": "none"}})
    return made


def confirmation_base(problem: StudyProblem) -> JSON:
    """Spec of a confirmation job but for optimizers and seeds."""
    steps = problem.budget.get("steps")
    record = {"every": max(1, steps // _MOST_RECORDED)} if steps and problem.function is not None else None
    made: JSON = _as_json(_shared(problem) | without_none(record=record))
    return made


def part_of(study: Study, problem: StudyProblem, phase: Phase, jobs: Iterable[Job]) -> list[Job]:
    """The jobs that are of one phase of a problem, as the study now describes it, and that have results or will.

    Args:
        study: all of it.
        problem: one of its problems.
        phase: which.
        jobs: of the study, with their specs, the first submitted first.
    """
    base = tuning_base(study, problem) if phase is Phase.TUNING else confirmation_base(problem)
    wanted = _as_json(study.entries)
    return [
        job
        for job in jobs
        if is_usable(job)
        and part_tag(problem, phase) in job.tags
        and _base_of(job) == base
        and (phase is Phase.CONFIRMATION or all(entry in wanted for entry in _entries(job)))
    ]


def _units(entries: Sequence[JSON], earlier: Sequence[Job]) -> list[list[JSON]]:
    """The lists of optimizers of earlier jobs, each once; of two that share an arm the first."""
    units: list[list[JSON]] = []
    for job in earlier:
        mine = _entries(job)
        if all(entry in entries for entry in mine) and not any(entry in unit for unit in units for entry in mine):
            units.append(mine)
    return units


def _shared(problem: StudyProblem) -> JSON:
    return without_none(problem=problem.spec, budget=problem.budget, dtype=problem.dtype)


def _job(study: Study, problem: StudyProblem, phase: Phase, spec: JSON) -> StudyJob:
    first, count = spec["seeds"][0], len(spec["seeds"])
    name = f"{problem.name}, {phase}, {len(spec['optimizers'])} arms, {count} seeds from {first}"
    own = {"name": name, "project": study.study, "tags": [TAG, part_tag(problem, phase)]}
    return StudyJob(name, problem.name, phase, spec | own)


def _entries(job: Job) -> list[JSON]:
    found: list[JSON] = (job.spec or {}).get("optimizers") or []
    return found


def _seeds(job: Job) -> list[int]:
    found: list[int] = (job.spec or {}).get("seeds") or []
    return found


def _base_of(job: Job) -> JSON:
    own = {"name", "project", "tags", "optimizers", "seeds"}
    return {name: value for name, value in (job.spec or {}).items() if name not in own}


def _as_json(value: Any) -> Any:
    """As the service gives a spec back: numbers and lists as JSON has them."""
    return json.loads(json.dumps(to_json(value)))


def digest_of(spec: Mapping[str, Any]) -> str:
    """A spec as one text, for idempotency keys."""
    return json.dumps(to_json(spec), sort_keys=True)
