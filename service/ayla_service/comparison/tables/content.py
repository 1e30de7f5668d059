"""Tables of a comparison before they are written in a format: columns, cells, captions and notes."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from ayla_service.comparison.aggregate_schemas import AggregatedPair, EstimateOverProblems
from ayla_service.comparison.distributions import percent
from ayla_service.comparison.jobs_schemas import JobsComparison
from ayla_service.comparison.metrics import METRIC_KINDS, in_words, is_to_target
from ayla_service.comparison.schemas import ConfidenceInterval, Distribution
from ayla_service.comparison.tables import notes
from ayla_service.comparison.tables.numbers import Number, ends, last_place
from ayla_service.comparison.tables.rows import OptimizerRow, PairRow, heading, optimizer_rows, pair_rows

Cell = tuple[str | Number, ...]
"""Texts and numbers, one after the other."""

NOTHING: Cell = ("–",)

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column: its header, what it has of a row, and whether that is words, which begin at the left."""

    header: str
    cell: Callable[[Row], Cell]
    words: bool = False


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table.

    Attributes:
        name: as a part of a label.
        caption: above it.
        headers: of its columns.
        words: which columns are words.
        rows: as long as the headers.
        notes: below it.
        statements: verdicts on it, whole sentences.
    """

    name: str
    caption: str
    headers: list[str]
    words: list[bool]
    rows: list[list[Cell]]
    notes: list[str]
    statements: list[str] = field(default_factory=list)


def tables_of(answer: JobsComparison) -> list[PaperTable]:
    """The optimizers or arms, their pairs, and the pairs over all problems; those that have rows."""
    tables = [_optimizers(answer), _pairs(answer), _aggregates(answer)]
    return [tables[0], *(table for table in tables[1:] if table.rows)]


def _table(
    name: str, caption: str, columns: Sequence[Column[Row]], rows: Sequence[Row], said: Iterable[str], **more: list[str]
) -> PaperTable:
    cells = [[column.cell(row) for column in columns] for row in rows]
    headers, words = [one.header for one in columns], [one.words for one in columns]
    return PaperTable(name, caption, headers, words, cells, [*said], **more)


def _optimizers(answer: JobsComparison) -> PaperTable:
    rows = optimizer_rows(answer)
    judged = "What each problem is judged by" if answer.metric == "by_problem" else METRIC_KINDS[answer.metric].title
    over = "the confirmation seeds" if answer.protocol is not None else "the seeds"
    caption = f"{judged}: medians over {over}"
    return _table("optimizers", caption, _optimizer_columns(answer, rows), rows, notes.on_optimizers(answer, rows))


def _optimizer_columns(answer: JobsComparison, rows: Sequence[OptimizerRow]) -> list[Column[OptimizerRow]]:
    found = [row.optimizer for row in rows if row.optimizer is not None]
    what = "optimizer" if answer.protocol is None else "arm"
    columns = [*_problem_columns(answer), Column(what, lambda row: (row.label,), words=True)]
    if answer.protocol is not None:
        columns += [Column("selected", _selected, words=True), Column("settings", _budget)]
    columns += [Column("median", _median), Column("interval (covers)", _interval_of_median), Column("best", _best)]
    columns.append(Column("seeds", lambda row: _count(row, "seeds")))
    if any(one.runs != one.seeds for one in found):
        columns.append(Column("runs", lambda row: _count(row, "runs")))
    columns.append(Column("diverged", lambda row: _count(row, "diverged")))
    if any(is_to_target(problem.metric) for problem in answer.problems):
        columns.append(Column("reached", _reached))
    if any(one.not_recorded for one in found):
        columns.append(Column("not recorded", lambda row: _count(row, "not_recorded")))
    if any(one.unfinished for one in found):
        columns.append(Column("unfinished", lambda row: _count(row, "unfinished")))
    return columns


def _problem_columns(answer: JobsComparison) -> list[Column[OptimizerRow]]:
    """Which problem, where there are several, and by what it is judged, where they differ in it."""
    columns: list[Column[OptimizerRow]] = []
    if len(answer.problems) > 1:
        columns.append(Column("problem", lambda row: (heading(row.problem),), words=True))
    if answer.metric == "by_problem":
        columns.append(Column("metric", lambda row: (in_words(row.problem.metric),), words=True))
    return columns


def _selected(row: OptimizerRow) -> Cell:
    return NOTHING if row.arm is None or row.arm.selected is None else (row.arm.selected,)


def _budget(row: OptimizerRow) -> Cell:
    return NOTHING if row.arm is None else (str(row.arm.budget),)


def _count(row: OptimizerRow, name: str) -> Cell:
    return ("0",) if row.optimizer is None else (str(getattr(row.optimizer, name)),)


def _value(row: OptimizerRow) -> Distribution | None:
    return None if row.optimizer is None else row.optimizer.value


def _median(row: OptimizerRow) -> Cell:
    value = _value(row)
    if value is None:
        return ("not recorded",) if row.optimizer is not None and row.optimizer.seeds else NOTHING
    return _number(value.median, value)


def _best(row: OptimizerRow) -> Cell:
    value = _value(row)
    return NOTHING if value is None else _number(value.max if value.more_is_better else value.min, value)


def _number(number: float | None, value: Distribution) -> Cell:
    """A number with the places of its median; null is the worst there is."""
    worst = -math.inf if value.more_is_better else math.inf
    shown, median = (worst if one is None else one for one in (number, value.median))
    return (Number(shown, last_place(median, value.interval)),)


def _interval_of_median(row: OptimizerRow) -> Cell:
    value = _value(row)
    if value is None or value.interval is None:
        return NOTHING
    median = _number(value.median, value)[0]
    return _interval(value.interval, median.place if isinstance(median, Number) else None)


def _interval(interval: ConfidenceInterval | None, place: int | None, *, signed: bool = False) -> Cell:
    if interval is None:
        return NOTHING
    low, high = (Number(end, place, signed=signed) for end in ends(interval))
    return (low, " to ", high, f" ({percent(round(interval.coverage, 3))})")


def _reached(row: OptimizerRow) -> Cell:
    value = _value(row)
    return NOTHING if value is None or not is_to_target(row.problem.metric) else (f"{value.finite} of {value.values}",)


def _pairs(answer: JobsComparison) -> PaperTable:
    rows = pair_rows(answer)
    caption = f"{'Arms' if answer.protocol is not None else 'Optimizers'} against each other, pair by pair"
    said = [statement for row in rows for statement in row.statements]
    return _table("pairs", caption, _pair_columns(answer, rows), rows, notes.on_pairs(answer, rows), statements=said)


def _pair_columns(answer: JobsComparison, rows: Sequence[PairRow]) -> list[Column[PairRow]]:
    columns: list[Column[PairRow]] = []
    if len(answer.problems) > 1:
        columns.append(Column("problem", lambda row: (_where(row, answer),), words=True))
    columns += [
        Column("optimizer" if answer.protocol is None else "arm", lambda row: (row.pair.label,), words=True),
        Column("against", lambda row: (row.pair.base_label,), words=True),
        Column("W / L / T", lambda row: (f"{row.pair.wins} / {row.pair.losses} / {row.pair.ties}",)),
    ]
    if any(row.pair.unreached for row in rows):
        columns.append(Column("neither reached", lambda row: (str(row.pair.unreached),)))
    if any(row.pair.not_recorded for row in rows):
        columns.append(Column("not recorded", lambda row: (str(row.pair.not_recorded),)))
    columns += [Column("difference", _difference), Column("interval (covers)", _interval_of_difference)]
    columns.append(Column("p", lambda row: _p_value(row, "p_value")))
    if any(row.pair.tests > 1 for row in rows):
        columns.append(Column("p (Holm)", lambda row: _p_value(row, "adjusted")))
    return [*columns, Column("verdict", _verdict, words=True)]


def _where(row: PairRow, answer: JobsComparison) -> str:
    return f"over {len(answer.problems)} problems" if row.problem is None else heading(row.problem)


def _difference(row: PairRow) -> Cell:
    difference = row.pair.median_difference
    if difference is None or math.isnan(difference):
        return NOTHING
    return (Number(difference, last_place(difference, row.pair.interval), signed=True),)


def _interval_of_difference(row: PairRow) -> Cell:
    difference = row.pair.median_difference
    middle = math.inf if difference is None else difference
    return _interval(row.pair.interval, last_place(middle, row.pair.interval), signed=True)


def _p_value(row: PairRow, name: Literal["p_value", "adjusted"]) -> Cell:
    test = row.pair.sign_test
    return NOTHING if test is None else (Number(getattr(test, name), digits=2),)


def _verdict(row: PairRow) -> Cell:
    outcome = row.pair.outcome.replace("_", " ")
    return (f"{outcome}; with {'; '.join(row.qualifications)}" if row.qualifications else outcome,)


def _aggregates(answer: JobsComparison) -> PaperTable:
    columns: list[Column[AggregatedPair]] = [
        Column("optimizer" if answer.protocol is None else "arm", lambda pair: (pair.label,), words=True),
        Column("against", lambda pair: (pair.base_label,), words=True),
        Column("probability of improvement", lambda pair: _estimate(pair.improvement)),
        Column("interval", lambda pair: _nominal(pair.improvement)),
        Column("interquartile mean", lambda pair: _estimate(pair.interquartile_mean, signed=True)),
        Column("interval", lambda pair: _nominal(pair.interquartile_mean, signed=True)),
    ]
    caption = f"Over the runs of all {len(answer.problems)} problems"
    return _table("over-problems", caption, columns, answer.aggregates, notes.on_aggregates(answer))


def _estimate(found: EstimateOverProblems | None, *, signed: bool = False) -> Cell:
    return NOTHING if found is None else (Number(found.value, _place_of(found), signed=signed),)


def _nominal(found: EstimateOverProblems | None, *, signed: bool = False) -> Cell:
    if found is None or found.interval is None:
        return NOTHING
    low, high = (Number(end, _place_of(found), signed=signed) for end in (found.interval.low, found.interval.high))
    return (low, " to ", high)


def _place_of(found: EstimateOverProblems) -> int | None:
    if found.interval is None:
        return None
    asked = found.interval
    return last_place(found.value, ConfidenceInterval.of(asked.low, asked.high, asked.confidence))
