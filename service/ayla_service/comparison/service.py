"""Comparison of the optimizers of a team's jobs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ayla_spec.optimizers.base import nameless

from ayla_service.comparison import curves
from ayla_service.comparison.aggregate_schemas import AggregatedPair
from ayla_service.comparison.aggregates import aggregate
from ayla_service.comparison.arms import arm_matches, arms_of
from ayla_service.comparison.effects import copies, notes_on_effects
from ayla_service.comparison.loading import ComparisonData, load
from ayla_service.comparison.matched_tests import problem_tests, seed_tests
from ayla_service.comparison.metrics import choose_metrics, default_metric, is_to_target
from ayla_service.comparison.paired_tests import PairedTest
from ayla_service.comparison.pairs import Match, matches
from ayla_service.comparison.profile_schemas import Profiles
from ayla_service.comparison.profiles import profile
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.qualifications import numbers
from ayla_service.comparison.query import TOO_LONG, ComparisonQuery
from ayla_service.comparison.recorded import notes_on_metrics
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, labels_of
from ayla_service.comparison.schemas import (
    ComparedJob,
    ComparedOptimizer,
)
from ayla_service.comparison.shown import has_too_many, notes_on_many, shown_part
from ayla_service.comparison.summaries import summarize
from ayla_service.comparison.tuned_arms import ProtocolOutcome, follow
from ayla_service.computing_time import ComputingTime
from ayla_service.db.session import Database
from ayla_service.errors import ComparisonTooLarge, InvalidQuery
from ayla_service.team_slots import TeamSlots
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
        outcome: of the protocol, which then has all statements; None without one.
        aggregates: over all problems and seeds; empty where there is one problem only.
    """

    query: ComparisonQuery
    jobs: list[ComparedJob]
    results: list[ProblemResult]
    tests: list[PairedTest]
    profile: Profiles | None
    notes: list[str]
    outcome: ProtocolOutcome | None = None
    aggregates: list[AggregatedPair] = field(default_factory=list)


class ComparisonService:
    """Compares the optimizers of jobs; changes nothing.

    Args:
        database: the store.
        slots: how many of each team's are computed at once, beside other large answers; None: apart from others.
    """

    def __init__(self, database: Database, slots: TeamSlots | None = None) -> None:
        self._database = database
        self._slots = slots or TeamSlots()

    def compare(
        self, principal: Principal, job_ids: Sequence[str], query: ComparisonQuery, protocol: Protocol | None = None
    ) -> ComparisonResult:
        """Compare the optimizer settings of one job or of several; with a protocol, arms of settings.

        Trials without a result are left out and counted. Settings are matched by label.

        Raises:
            JobNotFound: if the caller's team lacks one of the jobs.
            InvalidQuery: if the query does not fit the jobs; the parameter is that of the query.
            ComparisonTooLarge: if there is more to read than one comparison may, or if it takes too long.
            TeamBusy: if as many are computed for the team as may be.
        """
        _refuse_missing_target(query, protocol)
        with self._slots.computing(principal.team_id, TOO_LONG) as time:
            return self._compared(principal, job_ids, query, protocol, time)

    def _compared(
        self,
        principal: Principal,
        job_ids: Sequence[str],
        query: ComparisonQuery,
        protocol: Protocol | None,
        time: ComputingTime,
    ) -> ComparisonResult:
        with self._database.read() as session:
            data = load(session, principal, job_ids, time, query.minimum)
            choose_metrics(data.problems, query)
            _refuse_unknown_baseline(data.problems, query, protocol)
            refuse_unknown_seeds(data.problems, None if protocol is None else protocol.tuning_seeds)
            _refuse_one_minimum_of_several(data.problems, query)
            too_much = curves.too_much(session, data.problems)
            _refuse_unreadable(data.problems, too_much, query, protocol)
            curves.read_curves(session, data.problems, time, query.target, too_much, query.targets)
        if protocol is None:
            return _comparison(query, data, too_much, time)
        return _comparison_of_arms(query, protocol, data, too_much, time)


def _refuse_missing_target(query: ComparisonQuery, protocol: Protocol | None) -> None:
    asked = (query.metric, None if protocol is None else protocol.metric)
    for metric in asked if query.target is None else ():
        if metric is not None and is_to_target(metric):
            raise InvalidQuery("target", f"Required for the metric '{metric}': the value to reach.")


def _refuse_unknown_baseline(
    problems: Sequence[ComparedProblem], query: ComparisonQuery, protocol: Protocol | None
) -> None:
    names = labels_of(problems) if protocol is None else list(arms_of(problems))
    if query.baseline is not None and query.baseline not in names:
        what = "No optimizer has the label" if protocol is None else "There is no arm"
        known = ", ".join(f"'{name}'" for name in names[:20]) + (", …" if len(names) > 20 else "")
        raise InvalidQuery("baseline", f"{what} '{query.baseline[:64]}'; there are {known}.")


def refuse_unknown_seeds(problems: Sequence[ComparedProblem], tuning_seeds: Sequence[int] | None) -> None:
    """Refuse tuning seeds of which no trial has any, as those of a typing error.

    Raises:
        InvalidQuery: if none has.
    """
    there = set().union(*(problem.seeds for problem in problems))
    if tuning_seeds is not None and there.isdisjoint(tuning_seeds):
        detail = f"No trial of these jobs has one of these seeds; there are {numbers(sorted(there))}."
        raise InvalidQuery("tuning_seeds", detail)


def _refuse_one_minimum_of_several(problems: Sequence[ComparedProblem], query: ComparisonQuery) -> None:
    if query.minimum is not None and len(problems) > 1:
        detail = f"One minimum cannot be that of {len(problems)} problems; leave it out, or compare them one by one."
        raise InvalidQuery("minimum", detail)


def _refuse_unreadable(
    problems: Sequence[ComparedProblem], found: curves.TooMuch, query: ComparisonQuery, protocol: Protocol | None
) -> None:
    """Refuse what needs more to be read than is read."""
    for problem in problems:
        needed = found.of(problem) if query.target is not None else None
        metrics = {problem.metric, None if protocol is None else protocol.metric}
        if needed is None and "area_under_curve" in metrics:
            needed = found.trajectories
        if needed is not None:
            advice = f"Compare by {default_metric(problem)} without a target, or name fewer jobs."
            raise ComparisonTooLarge(*needed, advice)


def _comparison(
    query: ComparisonQuery, data: ComparisonData, too_much: curves.TooMuch, time: ComputingTime
) -> ComparisonResult:
    every, problems = data.problems, list(map(shown_part, time.over(data.problems)))
    is_cut = any(map(has_too_many, every))
    found = [] if is_cut else matches(problems, query.baseline)
    firsts = [copies(problem) for problem in time.over(problems)]
    matched = [[] if is_cut else matches([problem], query.baseline) for problem in problems]
    tests = seed_tests(problems, firsts, matched, query, time)
    results = [
        ProblemResult(problem, _summaries(problem, firsts[place], query, time), tests[place])
        for place, problem in enumerate(problems)
    ]
    return ComparisonResult(
        query=query,
        jobs=data.jobs,
        results=results,
        tests=problem_tests(problems, firsts, found, query, time) if len(problems) > 1 else [],
        aggregates=_aggregates(problems, found, query, time),
        profile=_profile(problems, query, too_much),
        notes=[
            *_notes(every, lacks_tests=not found and query.baseline is None and not is_cut),
            *notes_on_many(every, "there are no pairs: name a protocol, which compares the best of each arm"),
            *_notes_on_reading(too_much),
            *_notes_on_effects(results),
        ],
    )


def _comparison_of_arms(
    query: ComparisonQuery,
    protocol: Protocol,
    data: ComparisonData,
    too_much: curves.TooMuch,
    time: ComputingTime,
) -> ComparisonResult:
    """All settings on all their seeds as summaries alone; what is stated, and profiles, are of arms.

    Copies are counted arm by arm, so that no notes tell of them.
    """
    problems = data.problems
    parts = list(map(shown_part, problems))
    results = [ProblemResult(problem, _summaries(problem, copies(problem), query, time), []) for problem in parts]
    outcome = follow(protocol, problems, query, time)
    confirmations = [one.confirmation for one in outcome.problems]
    return ComparisonResult(
        query=query,
        jobs=data.jobs,
        results=results,
        tests=[],
        aggregates=_aggregates(confirmations, arm_matches(problems, query.baseline), query, time),
        profile=_profile(confirmations, query, too_much),
        notes=[
            "Settings are selected on the tuning seeds, and arms compared on the confirmation seeds: see 'protocol'.",
            *_notes(problems, lacks_tests=False),
            *notes_on_many(problems, "all of them are tuned"),
            *_notes_on_reading(too_much),
        ],
        outcome=outcome,
    )


def _aggregates(
    problems: Sequence[ComparedProblem], matched: Sequence[Match], query: ComparisonQuery, time: ComputingTime
) -> list[AggregatedPair]:
    return [aggregate(problems, match, query) for match in time.over(matched)] if len(problems) > 1 else []


def _profile(problems: Sequence[ComparedProblem], query: ComparisonQuery, too_much: curves.TooMuch) -> Profiles | None:
    unread = any(too_much.of(problem) for problem in problems)
    return None if unread else profile(problems, query)


def _summaries(
    problem: ComparedProblem, first: Mapping[str, str], query: ComparisonQuery, time: ComputingTime
) -> list[ComparedOptimizer]:
    settings = time.over(problem.settings.items())
    return [summarize(problem, setting, query, first.get(label)) for label, setting in settings]


def _notes(problems: Sequence[ComparedProblem], *, lacks_tests: bool) -> Iterator[str]:
    settings = [setting for problem in problems for setting in problem.settings.values()]
    if not any(len(setting.runs) for setting in settings):
        yield "No trial has ended with a result, so there is nothing to compare yet."
    yield from notes_on_metrics(problems)
    if any(setting.varies for setting in settings) or _vary_between(settings):
        yield "Some labels stand for different settings in different jobs."
    if repeated := sum(problem.repeated for problem in problems):
        yield f"Trials left out, as an earlier job has the same setting and seed on the same problem: {repeated}."
    if lacks_tests:
        yield "No setting with AYLA has the one that it is built on beside it; name a baseline to have tests."


def _notes_on_reading(found: curves.TooMuch) -> Iterator[str]:
    """What was too much to be read, and how much is."""
    for excess, lost in ((found.trajectories, "areas under curves"), (found.metrics, "steps to targets")):
        if excess is not None:
            yield f"{excess[0]} are too many to read, so there are no {lost} or profiles; at most {excess[1]} are."


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
