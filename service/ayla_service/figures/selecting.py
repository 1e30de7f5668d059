"""Which trials of a job are drawn: those of the wanted settings, and of many seeds as many as can be read in time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import Trial
from ayla_service.errors import FigureTooLarge, InvalidQuery
from ayla_service.figures.availability import JobFacts
from ayla_service.figures.options import FigureOptions, Kind
from ayla_service.trials.selection import TrialSelection

MOST_TRIALS = 1000
"""Trials whose rows are read for one figure."""

MOST_BYTES = 128 * 1024**2
"""Of their results, as they are stored."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The trials that a figure shows.

    Attributes:
        settings: places of optimizer settings in the job, growing.
        seeds: how many of the job's seeds, from the first.
        trials: places of the trials in the job, growing.
    """

    settings: tuple[int, ...]
    seeds: int
    trials: tuple[int, ...]

    def selection(self, facts: JobFacts) -> TrialSelection:
        """The same, as results are asked for."""
        everything = len(facts.spec.optimizers) * len(facts.spec.seeds)
        return TrialSelection(None if len(self.trials) == everything else frozenset(self.trials))


def drawn(session: Session, facts: JobFacts, kind: Kind, options: FigureOptions) -> Drawn:
    """The trials that a figure of this kind shows.

    Raises:
        InvalidQuery: if the job has no optimizer with a wanted index.
        FigureTooLarge: if even one seed of each setting is too much to read.
    """
    settings = _settings(facts, options)
    total = len(facts.spec.seeds)
    if kind is Kind.HEATMAP:
        return _of(settings, total, total)
    if kind is Kind.CURVE:
        return _of(settings, 1, total)
    seeds = 1 if kind is Kind.LANDSCAPE else min(total, max(1, MOST_TRIALS // len(settings)))
    return _of(settings, _readable(session, facts, _of(settings, seeds, total)), total)


def _of(settings: tuple[int, ...], seeds: int, total: int) -> Drawn:
    # Trials of one optimizer stand together, seeds in the order given.
    trials = tuple(setting * total + place for setting in settings for place in range(seeds))
    return Drawn(settings, seeds, trials)


def _settings(facts: JobFacts, options: FigureOptions) -> tuple[int, ...]:
    count = len(facts.spec.optimizers)
    if options.optimizers is None:
        return tuple(range(count))
    wanted = tuple(sorted(set(options.optimizers)))
    if not wanted or wanted[-1] >= count:
        there = f"there is no {wanted[-1]}" if wanted else "name at least one"
        raise InvalidQuery("optimizers", f"The job has {count} optimizers, numbered from 0; {there}.")
    return wanted


def _readable(session: Session, facts: JobFacts, most: Drawn) -> int:
    """For how many seeds the results of all settings are little enough to be read.

    Raises:
        FigureTooLarge: if not even for one.
    """
    sizes = _sizes(session, facts, most.trials)
    of_seed = [sum(sizes[place :: most.seeds]) for place in range(most.seeds)]
    read, fitting = 0, 0
    for size in of_seed:
        read += size
        if read > MOST_BYTES:
            break
        fitting += 1
    if not fitting:
        raise FigureTooLarge(of_seed[0], MOST_BYTES)
    return fitting


def _sizes(session: Session, facts: JobFacts, trials: Sequence[int]) -> list[int]:
    query = select(Trial.stored_bytes).where(Trial.job_id == facts.id, Trial.index.in_(trials))
    return list(session.scalars(query.order_by(Trial.index)))
