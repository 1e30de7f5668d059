"""Vectors and reductions: what they unroll to, and what is refused about them."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping
from time import process_time

import pytest
from ayla_spec.expression import (
    Binary,
    Call,
    Constant,
    ExpressionError,
    Node,
    Variable,
    flattened,
    parse,
    shape_of,
)
from ayla_spec.limits import MAX_DIMENSIONS, MAX_EXPANDED_NODES
from hypothesis import given
from hypothesis import strategies as st

from tests.cases import each
from tests.spec.interpreter import value_at

SHAPE: Mapping[str, int | None] = {"x": 3, "v": 2, "one": 1, "y": None}
X0, X1, X2, Y = Variable("x[0]"), Variable("x[1]"), Variable("x[2]"), Variable("y")


def root(source: str) -> Node:
    return parse(source, SHAPE).root


def test_an_element_is_a_variable_of_its_own() -> None:
    assert root("x[0] + y") == Binary("+", X0, Y)
    assert parse("x[2]*y + x[0]", SHAPE).variables == ("x[2]", "y", "x[0]")


@pytest.mark.parametrize(
    ("index", "element"),
    [
        ("0", 0),
        ("1 + 1", 2),
        ("len(x) - 1", 2),
        ("len(x)//2", 1),
        ("2*1 - 1", 1),
        ("-1 + 2", 1),
        ("-(-2)", 2),
        ("7//3 - len(v) + 1", 1),
        ("(1 + 2)*(3 - 2) - 1", 2),
        ("10 - 3 - 3 - 2", 2),
    ],
)
def test_index_arithmetic(index: str, element: int) -> None:
    assert root(f"x[{index}]") == Variable(f"x[{element}]")


def test_the_length_of_a_vector_is_a_number() -> None:
    assert root("y/len(x)") == Binary("/", Y, Constant(3.0))
    assert root("len(x)/len(v)") == Constant(1.5)


def test_a_sum_is_a_chain_from_the_left() -> None:
    assert root("sum(x[i] for i in range(len(x)))") == Binary("+", Binary("+", X0, X1), X2)
    assert root("prod(x[i] for i in range(1, 3))") == Binary("*", X1, X2)
    assert root("mean(x[i] for i in range(2))") == Binary("/", Binary("+", X0, X1), Constant(2.0))


def test_a_whole_vector_can_be_reduced() -> None:
    assert root("sum(x)") == root("sum(x[i] for i in range(len(x)))")
    assert root("prod(x)") == Binary("*", Binary("*", X0, X1), X2)
    assert root("mean(v)") == Binary("/", Binary("+", Variable("v[0]"), Variable("v[1]")), Constant(2.0))
    assert root("sum(one)") == root("prod(one)") == Variable("one[0]")


def test_an_empty_range_is_the_neutral_number() -> None:
    assert root("sum(x[i] for i in range(0))") == Constant(0.0)
    assert root("prod(x[i] for i in range(2, 1))") == Constant(1.0)
    assert root("y + sum(one[i]*one[i - 1] for i in range(1, len(one)))") == Binary("+", Y, Constant(0.0))


def test_an_index_is_a_number_in_the_body() -> None:
    assert root("sum(i*x[i] for i in range(1, 3))") == Binary(
        "+", Binary("*", Constant(1.0), X1), Binary("*", Constant(2.0), X2)
    )
    assert root("sum(sqrt(i + 1) for i in range(4))") == Constant(1 + math.sqrt(2) + math.sqrt(3) + 2)
    assert root("x[0]**sum(i for i in range(-2, 3))") == Binary("**", X0, Constant(0.0))


def test_where_on_an_index_is_decided_at_once() -> None:
    assert root("sum(where(i < 1, x[i], -1) for i in range(3))") == Binary(
        "+", Binary("+", X0, Constant(-1.0)), Constant(-1.0)
    )


def test_reductions_nest_and_ranges_may_depend_on_outer_indices() -> None:
    assert root("sum(prod(x[j] for j in range(i + 1)) for i in range(2))") == Binary("+", X0, Binary("*", X0, X1))
    assert root("sum(max(x[i], sum(v)) for i in range(1))") == Call(
        "max", (X0, Binary("+", Variable("v[0]"), Variable("v[1]")))
    )
    assert root("sum(i for i in range(2)) + sum(i for i in range(3))") == Constant(4.0)


def test_a_reduction_of_a_thousand_elements_needs_no_recursion() -> None:
    source, shape = "sum(x[i]**2 for i in range(len(x)))", {"x": MAX_DIMENSIONS}
    expression = parse(source, shape)
    assert value_at(expression, dict.fromkeys(expression.variables, 2.0)) == 4.0 * MAX_DIMENSIONS
    assert len(expression.variables) == MAX_DIMENSIONS
    assert source in repr(expression)
    assert expression != parse(source, shape), "compared by identity, without a walk along the chain"


def test_the_largest_trees_parse_quickly() -> None:
    source = "sum(100*(x[i + 1] - x[i]**2)**2 + (1 - x[i])**2 for i in range(len(x) - 1))"
    started = process_time()
    parse(source, {"x": MAX_DIMENSIONS})
    assert process_time() - started < 1.0


def test_the_unrolled_size_is_limited_while_it_is_unrolled() -> None:
    terms = MAX_EXPANDED_NODES // 2 - 1  # a term and a plus each, and the call itself
    assert parse(f"sum(y for i in range({terms}))", SHAPE).variables == ("y",)
    with pytest.raises(ExpressionError, match=f"unrolled to {MAX_EXPANDED_NODES}"):
        root(f"sum(y for i in range({terms + 1}))")


REFUSED = {
    "x + y": "Column 1: 'x' is a vector of 3 number(s); write x[0] for one, sum(x) for all.",
    "sin(x)": "Column 5: 'x' is a vector",
    "y[0]": "Column 1: 'y' is a single number, but an index needs a vector; give a list in start",
    "pi[0]": "Column 1: 'pi' is a number, but an index needs a vector",
    "q[0]": "Column 1: unknown name 'q'. The variables given in start are: x, v, one, y",
    "sin[0]": "Column 1: 'sin' is a function; call it",
    "x[0][0]": "Column 1: an index takes the name of a vector; the vectors are: x, v, one",
    "y + x[3]": "Column 5: the index 3 is out of range; 'x' has x[0] to x[2].",
    "x[-1]": "Column 1: the index -1 is negative; indices count from 0, and the last is x[2].",
    "x[1.0]": "Column 3: an index is made of whole numbers, index names, len(x) and + - * //",
    "x[True]": "Column 3: an index is made of whole numbers",
    "x['a']": "Column 3: an index is made of whole numbers",
    "x[sqrt(4)]": "Column 3: an index is made of whole numbers",
    "x[0, 1]": "Column 3: an index is made of whole numbers",
    "x[0:2]": "Column 3: slices are not allowed; write one index, as in x[0]",
    "x[4/2]": "Column 3: indices are computed with + - * // only",
    "x[2**1]": "Column 3: indices are computed with + - * // only",
    "x[1//0]": "Column 3: this index is divided by zero",
    "x[y]": "Column 3: an index must be a whole number that is known beforehand; 'y' is not",
    "x[pi]": "Column 3: an index must be a whole number",
    "x[v]": "Column 3: 'v' is a vector, not an index; for its length write len(v)",
    "x[k]": "Column 3: unknown name 'k'",
    "x[10**30]": "Column 3: indices are computed with + - * // only",
    f"x[{10**30}]": "Column 3: this integer is too large; indices and ranges lie within ±1000000",
    "x[1000*1000*1000]": "Column 3: this integer is too large",
    "len(y)": "Column 5: 'y' is a single number, but len needs a vector",
    "len(x, v)": "Column 1: len takes exactly one vector",
    "len(x[0])": "Column 5: len takes the name of a vector; the vectors are: x, v, one",
    "len": "Column 1: 'len' is a function; call it, as in len(x)",
    "sum": "Column 1: 'sum' is a function; call it, as in sum(x)",
    "range(3)": "Column 1: range is only allowed after 'in'",
    "range": "Column 1: range is only allowed after 'in'",
    "sum(y)": "Column 5: 'y' is a single number, but sum needs a vector",
    "sum(x, v)": "Column 1: sum takes exactly one argument",
    "sum()": "Column 1: sum takes exactly one argument",
    "sum(x, start=1)": "Column 1: sum takes exactly one argument",
    "sum(*x)": "Column 5: sum takes a vector or a range",
    "sum(x[0]**2)": "Column 5: sum takes a vector or a range, as in sum(x[i]**2 for i in range(len(x)))",
    "sum([x[i] for i in range(3)])": "Column 5: leave out the brackets",
    "sum({x[i] for i in range(3)})": "Column 5: leave out the brackets",
    "mean(y for i in range(0))": "Column 1: the mean over an empty range has no value",
    "sum(x[i] for i in x)": "Column 19: an index runs over a range; instead of 'in x' write for i in range(len(x))",
    "sum(x[i] for i in y)": "Column 19: an index runs over a range",
    "sum(x[i] for i in (1, 2))": "Column 19: an index runs over a range",
    "sum(x[i] for i in range())": "Column 19: write range(stop) or range(start, stop)",
    "sum(x[i] for i in range(0, 3, 2))": "Column 19: write range(stop) or range(start, stop); for steps",
    "sum(x[i] for i in range(stop=2))": "Column 19: write range(stop) or range(start, stop)",
    "sum(x[i] for i in range(*x))": "Column 25: an index is made of whole numbers",
    "sum(x[i] for i in range(1.5))": "Column 25: an index is made of whole numbers",
    "sum(x[i] for i in range(y))": "Column 25: an index must be a whole number that is known beforehand",
    "sum(x[i] for i in range(i))": "Column 25: unknown name 'i'",
    "sum(x[i + 1] for i in range(len(x)))": "Column 5: the index 3 is out of range",
    "sum(x[i - 1] for i in range(len(x)))": "Column 5: the index -1 is negative",
    "sum(y for i in range(20001))": "Column 16: this range has 20001 values; at most 20000 are allowed",
    "sum(y for y in range(3))": "Column 11: 'y' is a variable given in start; choose another name for the index",
    "sum(1 for x in range(3))": "Column 11: 'x' is a variable given in start",
    "sum(y for e in range(3))": "Column 11: 'e' is the name of a function or a constant",
    "sum(y for sum in range(3))": "Column 11: 'sum' is the name of a function or a constant",
    "sum(y for len in range(3))": "Column 11: 'len' is the name of a function or a constant",
    "sum(y for __class__ in range(3))": "Column 11: an index is one name: a letter, then",
    "sum(y for i, j in range(3))": "Column 11: an index is one name",
    "sum(y for x[0] in range(3))": "Column 11: an index is one name",
    "sum(sum(y for i in range(2)) for i in range(2))": "Column 15: 'i' is the index of an enclosing range",
    "sum(x[i]*v[j] for i in range(3) for j in range(2))": "Column 4: one 'for' only; nest the sums: sum(sum(",
    "sum(x[i] for i in range(3) if i > 1)": "Column 31: 'if' is not allowed in a sum; write where(condition, a, 0)",
    "sum(x[i] async for i in range(3))": "Column 20: 'async' is not allowed; write for i in range(len(x))",
    "(x[i] for i in range(3))": "Column 1: 'for' is only allowed in sum, prod and mean",
    "max(x[i] for i in range(3))": "Column 1: max takes 2 or more arguments",
    "[x[i] for i in range(3)]": "Column 1: lists are not allowed; write sum(x[i] for i in range(len(x)))",
    "sum(x[i] for i in range(3)) + i": "Column 31: unknown name 'i'",
    "sum(i[0] for i in range(3))": "Column 5: 'i' is a number, but an index needs a vector",
    "sum(y**(60*i) for i in range(3))": "Column 5: the exponent 120 is too large",
    "sum(1/i for i in range(3))*y": "Column 5: this constant has no finite real value",
}


@each("source", REFUSED)
def test_what_is_wrong_with_a_vector_is_told_with_its_column(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source, SHAPE)
    assert str(caught.value).startswith(REFUSED[source])
    assert len(str(caught.value)) < 300


def test_a_point_is_flattened_in_order() -> None:
    point: dict[str, float | list[float]] = {"x": [1.0, 2.0], "y": 3.0, "z": [4.0]}
    assert shape_of(point) == {"x": 2, "y": None, "z": 1}
    assert list(flattened(point).items()) == [("x[0]", 1.0), ("x[1]", 2.0), ("y", 3.0), ("z[0]", 4.0)]


BODIES: dict[str, Callable[[list[float], int], float]] = {
    "x[i]": lambda x, i: x[i],
    "x[i]**2 - 3*x[i]": lambda x, i: x[i] ** 2 - 3 * x[i],
    "(i + 1)*x[i]": lambda x, i: (i + 1) * x[i],
    "x[i]*x[len(x) - 1 - i]": lambda x, i: x[i] * x[len(x) - 1 - i],
    "cos(x[i//2])/sqrt(i + 1)": lambda x, i: math.cos(x[i // 2]) / math.sqrt(i + 1),
    "where(x[i] < 0, -1, x[i])": lambda x, i: -1 if x[i] < 0 else x[i],
    "max(x[i], 0.5, i)": lambda x, i: max(x[i], 0.5, i),
    "sum(x[j] for j in range(i))": lambda x, i: sum(x[:i]),
    "mean(x[j] - i for j in range(i + 1))": lambda x, i: statistics.fmean(value - i for value in x[: i + 1]),
    "relu(x[i])*prod(1 + j for j in range(i))": lambda x, i: max(x[i], 0.0) * math.factorial(i),
}
REDUCERS: dict[str, Callable[[Iterable[float]], float]] = {"sum": sum, "prod": math.prod, "mean": statistics.fmean}


@given(
    st.sampled_from(list(REDUCERS)),
    st.sampled_from(list(BODIES)),
    st.lists(st.floats(-2, 2), min_size=1, max_size=8),
    st.data(),
)
def test_a_reduction_is_pythons_own_over_the_list(name: str, body: str, x: list[float], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(x) - 1))
    stop = data.draw(st.integers(start + (name == "mean"), len(x)))
    expression = parse(f"{name}({body} for i in range({start}, {stop}))", {"x": len(x)})
    expected = REDUCERS[name]([BODIES[body](x, i) for i in range(start, stop)])
    assert value_at(expression, flattened({"x": x})) == pytest.approx(expected, rel=1e-12, abs=1e-12)
