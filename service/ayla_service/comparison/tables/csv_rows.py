"""A comparison as one CSV table for programs: every digit of every number."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from ayla_service.comparison.aggregate_schemas import AggregatedPair, EstimateOverProblems
from ayla_service.comparison.jobs_schemas import JobsComparison
from ayla_service.comparison.metrics import more_is_better
from ayla_service.comparison.schemas import ComparedOptimizer, ConfidenceInterval, PairComparison
from ayla_service.comparison.tables.numbers import ends
from ayla_service.comparison.tables.rows import OptimizerRow, PairRow, heading, optimizer_rows, pair_rows
from ayla_service.trials.formats import escape_formulas

Value = str | float | None

COLUMNS = (
    *("row", "problem", "metric", "more_is_better", "label", "against", "selected", "settings"),
    *("seeds", "runs", "diverged", "unfinished", "not_recorded", "unreached", "wins", "losses", "ties"),
    *("value", "low", "high", "coverage", "best", "p_value", "p_adjusted", "rank_p_value", "rank_p_adjusted"),
    *("tests", "family", "outcome", "statement"),
)


def comparison_csv(answer: JobsComparison) -> str:
    """One line for each optimizer or arm, pair, number over all problems, and note; ``row`` says which.

    ``value`` is the median, the median difference, or the number over all problems. What does not apply is empty, and
    what is infinite is inf or -inf. No text is a formula to a spreadsheet that opens it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = [*_rows(answer)]
    writer.writerows(zip(*(_fields([row.get(name) for row in rows]) for name in COLUMNS), strict=True))
    return text.getvalue()


def _rows(answer: JobsComparison) -> Iterator[Mapping[str, Value]]:
    yield from map(_optimizer, optimizer_rows(answer))
    yield from map(_pair, pair_rows(answer))
    for pair in answer.aggregates:
        yield from (
            _aggregate(pair, name, estimate)
            for name, estimate in (
                ("improvement", pair.improvement),
                ("interquartile_mean", pair.interquartile_mean),
            )
            if estimate is not None
        )
    notes = [*(answer.protocol.notes if answer.protocol is not None else ()), *answer.notes]
    yield from ({"row": "note", "statement": note} for note in notes)


def _optimizer(row: OptimizerRow) -> Mapping[str, Value]:
    return {
        "row": "optimizer" if row.arm is None else "arm",
        "problem": heading(row.problem),
        "metric": row.problem.metric,
        "more_is_better": row.problem.more_is_better,
        "label": row.label,
        **({} if row.arm is None else {"selected": row.arm.selected, "settings": row.arm.budget}),
        **({} if row.optimizer is None else _over_seeds(row.optimizer)),
    }


def _over_seeds(optimizer: ComparedOptimizer) -> Mapping[str, Value]:
    counts = ("seeds", "runs", "diverged", "unfinished", "not_recorded")
    found: dict[str, Value] = {name: getattr(optimizer, name) for name in counts}
    found["statement"] = " ".join(optimizer.notes)
    if (value := optimizer.value) is None:
        return found
    best = value.max if value.more_is_better else value.min
    return {**found, "value": value.median, "best": best, **_interval(value.interval)}


def _pair(row: PairRow) -> Mapping[str, Value]:
    pair = row.pair
    return {
        "row": "pair",
        "problem": None if row.problem is None else heading(row.problem),
        "metric": row.metric,
        "more_is_better": None if row.metric is None else more_is_better(row.metric),
        "label": pair.label,
        "against": pair.base_label,
        "runs": pair.pairs,
        **{name: getattr(pair, name) for name in ("not_recorded", "unreached", "wins", "losses", "ties")},
        "value": pair.median_difference,
        **_interval(pair.interval),
        **_tests(pair),
        "outcome": pair.outcome,
        "statement": " ".join(row.statements),
    }


def _tests(pair: PairComparison) -> Mapping[str, Value]:
    found: dict[str, Value] = {"tests": pair.tests or None, "family": pair.family}
    for name, test in (("", pair.sign_test), ("rank_", pair.rank_test)):
        if test is not None:
            found |= {f"{name}p_value": test.p_value, f"{name}p_adjusted": test.adjusted}
    return found


def _aggregate(pair: AggregatedPair, name: str, estimate: EstimateOverProblems) -> Mapping[str, Value]:
    found: dict[str, Value] = {"row": name, "label": pair.label, "against": pair.base_label, "runs": estimate.pairs}
    found |= {"value": estimate.value, "statement": pair.statement}
    asked = estimate.interval
    return found if asked is None else found | {"low": asked.low, "high": asked.high}


def _interval(interval: ConfidenceInterval | None) -> Mapping[str, Value]:
    if interval is None:
        return {}
    low, high = ends(interval)
    return {"low": low, "high": high, "coverage": interval.coverage}


def _fields(values: Sequence[Value]) -> list[str]:
    """A column as it is written."""
    texts = escape_formulas(pa.array([value if isinstance(value, str) else None for value in values], pa.string()))
    return [_number(value) if text is None else text for value, text in zip(values, texts.to_pylist(), strict=True)]


def _number(value: Value) -> str:
    """Every digit; nothing where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).lower() if isinstance(value, bool) else repr(value)
