"""What people write who know other notations is answered with how it is written here, and where it stands."""

import math
from collections.abc import Mapping

import pytest
from ayla_spec.expression import ExpressionError, parse
from ayla_spec.expression.grammar import FUNCTIONS
from ayla_spec.expression.hints import OTHER_NAMES, OTHER_SIGNS

from tests.cases import each
from tests.spec.interpreter import value_at

SHAPE: Mapping[str, int | None] = {"x": None, "y": None, "v": 4}

SAID = {
    "2x": (2, "multiplication is written 2*x."),
    "2.5 x": (5, "multiplication is written 2.5*x."),
    "2(x)": (2, "write 2*(…)."),
    "x(x+1)": (2, "write x*(…)."),
    "3 sin(x)": (3, "multiplication is written 3*sin(…)."),
    "3sin(x)": (2, "multiplication is written 3*sin(…)."),
    "(x+1)(x-1)": (1, "write (…)*(…)."),
    "(x+1)x": (6, "multiplication is written (…)*x."),
    "sin(x)(x)": (7, "write (…)*(…)."),
    "x y": (3, "multiplication is written x*y."),
    "2pi*x": (2, "multiplication is written 2*pi."),
    "x*pi(x)": (5, "write pi*(…)."),
    "sum(i(i + 1) for i in range(3))": (6, "write i*(…)."),
    "v[2i]": (4, "multiplication is written 2*i."),
    "xy + 1": (1, "If a product is meant, write x*y."),
    "v(1)": (1, "one of its numbers is written with square brackets: v[0]."),
    "sin x": (5, "write sin(x)."),
    "ln(x)": (1, "there is no ln here; write log(x)."),
    "x + ln(x)": (5, "there is no ln here; write log(x)."),
    "x + ln": (5, "there is no ln here; write log(x)."),
    "log10(x)": (1, "there is no log10 here; write log(x)/log(10)."),
    "pow(x, 2)": (1, "there is no pow here; write x**y."),
    "np.sin(x)": (1, "leave out 'np.': sin."),
    "1 + numpy.sin(x)": (5, "leave out 'numpy.': sin."),
    "math.pi*x": (1, "leave out 'math.': pi."),
    "np.log10(x)": (1, "there is no log10 here; write log(x)/log(10)."),
    "Sin(x)": (1, "names are written in small letters: sin."),
    "PI*x": (1, "names are written in small letters: pi."),
    "Math.pow(x, 2)": (1, "there is no pow here; write x**y."),
    "1,5*x": (1, "write 1.5 if one number is meant."),
    "x + 1,5": (5, "write 1.5 if one number is meant."),
    "sin(1,5*x)": (5, "write 1.5 if one number is meant."),
    "where(x < 0, 1,5, x)": (14, "write 1.5 if one number is meant."),
    "y = x**2": (3, "an expression has no '='"),
    "|x|": (1, "absolute values are written abs(x)."),
    "x!": (2, "'!' is not allowed."),
    "\\frac{x}{2}": (1, "this is not LaTeX"),
}


@each("source", SAID)
def test_other_notations_are_answered_with_ours_and_their_column(source: str) -> None:
    column, advice = SAID[source]
    for blanks in (0, 3):
        with pytest.raises(ExpressionError) as caught:
            parse(" " * blanks + source, SHAPE)
        assert str(caught.value).startswith(f"Column {column + blanks}: ")
        assert advice in str(caught.value)


def test_an_expression_that_ends_too_early_is_told_by_its_end() -> None:
    for blanks in (0, 3):
        with pytest.raises(ExpressionError, match=f"near column {blanks + 4};"):
            parse(" " * blanks + "x +", SHAPE)


def test_what_is_right_is_not_taken_for_another_notation() -> None:
    for source in ("max(1,5*x)", "max(1, 5, x)", "2e3*x", "2*(x)*(x)", "1_000*x", "max(x,1)*e", "where(x<1,5,x)"):
        assert parse(source, SHAPE).variables == ("x",)


VALUES: dict[str, float] = {
    "ln": math.log(0.3),
    **{name: math.log10(0.3) for name in ("log10", "lg")},
    **{name: math.log2(0.3) for name in ("log2", "lb")},
    "log1p": math.log1p(0.3),
    "expm1": math.expm1(0.3),
    "exp2": 2**0.3,
    **dict.fromkeys(("pow", "power"), 0.3**0.7),
    **dict.fromkeys(("square", "sqr"), 0.09),
    "reciprocal": 1 / 0.3,
    **dict.fromkeys(("fabs", "absolute", "clip", "clamp"), 0.3),
    "arcsin": math.asin(0.3),
    "arccos": math.acos(0.3),
    "arctan": math.atan(0.3),
    "tg": math.tan(0.3),
    "cot": 1 / math.tan(0.3),
    "sec": 1 / math.cos(0.3),
    "csc": 1 / math.sin(0.3),
    **{name: math.asinh(0.3) for name in ("asinh", "arcsinh")},
    **{name: math.acosh(1.3) for name in ("acosh", "arccosh")},
    **{name: math.atanh(0.3) for name in ("atanh", "arctanh")},
    "hypot": math.hypot(0.3, 0.7),
    **dict.fromkeys(("maximum", "fmax"), 0.7),
    **dict.fromkeys(("minimum", "fmin"), 0.3),
    **dict.fromkeys(("sign", "sgn", "heaviside"), 1.0),
    "softplus": math.log1p(math.exp(0.3)),
    "expit": 1 / (1 + math.exp(-0.3)),
    "product": 0.06,
    "average": 0.25,
    "dot": 0.23,
    "norm": math.hypot(0.3, 0.2),
}
"""Of each name at x = 0.3 and y = 0.7 (x = 1.3 for acosh), or at the vectors (0.3, 0.2) and (0.7, 0.1)."""


def test_what_is_advised_has_the_value_that_was_meant() -> None:
    assert VALUES.keys() == OTHER_NAMES.keys()
    assert not FUNCTIONS.keys() & OTHER_NAMES.keys()
    for name, advised in OTHER_NAMES.items():
        x = 1.3 if "acosh" in name or "arccosh" in name else 0.3
        if "[i]" in advised:
            expression = parse(advised, {"x": 2, "y": 2})
            point = {"x[0]": 0.3, "x[1]": 0.2, "y[0]": 0.7, "y[1]": 0.1}
        else:
            expression, point = parse(advised, {"x": None, "y": None}), {"x": x, "y": 0.7}
        assert value_at(expression, point) == pytest.approx(VALUES[name], rel=1e-12), name


def test_signs_of_printed_formulas_are_answered_with_how_they_are_typed() -> None:
    for sign, typed in OTHER_SIGNS.items():
        with pytest.raises(ExpressionError) as caught:
            parse(f"x{sign}", SHAPE)
        assert str(caught.value).startswith("Character 2 (")
        assert str(caught.value).endswith(f" Write {typed} for this one.")


def test_long_numbers_in_the_place_of_a_function_cost_nothing() -> None:
    for source in (f"0x{'f' * 3000}(x)", f"{'9' * 3000}(x)", f"sin({'9' * 3000},{'9' * 900})", f"{'1' * 3000}x"):
        with pytest.raises(ExpressionError) as caught:
            parse(source, SHAPE)
        assert len(str(caught.value)) < 300
