"""What came of a protocol, as the API answers it."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ayla_service.comparison.equal_budget_answers import ends, equal_budgets
from ayla_service.comparison.expected_best import expected_best
from ayla_service.comparison.metrics import in_words, more_is_better
from ayla_service.comparison.paired_tests import PairedTest
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.protocol_request import SelectionRule
from ayla_service.comparison.protocol_schemas import (
    ArmPair,
    ArmResult,
    ArmsOnProblem,
    ProtocolResult,
    TunedSetting,
)
from ayla_service.comparison.qualifications import qualifications, weaknesses, with_qualifications
from ayla_service.comparison.query import ComparisonQuery, Metric
from ayla_service.comparison.sensitivity import divergence, sensitivity
from ayla_service.comparison.sensitivity_schemas import BestOfSettings, SensitivitySeries
from ayla_service.comparison.shown import MOST_SETTINGS
from ayla_service.comparison.summaries import summarize
from ayla_service.comparison.tuned_arms import ProtocolOutcome, TunedProblem
from ayla_service.comparison.tuning import TriedSetting, TunedArm
from ayla_service.comparison.verdicts import pair_comparison


def protocol_result(outcome: ProtocolOutcome, query: ComparisonQuery) -> ProtocolResult:
    """The answer for a comparison with a protocol."""
    protocol, problems = outcome.protocol, outcome.problems
    return ProtocolResult(
        select=SelectionRule(metric=protocol.metric),
        tuning_seeds=list(protocol.tuning_seeds),
        confirm_seeds=list(protocol.confirm_seeds),
        shared_seeds=protocol.both,
        problems=[_on_problem(place, one, protocol, query) for place, one in enumerate(problems)],
        pairs=[_pair(test, problems, protocol, query) for test in outcome.tests],
        notes=list(_notes(outcome)),
    )


def shown_settings(tried: list[tuple[str, TriedSetting]]) -> list[tuple[str, TriedSetting]]:
    """The settings that an answer lists, each with its arm: of very many the best of their arms, in their order."""
    if len(tried) <= MOST_SETTINGS:
        return tried
    ranks = np.array([math.inf if one.rank is None else one.rank for _, one in tried])
    return [tried[place] for place in np.sort(np.argsort(ranks, kind="stable")[:MOST_SETTINGS]).tolist()]


def _notes(outcome: ProtocolOutcome) -> Iterator[str]:
    for tuned in outcome.problems:
        count = sum(len(arm.tried) for arm in tuned.arms.values())
        if count > MOST_SETTINGS:
            yield (
                f"Of {count} settings that were tuned {MOST_SETTINGS} are listed, the best of each arm, and the "
                "sensitivity is that of these; GET /v1/jobs/{id}/sensitivity tells it of all."
            )
        if tuned.unknown is not None:
            where = f"On {tuned.confirmation.title}: " if len(outcome.problems) > 1 else ""
            yield f"{where}Nothing can be selected by the {in_words(tuned.metric)}: {tuned.unknown}."
    if not outcome.has_matches:
        yield "No arm with AYLA has the arm that it is built on beside it; name an arm as baseline to have tests."


def _on_problem(place: int, tuned: TunedProblem, protocol: Protocol, query: ComparisonQuery) -> ArmsOnProblem:
    tried = shown_settings([(arm.name, one) for arm in tuned.arms.values() for one in arm.tried])
    return ArmsOnProblem(
        problem=place,
        select_metric=tuned.metric,
        more_is_better=more_is_better(tuned.metric),
        arms=[_arm(tuned, arm, protocol, query) for arm in tuned.arms.values()],
        settings=[_setting(name, one, tuned.metric) for name, one in tried],
        sensitivity=_sensitivity(tried, tuned.metric),
        pairs=[_pair(test, [tuned], protocol, query) for test in tuned.tests],
    )


def _pair(test: PairedTest, problems: Sequence[TunedProblem], protocol: Protocol, query: ComparisonQuery) -> ArmPair:
    """A test of two arms, with what qualifies it on the problems that have both."""
    match = test.match
    found = [
        (one.arms[match.label], one.arms[match.base_label])
        for one in problems
        if {match.label, match.base_label} <= one.arms.keys()
    ]
    said = qualifications(match, found, protocol)
    plain = pair_comparison(test, query, problems[0].confirmation if test.unit == "seed" else None)
    values = plain.model_dump() | {"verdict": with_qualifications(said, plain.verdict)}
    budgets, base_budgets = ([pair[side].budget for pair in found] for side in (0, 1))
    return ArmPair(
        **values,
        budgets=ends(budgets),
        base_budgets=ends(base_budgets),
        qualifications=said,
        equal_budgets=equal_budgets(match, test.unit, problems, query),
    )


def _arm(tuned: TunedProblem, arm: TunedArm, protocol: Protocol, query: ComparisonQuery) -> ArmResult:
    problem, metric = tuned.confirmation, tuned.metric
    selected, different = arm.selected, [one for one in arm.tried if one.copy_of is None]
    values = [one.value for one in arm.tried if one.counts and one.value is not None]
    return ArmResult(
        arm=arm.name,
        budget=arm.budget,
        copies=len(arm.tried) - len(different),
        incomplete=len(arm.incomplete),
        divergence=divergence([one.diverged for one in different], [len(one.seeds) for one in different]),
        selected=None if selected is None else selected.setting.label,
        tied=sum(one.counts and one.rank == 1 for one in arm.tried),
        tuning_value=None if selected is None else shown(selected.value, metric),
        tuning_seeds=0 if selected is None else len(selected.seeds),
        confirmation=None if selected is None else summarize(problem, arm.confirmation, query),
        missing_seeds=list(arm.missing),
        expected_best=[_shown_best(one, metric) for one in expected_best(values, query.confidence)] if values else [],
        notes=weaknesses(arm, protocol),
    )


def _setting(arm: str, one: TriedSetting, metric: Metric) -> TunedSetting:
    return TunedSetting(
        arm=arm,
        label=one.setting.label,
        value=shown(one.value, metric),
        seeds=len(one.seeds),
        diverged=one.diverged,
        confirmed=shown(one.confirmed, metric),
        rank=one.rank,
        copy_of=one.copy_of,
    )


def _sensitivity(tried: Sequence[tuple[str, TriedSetting]], metric: Metric) -> list[SensitivitySeries]:
    """By learning rate, arm by arm, of the settings that have a value; places are among all of them."""
    places = [place for place, (_, one) in enumerate(tried) if one.value is not None]
    known = [tried[place] for place in places]
    rates = [float(one.setting.optimizer["learning_rate"]) for _, one in known]
    values = [math.inf if one.value is None else one.value for _, one in known]
    return [
        series.model_copy(
            update={
                "points": [
                    point.model_copy(
                        update={
                            "best_place": places[point.best_place],
                            "best": shown(point.best, metric),
                            "median": shown(point.median, metric),
                        }
                    )
                    for point in series.points
                ]
            }
        )
        for series in sensitivity(rates, values, [name for name, _ in known])
    ]


def _shown_best(best: BestOfSettings, metric: Metric) -> BestOfSettings:
    band = (shown(best.low, metric), shown(best.high, metric))
    low, high = reversed(band) if more_is_better(metric) else band
    update = {"expected": shown(best.expected, metric), "median": shown(best.median, metric), "low": low, "high": high}
    return best.model_copy(update=update)


def shown(value: float | None, metric: Metric) -> float | None:
    """A value as it is shown: accuracies, of which less is better inside, are negated back."""
    return -value if value is not None and more_is_better(metric) else value
