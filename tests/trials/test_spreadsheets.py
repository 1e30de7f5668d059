"""CSV that is opened in a spreadsheet: no text of a user is run as a formula, and no number is changed."""

import csv
import io
import math

import pyarrow as pa
import pytest
from ayla_service.trials.formats import Format, encoded, escape_formulas

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "-1.5",
    "@SUM(A1)",
    "\t=1",
    "\r1",
    "\n1",
    "＝1",
    "－1",
    " =1",
    "\u00a0\u3000+1",
    '"=1',
    "'=1",
]
PLAIN = ["", " ", "a=1", "SGD lr=0.03", "1-1", "'quoted'", "(=1)", "état", "x\n=1", "_-1", None]


def test_an_apostrophe_stands_before_what_could_be_a_formula_and_before_nothing_else() -> None:
    assert escape_formulas(pa.array(FORMULAS)).to_pylist() == [f"'{text}" for text in FORMULAS]
    assert escape_formulas(pa.array(PLAIN)).to_pylist() == PLAIN


def test_no_formula_stands_behind_a_semicolon() -> None:
    """Opened where a semicolon ends a cell, the quotation mark at the start of a line is all that counts."""
    behind = {
        "a;=1+1;b": "a;'=1+1;b",
        'a; "@x': "a;' \"@x",
        "=1;-1;;+x;'=y": "'=1;'-1;;'+x;''=y",
        "a;\t1": "a;'\t1",
        "a;1-1; b=2;": "a;1-1; b=2;",
    }
    assert escape_formulas(pa.array(list(behind))).to_pylist() == list(behind.values())


@pytest.mark.parametrize("form", list(Format)[1:])
def test_texts_alone_are_changed_and_in_csv_alone(form: Format) -> None:
    """In every piece, as texts and as codes of a dictionary, and in the header."""
    texts = [*FORMULAS, *PLAIN]
    numbers = [-1.5, -math.inf, math.nan, -0.0, 1e-300, *[2.0] * (len(texts) - 5)]
    whole = pa.array([-(2**60)] * len(texts))
    table = pa.table({"=label": texts, "code": pa.array(texts).dictionary_encode(), "-n": numbers, "whole": whole})
    data = b"".join(encoded(form, table.schema, [table, table]))
    if form is not Format.CSV:
        read = pa.ipc.open_stream(data).read_all() if form is Format.ARROW else pa.parquet.read_table(io.BytesIO(data))
        assert read.column_names == table.column_names
        assert read["=label"].to_pylist() == read["code"].to_pylist() == texts * 2
        return
    header, *rows = csv.reader(io.StringIO(data.decode(), newline=""))
    assert header == ["'=label", "code", "'-n", "whole"]
    assert (
        [row[0] for row in rows]
        == [row[1] for row in rows]
        == [*(f"'{text}" for text in FORMULAS), *(text or "" for text in PLAIN)] * 2
    )
    assert [row[2] for row in rows[:5]] == ["-1.5", "", "", "-0", "1e-300"]
    assert {row[3] for row in rows} == {str(-(2**60))}
