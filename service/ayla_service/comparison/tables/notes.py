"""What stands below the tables of a comparison: how it was measured, how sure it is, and what is not known."""

from collections.abc import Iterable, Iterator, Sequence

from ayla_service.comparison.distributions import percent
from ayla_service.comparison.jobs_schemas import JobsComparison
from ayla_service.comparison.metrics import direction, in_words, is_to_target
from ayla_service.comparison.protocol_schemas import ProtocolResult
from ayla_service.comparison.qualifications import numbers
from ayla_service.comparison.schemas import ProblemComparison
from ayla_service.comparison.tables.rows import OptimizerRow, PairRow
from ayla_service.typography import MINUS

_RELATIVE = f"(a {MINUS} b) / (|a| + |b|)"


def on_optimizers(answer: JobsComparison, rows: Sequence[OptimizerRow]) -> Iterator[str]:
    """On the optimizers, or arms: what is measured, and the notes of the whole answer."""
    yield f"Metric: {'; '.join(_distinct(_measured(problem, answer) for problem in answer.problems))}."
    yield (
        f"Intervals go from one value to another and cover the median in at least {percent(answer.confidence)} of "
        "cases, exactly in the share that stands with them whatever the distribution; ties make it more. What diverged "
        "counts as the worst result."
    )
    found = [row.optimizer.value for row in rows if row.optimizer is not None and row.optimizer.value is not None]
    yield from _no_intervals([value.no_interval for value in found])
    if answer.protocol is not None:
        yield _selection(answer.protocol)
        yield from answer.protocol.notes
    yield from answer.notes


def on_pairs(answer: JobsComparison, rows: Sequence[PairRow]) -> Iterator[str]:
    """On the pairs: what differences, p-values and verdicts are."""
    yield "W / L / T: wins, losses and ties of the first."
    yield from _differences(rows)
    yield from _no_intervals([row.pair.no_interval for row in rows])
    if not any(row.pair.sign_test for row in rows):
        return
    families = _distinct(row.pair.family for row in rows if row.pair.family and row.pair.tests > 1)
    corrected = f"; p (Holm): corrected for {' and for '.join(families)}" if families else ""
    yield f"p: exact two-sided sign test on wins and losses{corrected}."
    level = round(1 - answer.confidence, 9)
    yield f"The verdict is better or worse where {'p (Holm)' if families else 'p'} is below {level:g}, else undecided."


def on_aggregates(answer: JobsComparison) -> Iterator[str]:
    """On the pairs over all problems and seeds."""
    yield (
        "Probability of improvement: that a run of the first has a better value than a run of the second on the same "
        f"problem. Interquartile mean: of the relative differences {_RELATIVE} of equal seeds, "
        f"{_sign_over_problems(answer)}."
    )
    yield f"Intervals are for {percent(answer.confidence)}, about these problems with other seeds."
    estimates = [one for pair in answer.aggregates for one in (pair.improvement, pair.interquartile_mean)]
    yield from _no_intervals([one.no_interval for one in estimates if one is not None])


def _measured(problem: ProblemComparison, answer: JobsComparison) -> str:
    said = f"{in_words(problem.metric)} ({direction(problem.metric)})"
    if is_to_target(problem.metric) and answer.target is not None:
        said += f", the target being {in_words(problem.target_metric)} {answer.target:g}"
    return said


def _selection(protocol: ProtocolResult) -> str:
    metrics = ", ".join(_distinct(in_words(there.select_metric) for there in protocol.problems))
    return (
        f"Selected: the setting of each arm with the best median {metrics} over the tuning seeds "
        f"{numbers(protocol.tuning_seeds)}, among as many as 'settings' says. All other numbers are of the "
        f"confirmation seeds {numbers(protocol.confirm_seeds)}."
    )


def _differences(rows: Sequence[PairRow]) -> Iterator[str]:
    on_seeds = [row for row in rows if row.pair.unit == "seed"]
    if on_seeds:
        yield "Difference: median of the first minus the second on equal seeds."
    if any(row.metric == "gap" for row in on_seeds):
        yield "Differences of gaps are those of their decimal logarithms."
    if len(on_seeds) < len(rows):
        yield (
            "Over problems a pair is a problem, by the medians over its seeds, and differences are relative: "
            f"{_RELATIVE}."
        )


def _sign_over_problems(answer: JobsComparison) -> str:
    return "above 0 if the first is better" if answer.more_is_better else "below 0 if the first is better"


def _no_intervals(reasons: Iterable[str | None]) -> Iterator[str]:
    yield from (f"Without an interval: {reason}." for reason in _distinct(reason for reason in reasons if reason))


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
