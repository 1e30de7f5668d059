"""Bodies are read as by the standard library, by whichever parser."""

import json
import math
from typing import Any

import pytest
from ayla_service.http.json_body import parsed
from hypothesis import given
from hypothesis import strategies as st

NUMBERS = st.integers() | st.floats() | st.integers(-(2**70), 2**70).map(float)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
DIGITS = st.text("0123456789", min_size=1, max_size=30)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, by their types too, and to the last bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one.hex() == other.hex() or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return [*one] == [*other] and all(map(same, one.values(), other.values()))
    return bool(one == other)


@given(
    VALUES, st.sampled_from([None, 2]), st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-be"])
)
def test_a_body_is_what_was_written(value: Any, indent: int | None, ascii_only: bool, encoding: str) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    body = text.encode(encoding, "surrogatepass")
    assert same(parsed(body), json.loads(body))


@given(DIGITS, DIGITS, st.integers(-400, 400))
def test_numbers_are_rounded_alike(whole: str, fraction: str, exponent: int) -> None:
    text = f"[{int(whole)}.{fraction}e{exponent}, -{int(whole)}.{fraction}, -0, 0e5, 1E+2, {whole.lstrip('0') or 0}]"
    assert same(parsed(text.encode()), json.loads(text))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1,]",
        b"[01]",
        b"[+1]",
        b"[.5]",
        b"[1.]",
        b"nul",
        b"'a'",
        b'"\x01"',
        b'"\\x"',
        b"[1] 2",
        b"\xff",
        b'{"a":1 "b":2}',
        b"[Inf]",
        b"[nan]",
    ],
)
def test_what_is_no_json_is_refused_as_before(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".") as before:
        json.loads(body)
    with pytest.raises(type(before.value)) as now:
        parsed(body)
    assert str(now.value) == str(before.value)


@pytest.mark.parametrize(
    "text",
    [
        '"\ud800"',  # half of a surrogate pair, as bytes
        '{"a": 1, "a": 2}',
        "[NaN, Infinity, -Infinity, 1e999]",
        '"\\ud800"',
        "[" * 300 + "]" * 300,
        "1" * 400,
        '"\\u0000"',
    ],
)
def test_what_the_standard_library_takes_is_taken(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    assert same(parsed(body), json.loads(body))
