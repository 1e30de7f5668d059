"""What is not in the language is refused with a reason, at once, whatever it would cost to compute."""

import contextlib
from collections.abc import Mapping
from time import process_time

import pytest
from ayla_spec.expression import ExpressionError, parse
from ayla_spec.limits import MAX_EXPRESSION_LENGTH
from hypothesis import given
from hypothesis import strategies as st

from tests.cases import each

SHAPE: Mapping[str, int | None] = {"x": None, "v": 4}

SECONDS = 0.2
"""Processor time within which every refusal must come, the better of two runs: the collector may interrupt one."""

HOSTILE = {
    "import": "__import__('os').system('true')",
    "dunder chain": "x.__class__.__mro__[1].__subclasses__()",
    "dunder of a vector": "v[0].__class__",
    "tower": "9**9**9",
    "large exponent": "x**(10**9)",
    "float exponent": "x**1e308",
    "negative float exponent": "x**-1e308",
    "hidden large exponent": "x**(50*50)",
    "exponent of an index": "sum(x**(i*i) for i in range(100))",
    "overflowing constant": "1e400*x",
    "overflowing product": "1e200*1e200*x",
    "overflowing index product": "prod(i + 1 for i in range(1000))*x",
    "overflowing exponential": "exp(1000)*x",
    "nested parentheses": "(" * 1000 + "x" + ")" * 1000,
    "ten thousand parentheses": "(" * 10_000 + "x" + ")" * 10_000,
    "minus signs": "-" * 4000 + "x",
    "a hundred thousand minus signs": "-" * 100_000 + "x",
    "sum": "+".join(["x"] * 2000),
    "a sum of a hundred thousand": "+".join(["x"] * 100_000),
    "power tower": "**".join(["x"] * 1000),
    "attribute chain": "x" + ".a" * 2000,
    "a long attribute chain": "x" + ".a" * 50_000,
    "subscript chain": "v" + "[0]" * 1300,
    "call chain": "x" + "()" * 2000,
    "nested calls": "sin(" * 300 + "x" + ")" * 300,
    "nested lists": "[" * 150 + "x" + "]" * 150,
    "nested indices": "v[" * 150 + "0" + "]" * 150,
    "nested sums": "sum(" * 150 + "x" + ")" * 150,
    "long text": "x+" * MAX_EXPRESSION_LENGTH + "x",
    "long number": "1" + "0" * 4000 + "*x",
    "long decimals": "0." + "1" * 4000 + "e400*x",
    "ten million digits": "1" * 10_000_000,
    "long hexadecimal": "0x" + "f" * 4000 + "*x",
    "f-string": "f'{x}'",
    "nested f-string": "f'{f\"{x}\"}'",
    "lambda": "(lambda: x)()",
    "comprehension": "[x for x in (1, 2)]",
    "set comprehension": "{x for x in (1, 2)}",
    "dict comprehension": "{x: x for x in (1, 2)}",
    "a list in a sum": "sum([v[i] for i in range(4)])",
    "a bare generator": "(v[i] for i in range(4))",
    "a generator as an index": "v[sum(1 for i in range(2))]",
    "asynchronous": "sum(v[i] async for i in range(4))",
    "await": "await x",
    "yield": "(yield x)",
    "two clauses": "sum(v[i]*v[j] for i in range(4) for j in range(4))",
    "a thousand clauses": "sum(x " + "for i in range(2) " * 200 + ")",
    "a filter": "sum(v[i] for i in range(4) if i)",
    "walrus": "(y := x)",
    "walrus in a sum": "sum((y := v[i]) for i in range(4))",
    "keyword arguments": "exp(**x)",
    "starred": "max(*v)",
    "starred range": "sum(x for i in range(*v))",
    "named argument": "exp(x=x)",
    "look-alike letter": "х**2",  # Cyrillic on purpose
    "full-width letter": "ｘ**2",
    "look-alike index": "sum(v[і] for і in range(4))",  # Cyrillic on purpose
    "NUL": "x\0",
    "NUL inside": "x +\0 1",
    "newline": "x\n+1",
    "tab": "x\t+1",
    "form feed": "\fx",
    "not a number": "nan*x",
    "infinity": "inf*x",
    "imaginary": "1j*x",
    "boolean": "True*x",
    "none": "None",
    "string": "'x'",
    "bytes": "b'x'",
    "ellipsis": "...",
    "comparison": "x < 1",
    "comparison inside": "x*(x < 1)",
    "chained comparison": "where(0 < x < 1, 1, 2)",
    "equality": "where(x == 1, 1, 2)",
    "identity": "where(x is 1, 1, 2)",
    "membership": "where(x in v, 1, 2)",
    "condition without comparison": "where(x, 1, 2)",
    "where of two": "where(x < 1, 2)",
    "where of names": "where(condition=x < 1)",
    "comparison of comparisons": "where((x < 1) < 2, 1, 2)",
    "condition": "x if x else 1",
    "logic": "x and x",
    "xor": "x^2",
    "floor": "x // 2",
    "remainder": "x % 2",
    "shift": "x << 2",
    "matrix product": "v @ v",
    "invert": "~x",
    "not": "not x",
    "index of a number": "x[0]",
    "huge index": "v[10**30]",
    "huge written index": f"v[{10**30}]",
    "long written index": f"v[{'9' * 4000}]",
    "index tower": "v[9**9**9]",
    "huge range": "sum(x for i in range(10**12))",
    "huge written range": "sum(x for i in range(1000000000000))",
    "huge negative range": "sum(x for i in range(-1000000, 1000000))",
    "large range": "sum(x for i in range(20000))",
    "two-fold bomb": "sum(sum(x for j in range(20000)) for i in range(20000))",
    "three-fold bomb": "sum(sum(sum(x for k in range(9999)) for j in range(9999)) for i in range(9999))",
    "constant bomb": "x*sum(sum(sum(1 for k in range(9999)) for j in range(9999)) for i in range(9999))",
    "product bomb": "x*prod(prod(prod(1 for k in range(9999)) for j in range(9999)) for i in range(9999))",
    "empty bomb": "x + sum(sum(x for j in range(0)) for i in range(20000))",
    "growing bomb": "sum(sum(sum(x for k in range(j*j)) for j in range(i*i)) for i in range(1000))",
    "index bomb": "sum(x + v[" + "+".join(["i-i"] * 100) + "] for i in range(9999))",
    "range bomb": "x + sum(sum(x for j in range(" + "+".join(["i-i"] * 100) + ")) for i in range(9999))",
    "vector bomb": "sum(sum(v) for i in range(20000))",
    "argument bomb": "sum(max(" + ", ".join(["x"] * 200) + ") for i in range(20000))",
    "condition bomb": "sum(where(x < i, x, v[0]) for i in range(20000))",
    "tuple": "x, x",
    "list": "[x]",
    "dictionary": "{'x': x}",
    "two expressions": "x; x",
    "statement": "x = 1",
    "closing too early": "x) + (x",
    "unknown name": "x + z",
    "unknown long name": "z" * 4000,
    "unknown function": "eval(x)",
    "function as a value": "sin + x",
    "range as a value": "range(4) + x",
    "variable as a function": "x(1)",
    "result as a function": "sin(x)(x)",
    "too few arguments": "max(x)",
    "no arguments": "min()",
    "too many arguments": "sin(x, x)",
    "division by zero": "x + 1/0",
    "root of a negative constant": "x + sqrt(-1)",
    "complex power": "x + (-1)**0.5",
    "zero to a negative": "x + 0**-1",
    "logarithm of zero": "x + log(0)",
    "inverse sine of two": "x + asin(2)",
    "dangling operator": "x +",
    "octal": "x + 0777",
    "comment": "x  # the square root of x**2",
    "empty": "",
    "blank": "   ",
}


@each("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_not_in_the_language_is_refused_with_a_reason_at_once(source: str) -> None:
    refusals = [_refusal(source) for _ in range(2)]
    for message, _ in refusals:
        assert 20 < len(message) < 300
        assert message.isprintable()
    assert min(seconds for _, seconds in refusals) < SECONDS


def _refusal(source: str) -> tuple[str, float]:
    """What is said, and the processor time until then."""
    started = process_time()
    with pytest.raises(ExpressionError) as caught:
        parse(source, SHAPE)
    return str(caught.value), process_time() - started


SAID = {
    "x + z": "Column 5: unknown name 'z'. The variables given in start are: x, v; the constants are pi, e.",
    "x^2": "Column 1: '^' is not a power here; write x**2.",
    "x // 2": "Column 1: '//' is for indices only; write x / y.",
    "x % 2": "Column 1: '%' is not allowed.",
    "x.real": "Column 1: attributes ('a.b') are not allowed.",
    "1 + (x < 1)": "Column 6: a comparison is only allowed as the first argument of where, as in where(x < 0, -x, x).",
    "where(0 < x < 1, 1, 2)": "Column 7: comparisons cannot be chained; for 0 < x < 1 write where(0 < x, where(",
    "where(x == 1, 1, 2)": "Column 7: a condition compares with <, <=, > or >= only.",
    "where(x, 1, 2)": "Column 7: the first argument of where is one comparison",
    "where(x < 1, 2)": "Column 1: where takes exactly 3 argument(s), as in where(x < 0, -x, x).",
    "x if x else 1": "Column 1: 'if' is not allowed; write where(condition, a, b).",
    "x and x": "Column 1: 'and' and 'or' are not allowed; nest where(condition, a, b).",
    "(lambda: x)": "Column 2: functions cannot be defined.",
    "(y := x)": "Column 2: assignments are not allowed",
    "max(*v)": "Column 1: max takes 2 or more arguments.",
    "max(x, *v)": "Column 8: unpacking ('*x') is not allowed; write each argument.",
    "sin(x, x)": "Column 1: sin takes exactly 1 argument(s).",
    "sin": "Column 1: 'sin' is a function; call it, as in sin(x).",
    "eval(x)": "Column 1: only these functions can be called: abs, sqrt,",
    "(x, x)": "Column 1: lists of values are not allowed; an expression has one value.",
    "[x]": "Column 1: lists are not allowed; give a vector as a list in start",
    "'x'": "Column 1: only plain numbers are allowed as constants.",
    "x**101": "Column 1: the exponent 101 is too large; constant exponents lie within ±100.",
    "1e999*x": "Column 1: this constant is not a finite number.",
    "x + 1e-400": "Column 5: the number 1e-400 is too small; the smallest above 0 is 4.9e-324.",
    " x*0." + "0" * 60 + "1e-270": f"Column 4: the number 0.{'0' * 38} is too small",
    "x + 1/0": "Column 5: this constant has no finite real value (",
    "x # y": "Column 3: comments are not allowed; remove '#' and what follows.",
    "x²": "Character 2 ('\\xb2') is not printable ASCII; write the expression on one line in plain letters.",
    "x +": "Not a valid expression near column",
    " ": "The expression is empty; write for example 'x**2 + y**2'.",
    "x" * 5000: f"The expression has 5000 characters; at most {MAX_EXPRESSION_LENGTH} are allowed.",
    "sin(" * 60 + "x" + ")" * 60: "The expression is nested too deeply; at most 50 levels are allowed.",
    "+".join(["x"] * 300): "The expression has more than 500 terms and operators; shorten it.",
    "sum(x for i in range(15000))": "Column 1: here sums and products have unrolled to 20000 terms and operators",
}


@each("source", SAID, ids=[source[:30] for source in SAID])
def test_the_message_says_where_and_what_would_be_right(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source, SHAPE)
    assert str(caught.value).startswith(SAID[source])


def test_columns_count_the_blanks_before_the_text() -> None:
    for source, message in SAID.items():
        if not message.startswith("Column"):
            continue
        column, _, rest = message.removeprefix("Column ").partition(":")
        with pytest.raises(ExpressionError) as caught:
            parse(f"   {source}  ", SHAPE)
        assert str(caught.value).startswith(f"Column {int(column) + 3}:{rest}")
    for blanks in (0, 3):
        with pytest.raises(ExpressionError, match=f"near column {blanks + 3};"):
            parse(" " * blanks + "x $ y", SHAPE)


def test_only_the_first_of_many_names_are_listed() -> None:
    many: dict[str, int | None] = {f"variable_number_{number}": None for number in range(50)}
    with pytest.raises(ExpressionError, match=r"variable_number_7, … \(50 in all\)") as caught:
        parse("z", many)
    assert len(str(caught.value)) < 300


def test_the_deepest_nesting_of_sums_is_parsed() -> None:
    depth = 24
    source = "".join("sum(" for _ in range(depth)) + "x" + "".join(f" for i{n} in range(1))" for n in range(depth))
    assert parse(source, SHAPE).variables == ("x",)


WORDS = (
    "x v i sum( mean( where( max( range( len( for in if async lambda ( ) [ ] , : := . ** * // / + - < <= == 0 1 2.5 pi"
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=25).map(" ".join))
def test_words_of_the_language_in_any_order_are_parsed_or_refused(source: str) -> None:
    """Property: nothing but ExpressionError ever comes out."""
    with contextlib.suppress(ExpressionError):
        assert set(parse(source, SHAPE).variables) <= {"x", *(f"v[{index}]" for index in range(4))}


BODIES = st.sampled_from(
    [
        "v[i]",
        "v[i+1]",
        "v[i-1]",
        "v[i//2]",
        "v",
        "i",
        "x",
        "len(v)",
        "v[-i]",
        "v[x]",
        "i//2",
        "v[i*j]",
        "x[i]",
        "1/i",
        "v[i:]",
        "v[i]**i",
    ]
)
STOPS = st.sampled_from(
    ["len(v)", "4", "0", "i", "x", "v", "len(x)", "len(v)-1", "-1", "1.5", "10**9", "99999", "len(v)//2"]
)


@given(st.sampled_from(["sum", "prod", "mean", "max"]), BODIES, st.sampled_from("ijx"), STOPS)
def test_reductions_of_any_parts_are_parsed_or_refused(name: str, body: str, index: str, stop: str) -> None:
    """Property: nothing but ExpressionError ever comes out."""
    with contextlib.suppress(ExpressionError):
        parse(f"{name}(x + {body} for {index} in range({stop}))", SHAPE)
