"""Comparison of the optimizers of a team's jobs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ayla_spec.optimizers.base import nameless

from ayla_service.comparison import curves
from ayla_service.comparison.effects import copies, notes_on_effects
from ayla_service.comparison.loading import load
from ayla_service.comparison.paired_tests import PairedTest, run_tests
from ayla_service.comparison.pairs import matches, over_problems, over_seeds
from ayla_service.comparison.profiles import profile
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, labels_of
from ayla_service.comparison.schemas import (
    ComparedJob,
    ComparedOptimizer,
    JobComparison,
    JobsComparison,
    PairComparison,
    ProblemComparison,
    Profiles,
)
from ayla_service.comparison.summaries import summarize
from ayla_service.comparison.verdicts import pair_comparison
from ayla_service.db.session import Database
from ayla_service.errors import ComparisonTooLarge, InvalidQuery
from ayla_service.teams.principal import Principal


@dataclass(frozen=True, slots=True)
class ProblemResult:
    """Results on one problem.

    Attributes:
        problem: the problem and its jobs.
        summaries: one per setting.
        tests: of settings against each other, over seeds.
    """

    problem: ComparedProblem
    summaries: list[ComparedOptimizer]
    tests: list[PairedTest]


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """Results of a comparison, before they are written out as the answer for one job or for several.

    Attributes:
        query: what was asked.
        jobs: in the order asked for.
        results: one per problem.
        tests: over problems; empty where there is one problem only.
        profile: None where trajectories were not read.
        notes: what a reader should know about these numbers.
    """

    query: ComparisonQuery
    jobs: list[ComparedJob]
    results: list[ProblemResult]
    tests: list[PairedTest]
    profile: Profiles | None
    notes: list[str]


class ComparisonService:
    """Compares the optimizers of jobs; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def compare(self, principal: Principal, job_ids: Sequence[str], query: ComparisonQuery) -> ComparisonResult:
        """Compare the optimizer settings of one job or of several.

        Trials without a result are left out and counted. Settings are matched by label.

        Raises:
            JobNotFound: if the caller's team lacks one of the jobs.
            InvalidQuery: if the query does not fit the jobs; the parameter is that of the query.
            ComparisonTooLarge: if there is more to read than one comparison may.
        """
        if query.metric == "steps_to_target" and query.target is None:
            raise InvalidQuery("target", "Required for the metric 'steps_to_target': the loss to reach.")
        with self._database.read() as session:
            data = load(session, principal, job_ids)
            _refuse_unknown_baseline(data.problems, query)
            too_much = curves.too_long(data.problems)
            _refuse_unreadable(too_much, query)
            if too_much is None:
                curves.read_curves(session, data.problems, query.target)
        return _comparison(query, data.jobs, data.problems, too_much)


def _refuse_unknown_baseline(problems: Sequence[ComparedProblem], query: ComparisonQuery) -> None:
    labels = labels_of(problems)
    if query.baseline is not None and query.baseline not in labels:
        known = ", ".join(f"'{label}'" for label in labels[:20]) + (", …" if len(labels) > 20 else "")
        raise InvalidQuery("baseline", f"No optimizer has the label '{query.baseline[:64]}'; there are {known}.")


def _refuse_unreadable(too_much: str | None, query: ComparisonQuery) -> None:
    needs_curves = query.target is not None or query.metric == "area_under_curve"
    if too_much is not None and needs_curves:
        most = f"{curves.MAX_ROWS} rows and {curves.MAX_BYTES // 1024**2} MiB"
        advice = "Compare by final_loss or best_loss without a target, or name fewer jobs."
        raise ComparisonTooLarge(too_much, most, advice)


def _comparison(
    query: ComparisonQuery, jobs: list[ComparedJob], problems: list[ComparedProblem], too_much: str | None
) -> ComparisonResult:
    found = matches(problems, query.baseline)
    tests = _seed_tests(problems, query)
    results = [
        ProblemResult(problem, _summaries(problem, query), tests[place]) for place, problem in enumerate(problems)
    ]
    many = len(problems) > 1
    over = [over_problems(problems, match, query.metric) for match in found] if many else []
    return ComparisonResult(
        query=query,
        jobs=jobs,
        results=results,
        tests=run_tests(over, "problem", query),
        profile=profile(problems, query.target) if too_much is None else None,
        notes=[
            *_notes(problems, too_much, lacks_tests=not found and query.baseline is None),
            *_notes_on_effects(results),
        ],
    )


def _summaries(problem: ComparedProblem, query: ComparisonQuery) -> list[ComparedOptimizer]:
    first = copies(problem)
    return [summarize(setting, query, first.get(label)) for label, setting in problem.settings.items()]


def _seed_tests(problems: Sequence[ComparedProblem], query: ComparisonQuery) -> list[list[PairedTest]]:
    """The tests over seeds, by problem; those of all problems are one family."""
    found = [
        (place, over_seeds(problem, match, query.metric))
        for place, problem in enumerate(problems)
        for match in matches([problem], query.baseline)
    ]
    tests = run_tests([pairs for _, pairs in found], "seed", query)
    by_problem: list[list[PairedTest]] = [[] for _ in problems]
    for (place, _), test in zip(found, tests, strict=True):
        by_problem[place].append(test)
    return by_problem


def _notes(problems: Sequence[ComparedProblem], too_much: str | None, *, lacks_tests: bool) -> Iterator[str]:
    settings = [setting for problem in problems for setting in problem.settings.values()]
    if not any(setting.runs for setting in settings):
        yield "No trial has ended with a result, so there is nothing to compare yet."
    if any(problem.mini_batches for problem in problems):
        yield (
            "Each loss is that of a single mini-batch; the trials' metrics tell how the models do on the whole "
            "training and test parts."
        )
    if any(setting.varies for setting in settings) or _vary_between(settings):
        yield "Some labels stand for different settings in different jobs."
    if repeated := sum(problem.repeated for problem in problems):
        yield f"Trials left out, as an earlier job has the same setting and seed on the same problem: {repeated}."
    if lacks_tests:
        yield "No setting with AYLA has the one that it is built on beside it; name a baseline to have tests."
    if too_much is not None:
        yield f"{too_much} are too many to read, so there are no areas under curves and no profiles."


def _notes_on_effects(results: Sequence[ProblemResult]) -> Iterator[str]:
    for result in results:
        where = f"On {result.problem.title}: " if len(results) > 1 else ""
        yield from (f"{where}{note}" for note in notes_on_effects(result.summaries))


def _vary_between(settings: Sequence[ComparedSetting]) -> bool:
    """Whether a label has different settings on different problems."""
    first: dict[str, ComparedSetting] = {}
    return any(
        nameless(first.setdefault(setting.label, setting).optimizer) != nameless(setting.optimizer)
        for setting in settings
    )


def job_comparison(found: ComparisonResult) -> JobComparison:
    """The answer for a comparison of one job."""
    job, result = found.jobs[0], found.results[0]
    optimizers, pairs = result.summaries, _pairs(result.tests, found.query)
    return JobComparison(**_common(found), job_id=job.id, state=job.state, optimizers=optimizers, pairs=pairs)


def jobs_comparison(found: ComparisonResult) -> JobsComparison:
    """The answer for a comparison of several jobs."""
    problems = [_problem_comparison(result, found.query) for result in found.results]
    pairs = _pairs(found.tests, found.query)
    return JobsComparison(**_common(found), jobs=found.jobs, problems=problems, pairs=pairs)


def _problem_comparison(result: ProblemResult, query: ComparisonQuery) -> ProblemComparison:
    return ProblemComparison(
        title=result.problem.title,
        steps=result.problem.steps,
        dtype=result.problem.dtype,
        job_ids=result.problem.job_ids,
        optimizers=result.summaries,
        pairs=_pairs(result.tests, query),
    )


def _common(found: ComparisonResult) -> dict[str, Any]:
    return asdict(found.query) | {"notes": found.notes, "profile": found.profile}


def _pairs(tests: Iterable[PairedTest], query: ComparisonQuery) -> list[PairComparison]:
    return [pair_comparison(test, query) for test in tests]
