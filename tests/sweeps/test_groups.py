"""Values in groups, against the same in plain Python."""

import math
import statistics

import numpy as np
import pytest
from ayla_service.sweeps.groups import Groups, Rule
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.one_of(st.integers(-3, 3).map(float), st.just(math.inf), st.just(math.nan))
ROWS = st.lists(st.tuples(st.integers(-1, 4), VALUES), max_size=40)


def plain(rule: Rule, values: list[float]) -> float:
    found = sorted(value for value in values if not math.isnan(value))
    if not found:
        return math.nan
    return {"best": found[0], "worst": found[-1], "median": statistics.median(found), "mean": sum(found) / len(found)}[
        rule
    ]


@given(ROWS)
def test_every_rule_is_that_of_plain_python(rows: list[tuple[int, float]]) -> None:
    groups = Groups.of(np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1] for row in rows]), 5)
    rules: tuple[Rule, ...] = ("best", "median", "mean", "worst")
    for rule in rules:
        wanted = [plain(rule, [value for number, value in rows if number == group]) for group in range(5)]
        assert groups.by(rule) == pytest.approx(wanted, nan_ok=True)


@given(ROWS)
def test_the_first_of_equals_is_the_best_of_its_group(rows: list[tuple[int, float]]) -> None:
    groups = Groups.of(np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1] for row in rows]), 5)
    for group, place in enumerate(groups.firsts):
        own = [(value, at) for at, (number, value) in enumerate(rows) if number == group and not math.isnan(value)]
        assert place == (min(own)[1] if own else -1)
        assert groups.counts[group] == len(own)
        assert groups.finite[group] == sum(math.isfinite(value) for value, _ in own)


def test_the_median_next_to_an_infinite_value_is_infinite() -> None:
    groups = Groups.of(np.zeros(2, dtype=np.int64), np.array([1.0, math.inf]), 1)
    assert groups.by("median") == [math.inf]
