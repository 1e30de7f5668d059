"""The expression language over scalars: what it accepts and what it makes of it."""

import contextlib
import math
from collections.abc import Mapping

import pytest
from ayla_spec.expression import (
    COMPARISONS,
    CONSTANTS,
    FUNCTIONS,
    REDUCTIONS,
    RESERVED_NAMES,
    Binary,
    Call,
    Compare,
    Constant,
    Expression,
    ExpressionError,
    Negate,
    Node,
    Variable,
    parse,
)
from ayla_spec.limits import MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_NODES
from hypothesis import given
from hypothesis import strategies as st

from tests.cases import each
from tests.spec.interpreter import value_at

SCALARS: Mapping[str, int | None] = {"x": None, "y": None, "z": None}
X, Y, Z = Variable("x"), Variable("y"), Variable("z")


def root(source: str) -> Node:
    return parse(source, SCALARS).root


def value(source: str, **point: float) -> float:
    return value_at(parse(source, dict.fromkeys(point)), point)


def test_precedence_is_pythons() -> None:
    assert root("-x**2 + 3*y/2") == Binary(
        "+",
        Negate(Binary("**", X, Constant(2.0))),
        Binary("/", Binary("*", Constant(3.0), Y), Constant(2.0)),
    )


def test_chains_go_from_the_left_and_powers_from_the_right() -> None:
    assert root("x - y - z") == Binary("-", Binary("-", X, Y), Z)
    assert root("x**y**z") == Binary("**", X, Binary("**", Y, Z))
    assert root("(x + y)**2*z") == Binary("*", Binary("**", Binary("+", X, Y), Constant(2.0)), Z)


def test_variables_are_listed_in_the_order_of_their_first_use() -> None:
    assert parse("z*x + y*x", SCALARS).variables == ("z", "x", "y")


def test_constants_are_folded_to_floats() -> None:
    assert root("x + 2*pi - (1 + 1)") == Binary("-", Binary("+", X, Constant(2 * math.pi)), Constant(2.0))


@each("name", [name for name in FUNCTIONS if name != "where"])
def test_every_function_can_be_called(name: str) -> None:
    arguments = ", ".join(["x"] * FUNCTIONS[name].arity)
    assert root(f"{name}({arguments})") == Call(name, (X,) * FUNCTIONS[name].arity)


@each("name", FUNCTIONS)
def test_every_function_is_described_with_a_whole_number_of_arguments(name: str) -> None:
    function = FUNCTIONS[name]
    assert type(function.arity) is int
    assert len(function.description) > 3
    assert function.variadic == ("two or more" in function.description)


@pytest.mark.parametrize("name", CONSTANTS)
def test_every_constant_has_its_value(name: str) -> None:
    assert root(f"x*{name}") == Binary("*", X, Constant(CONSTANTS[name]))


@pytest.mark.parametrize("name", ["min", "max"])
def test_more_than_two_arguments_are_calls_of_two(name: str) -> None:
    assert root(f"{name}(x, y, z, 1)") == Call(name, (Call(name, (Call(name, (X, Y)), Z)), Constant(1.0)))


@pytest.mark.parametrize("operator", COMPARISONS.values())
def test_where_chooses_by_one_comparison(operator: str) -> None:
    assert root(f"where(x {operator} 2*y, -x, 0)") == Call(
        "where", (Compare(operator, X, Binary("*", Constant(2.0), Y)), Negate(X), Constant(0.0))
    )


@pytest.mark.parametrize(
    ("condition", "chosen"),
    [
        ("1 < 2", X),
        ("2 < 2", Y),
        ("2 <= 2", X),
        ("1 > 2", Y),
        ("2 > 1", X),
        ("2 >= 2", X),
        ("sqrt(4) >= 3", Y),
    ],
)
def test_where_on_constants_is_its_chosen_branch(condition: str, chosen: Node) -> None:
    assert root(f"where({condition}, x, y)") == chosen


@each(
    ("source", "expected"),
    [
        ("abs(-2)", 2.0),
        ("sigmoid(0)", 0.5),
        ("sigmoid(2)", 1 / (1 + math.exp(-2))),
        ("sigmoid(-2)", 1 / (1 + math.exp(2))),
        ("sigmoid(1000)", 1.0),
        ("sigmoid(-1000)", 0.0),
        ("relu(-3)", 0.0),
        ("relu(3)", 3.0),
        ("relu(0)", 0.0),
        ("min(3, 1, 2)", 1.0),
        ("max(3, 1, 2, 5)", 5.0),
        ("where(1 > 0, 7, 8)", 7.0),
        ("exp(log(2))", math.exp(math.log(2))),
        ("sinh(1) + cosh(1)", math.sinh(1) + math.cosh(1)),
        ("tan(atan(2))", math.tan(math.atan(2))),
        ("asin(0.5) + acos(0.5)", math.asin(0.5) + math.acos(0.5)),
        ("2**-1", 0.5),
        ("+3", 3.0),
        ("1e-3", 0.001),
        ("0x10 + 1_000", 1016.0),
    ],
)
def test_functions_of_constants_have_their_value(source: str, expected: float) -> None:
    assert root(source) == Constant(expected)


def test_where_takes_its_value_from_the_chosen_branch() -> None:
    assert value("where(x < 0, -x, x**2)", x=-3.0) == 3.0
    assert value("where(x < 0, -x, x**2)", x=3.0) == 9.0
    assert value("where(x <= 0, 1, where(x <= 1, 2, 3))", x=0.5) == 2.0


def test_postfix_puts_operands_before_their_operator() -> None:
    kinds = [type(node).__name__ for node in parse("where(sin(x) < 2, y, -y)", SCALARS).postfix()]
    assert kinds == ["Variable", "Call", "Constant", "Compare", "Variable", "Variable", "Negate", "Call"]


def test_every_word_of_the_language_is_reserved() -> None:
    assert set(FUNCTIONS) | set(REDUCTIONS) | set(CONSTANTS) | {"len", "range", "for", "in", "if"} <= RESERVED_NAMES


def test_long_sums_are_one_level_but_count_their_terms() -> None:
    terms = MAX_EXPRESSION_NODES // 2
    assert len(list(parse("+".join(["x"] * terms), SCALARS).postfix())) == 2 * terms - 1
    with pytest.raises(ExpressionError, match="more than"):
        parse("+".join(["x"] * (terms + 1)), SCALARS)


def test_depth_is_limited() -> None:
    levels = MAX_EXPRESSION_DEPTH - 1
    parse("sin(" * levels + "x" + ")" * levels, SCALARS)
    with pytest.raises(ExpressionError, match="nested too deeply"):
        parse("sin(" * (levels + 1) + "x" + ")" * (levels + 1), SCALARS)


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused_in_our_own_words(source: str) -> None:
    """Property: nothing but ExpressionError ever comes out."""
    with contextlib.suppress(ExpressionError):
        assert set(parse(source, SCALARS).variables) <= set(SCALARS)


_NAMES = st.sampled_from(["x", "y"]).map(Variable)
_NUMBERS = st.floats(0, 100, allow_nan=False).map(Constant)
_OPERATORS = st.sampled_from(["+", "-", "*"])


def _grow(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    conditions = st.builds(Compare, st.sampled_from(list(COMPARISONS.values())), children, children)
    return st.one_of(
        st.builds(Negate, children),
        st.builds(Binary, _OPERATORS, children, children),
        st.builds(Call, st.sampled_from(["min", "max"]), st.tuples(children, children)),
        st.builds(Call, st.sampled_from(["atan", "relu", "sigmoid"]), st.tuples(children)),
        st.builds(Call, st.just("where"), st.tuples(conditions, children, children)),
    )


@given(st.recursive(st.one_of(_NAMES, _NUMBERS), _grow, max_leaves=20))
def test_a_tree_written_out_and_parsed_again_has_the_same_value(tree: Node) -> None:
    try:
        parsed = parse(_written(tree), SCALARS)
    except ExpressionError as error:
        assert "nested too deeply" in str(error)  # noqa: PT017  # the strategy may go that far
        return
    point = {"x": 0.7, "y": -1.3}
    assert value_at(parsed, point) == value_at(Expression("", (), tree), point)


def _written(node: Node) -> str:
    match node:
        case Constant(number):
            return repr(number)
        case Variable(name):
            return name
        case Negate(operand):
            return f"(-{_written(operand)})"
        case Binary(operator, left, right) | Compare(operator, left, right):
            text = f"{_written(left)} {operator} {_written(right)}"
            return text if isinstance(node, Compare) else f"({text})"
        case Call(function, arguments):
            return f"{function}({', '.join(map(_written, arguments))})"
