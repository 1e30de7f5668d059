"""Every value is the nearest float64, as Python's own conversions find it, or is refused."""

import io
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ayla_data.csv_file import CsvFile
from ayla_data.errors import TableError
from ayla_data.npz_file import read_npz
from ayla_data.parquet_file import ParquetFile
from ayla_data.table import Table, matrix
from hypothesis import given
from hypothesis import strategies as st

INT64 = st.integers(-(2**63), 2**63 - 1) | st.integers(-(2**53) - 9, -(2**53) + 9) | st.integers(2**53 - 9, 2**53 + 9)
EXPONENTS = st.integers(-345, 330).map(lambda exponent: f"e{exponent:+}")
UINT64 = st.integers(0, 2**64 - 1) | st.integers(2**53 - 9, 2**53 + 9)
WHOLE = st.integers(-(10**25), 10**25) | INT64
DIGITS = st.builds(
    "{}{}{}".format, WHOLE, st.just("") | WHOLE.map(lambda digits: f".{abs(digits)}"), st.just("") | EXPONENTS
)


def _parquet(column: Any) -> ParquetFile:
    content = io.BytesIO()
    pq.write_table(pa.table({"x": column, "y": range(len(column))}), content)
    return ParquetFile(content)


def _csv(values: list[str]) -> CsvFile:
    return CsvFile(io.BytesIO(("x,y\n" + "".join(f"{value},1\n" for value in values)).encode()))


def _first_column(table: Table) -> list[float] | None:
    """The values; None if they are refused."""
    try:
        return [float(value) for value in matrix(table, ["x", "y"])[:, 0]]
    except TableError:
        return None


def _exact(values: list[int]) -> list[float] | None:
    """The values as floats, which they have to equal."""
    return [float(value) for value in values] if all(int(float(value)) == value for value in values) else None


@given(st.lists(DIGITS, min_size=2, max_size=4))
def test_decimal_digits_of_csv(values: list[str]) -> None:
    numbers = [float(value) for value in values]
    whole = [int(value) for value in values if value.lstrip("-").isdecimal()]
    is_refused = not np.isfinite(numbers).all() or _exact(whole) is None
    assert _first_column(_csv(values)) == (None if is_refused else numbers)


@given(st.data(), st.integers(1, 76), st.sampled_from([pa.decimal32, pa.decimal64, pa.decimal128, pa.decimal256]))
def test_decimals_of_parquet(data: st.DataObject, precision: int, kind: Any) -> None:
    most = {pa.decimal32: 9, pa.decimal64: 18, pa.decimal128: 38, pa.decimal256: 76}[kind]
    precision = min(precision, most)
    scale = data.draw(st.integers(0, precision))
    whole = st.integers(-(10**precision) + 1, 10**precision - 1)
    values = [Decimal(f"{value}e-{scale}") for value in data.draw(st.lists(whole, min_size=2, max_size=5))]
    column = pa.array(values, kind(precision, scale))
    expected = [float(value) for value in values] if scale else _exact([int(value) for value in values])
    assert _first_column(_parquet(column)) == expected


@given(st.lists(INT64, min_size=2, max_size=4), st.lists(UINT64, min_size=2, max_size=4))
def test_integers_of_64_bits(signed: list[int], unsigned: list[int]) -> None:
    for values, kind in ((signed, "int64"), (unsigned, "uint64")):
        expected = _exact(values)
        assert _first_column(_parquet(pa.array(values, kind))) == expected
        assert _first_column(_csv([str(value) for value in values])) == expected
        content = io.BytesIO()
        np.savez(content, inputs=np.array(values, kind), targets=np.zeros(len(values)))
        arrays = read_npz(content, io.BytesIO, as_table=True)
        if expected is None:
            with pytest.raises(TableError, match="beyond 2\\^53 not every whole number is a float64"):
                arrays.inputs.numbers()
        else:
            assert arrays.inputs.numbers()[:, 0].tolist() == expected


def test_halves_between_two_numbers_go_to_the_even_one() -> None:
    """Written to the last of their digits, and with one more that decides."""
    low, high = 7758.7305, float(np.nextafter(7758.7305, np.inf))
    middle = (Fraction(low) + Fraction(high)) / 2
    with localcontext(prec=100):
        digits = f"{Decimal(middle.numerator) / Decimal(middle.denominator):f}"
    assert Fraction(digits) == middle
    assert _first_column(_csv([digits, f"{digits}0000000001"])) == [float(digits), high]
    assert _first_column(_csv([digits[:-1] + "4", digits])) == [low, float(digits)]
