"""From a file of any format to the same table, or to what is wrong with it and where."""

import io
import math
import tempfile
from dataclasses import astuple
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ayla_data import limits as bounds
from ayla_data.errors import TableError
from ayla_data.formats import Format
from ayla_service.datasets import checking, summaries
from ayla_service.datasets.checking import TableSummary, check
from ayla_service.datasets.encoding import PREVIEW_ROWS
from ayla_spec import limits
from hypothesis import given
from hypothesis import strategies as st

from tests.uploaded import FLOWERS, npz_file, parquet_file


def _checked(kind: Format, content: bytes) -> tuple[TableSummary, pa.Table]:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(content)
        found = check(kind, source, target)
        return found, pq.read_table(target)


def _refusal(kind: Format, content: bytes) -> str:
    with pytest.raises(TableError) as refused:
        check(kind, io.BytesIO(content), io.BytesIO())
    return str(refused.value)


def _columns(kind: Format, content: bytes) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = _checked(kind, content)[1].to_pydict()
    return columns


def test_the_limits_are_those_of_a_spec() -> None:
    ours = (bounds.MAX_SAMPLES, bounds.MAX_FEATURES, bounds.MAX_INPUT_VALUES)
    assert ours == (limits.MAX_SAMPLES, limits.MAX_FEATURES, limits.MAX_INPUT_VALUES)


def test_whole_numbers_and_others_are_kept_as_they_are() -> None:
    found, table = _checked("csv", FLOWERS)
    assert (found.rows, table.num_rows) == (30, 30)
    assert [str(field.type) for field in table.schema] == ["double", "int64", "int64"]
    assert table["width"].to_pylist() == [row + 0.5 for row in range(30)]
    assert table["height"].to_pylist() == [-row for row in range(30)]


def test_columns_are_measured() -> None:
    width, height, target = (astuple(column) for column in _checked("csv", FLOWERS)[0].columns)
    spread = math.sqrt((30**2 - 1) / 12)
    assert width == ("width", "number", 0.5, 29.5, 15.0, pytest.approx(spread), 30, None)
    assert height == ("height", "integer", -29.0, 0.0, -14.5, pytest.approx(spread), 30, None)
    assert target == ("target", "integer", 0.0, 2.0, 1.0, pytest.approx(math.sqrt(2 / 3)), 3, 3)


def test_measures_do_not_depend_on_how_a_table_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(1e6, 1.0, (999, 2))
    content = npz_file(inputs=values, targets=np.arange(999) % 7)
    whole, _ = _checked("npz", content)
    monkeypatch.setattr("ayla_data.npz_file.rows_at_once", lambda _: 10)
    cut, table = _checked("npz", content)
    for one, other in zip(whole.columns, cut.columns, strict=True):
        assert (one.min, one.max, one.distinct, one.classes) == (other.min, other.max, other.distinct, other.classes)
        assert one.mean == pytest.approx(other.mean, rel=1e-12)
        assert one.std == pytest.approx(other.std, rel=1e-9)
    np.testing.assert_array_equal(table["x1"], values[:, 1])
    assert whole.columns[0].std == pytest.approx(values[:, 0].std(), rel=1e-9)


def test_many_different_values_are_not_counted() -> None:
    rows = summaries.MOST_DISTINCT + 1
    few, many = np.arange(rows) % summaries.MOST_DISTINCT, np.arange(rows)
    columns = _checked("parquet", parquet_file({"few": few, "many": many}))[0].columns
    assert [(column.distinct, column.classes) for column in columns] == [(1000, 1000), (None, None)]


@pytest.mark.parametrize(
    ("values", "classes"), [([0, 1, 1], 2), ([1, 2, 1], None), ([0, 2, 2], None), ([0, 0, 0], None)]
)
def test_classes_are_counted_from_0_without_gaps(values: list[int], classes: int | None) -> None:
    found, _ = _checked("parquet", parquet_file({"x": [1, 2, 3], "target": values}))
    assert found.columns[1].classes == classes


def test_numbers_too_large_for_a_mean_have_none() -> None:
    column = _checked("csv", b"x,y\n1e308,1\n1.5e308,2\n")[0].columns[0]
    assert (column.mean, column.std, column.kind) == (None, None, "number")


def test_whole_numbers_that_others_may_have_been_rounded_to_are_numbers() -> None:
    found, table = _checked("csv", b"x,y\n9007199254740993.0,9007199254740991\n1e300,-9007199254740991\n")
    assert [column.kind for column in found.columns] == ["number", "integer"]
    assert table.to_pydict() == {"x": [2.0**53, 1e300], "y": [2**53 - 1, 1 - 2**53]}


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (b"\xef\xbb\xbfx,y\n1,2\n3,4\n", {"x": [1, 3], "y": [2, 4]}),
        (b"x,y\r\n1,2\r\n3,4\r\n", {"x": [1, 3], "y": [2, 4]}),
        (b"x,y\n1,2\n3,4", {"x": [1, 3], "y": [2, 4]}),
        (b' x ,"a, b"\n 1 , 2.5\n3,"4"\n', {"x": [1, 3], "a, b": [2.5, 4.0]}),
        (b"x,y\ntrue,1\nFalse,2\n", {"x": [1, 0], "y": [1, 2]}),
        (b"x,y\n1,2\n\n3,4\n\n", {"x": [1, 3], "y": [2, 4]}),
        ("größe,y\n-1e-3,2\n3,4\n".encode(), {"größe": [-0.001, 3.0], "y": [2, 4]}),
    ],
)
def test_csv_is_read_as_programs_write_it(content: bytes, columns: dict[str, list[Any]]) -> None:
    assert _columns("csv", content) == columns


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f8", ">f4", "<f2", "<i4", "u1", "?"])
@pytest.mark.parametrize("names", [("inputs", "targets"), ("X", "y")])
def test_arrays_become_columns(names: tuple[str, str], kind: str, order: Any) -> None:
    inputs = np.array(np.arange(24).reshape(4, 3, 2) % 2, kind, order=order)
    columns = _columns("npz", npz_file(**{names[0]: inputs, names[1]: [[0.5], [1], [2], [3]]}))
    assert list(columns) == ["x0", "x1", "x2", "x3", "x4", "x5", "target"]
    assert columns["x1"] == inputs.reshape(4, -1)[:, 1].tolist()
    assert columns["target"] == [0.5, 1.0, 2.0, 3.0]


def test_one_input_needs_no_axis() -> None:
    assert _columns("npz", npz_file(inputs=[1, 2], targets=[3, 4])) == {"x0": [1, 2], "target": [3, 4]}


def test_parquet_is_read_as_programs_write_it() -> None:
    index = pa.array([7, 8])
    content = parquet_file(
        {
            "a.b": pa.array([1, 2], pa.uint8()),
            "a": pa.array([0.5, 2], pa.float16()),
            "b": [True, False],
            "d": pa.array([1, 2], pa.decimal128(9, 2)),
            "__index_level_0__": index,
        },
        row_group_size=1,
    )
    assert _columns("parquet", content) == {"a.b": [1, 2], "a": [0.5, 2.0], "b": [1, 0], "d": [1, 2]}


def test_what_is_kept_can_be_uploaded_again_and_stays_the_same() -> None:
    kept = io.BytesIO()
    first = check("csv", io.BytesIO(FLOWERS), kept)
    again = io.BytesIO()
    assert check("parquet", io.BytesIO(kept.getvalue()), again) == first
    assert again.getvalue() == kept.getvalue()


def test_the_first_row_group_is_small() -> None:
    rows = 5 * PREVIEW_ROWS
    with tempfile.TemporaryFile() as target:
        check("npz", io.BytesIO(npz_file(inputs=np.arange(rows), targets=np.arange(rows))), target)
        groups = pq.ParquetFile(target).metadata
        assert [groups.row_group(place).num_rows for place in range(groups.num_row_groups)] == [100, 400]


def test_batches_are_read_from_disk_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ayla_service.datasets.batched.rows_at_once", lambda _: 7)
    monkeypatch.setattr("ayla_data.csv_file._BLOCK_BYTES", 64)
    assert _columns("csv", FLOWERS)["width"] == [row + 0.5 for row in range(30)]
    columns = {"x": np.arange(20), "y": np.arange(20) * 0.5}
    assert _columns("parquet", parquet_file(columns, row_group_size=3))["y"] == columns["y"].tolist()


@given(rows=st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2), min_size=2, max_size=20))
def test_every_format_gives_the_same_numbers(rows: list[tuple[float, float]]) -> None:
    table = np.array(rows)
    csv = "x0,target\n" + "".join(f"{x!r},{y!r}\n" for x, y in rows)
    made = [
        _columns("csv", csv.encode()),
        _columns("parquet", parquet_file({"x0": table[:, 0], "target": table[:, 1]})),
        _columns("npz", npz_file(inputs=table[:, :1], targets=table[:, 1])),
    ]
    assert made[0] == made[1] == made[2] == {"x0": table[:, 0].tolist(), "target": table[:, 1].tolist()}


PLACES = {
    "text": ("csv", b"x,y\n1,2\n3,four\n", "Column 'y', row 2 is 'four'"),
    "nothing": ("csv", b"x,y\n1,2\n,4\n", "Column 'x', row 2 is empty"),
    "nan": ("csv", b"x,y\n1,2\n3,nan\n", "Column 'y', row 2 is nan"),
    "infinite": ("csv", b"x,y\n1e999,2\n3,4\n", "Column 'x', row 1 is '1e999', beyond the range"),
    "more values": (
        "csv",
        b"x,y\n1,2\n3,4,5\n",
        "Row 2 must have 2 values, one for each name of the header line, but has 3: '3,4,5'",
    ),
    "null": ("parquet", parquet_file({"x": [1, 2], "y": [1, None]}), "Column 'y', row 2 is empty"),
    "nan of parquet": ("parquet", parquet_file({"x": [1, math.nan], "y": [1, 2]}), "Column 'x', row 2 is nan"),
    "text of parquet": ("parquet", parquet_file({"x": [1, 2], "y": ["1", "2"]}), "Column 'y' is of type string"),
    "list of parquet": ("parquet", parquet_file({"x": [1, 2], "y": [[1], [2]]}), "Column 'y' is of type list"),
    "nan of npz": (
        "npz",
        npz_file(inputs=[[1, 2], [3, math.nan]], targets=[1, 2]),
        "Array 'inputs', feature 1, row 2 is nan",
    ),
    "inf of npz": ("npz", npz_file(inputs=[1, 2], targets=[1, -math.inf]), "Array 'targets', row 2 is -inf"),
    "two targets": ("npz", npz_file(inputs=[1, 2], targets=[[1, 2], [3, 4]]), "'targets' has the shape [2, 2]"),
    "fewer targets": (
        "npz",
        npz_file(inputs=[1, 2, 3], targets=[1, 2]),
        "3 samples in inputs and 2 in targets",
    ),
    "text of npz": ("npz", npz_file(inputs=["a", "b"], targets=[1, 2]), "is of type <U1"),
    "complex": ("npz", npz_file(inputs=[1j, 2], targets=[1, 2]), "is of type complex128"),
    "long doubles": ("npz", npz_file(inputs=np.ones(2, "longdouble"), targets=[1, 2]), "at most 64 bits"),
    "a test part": ("npz", npz_file(inputs=[1], targets=[1], test_inputs=[1], test_targets=[1]), "and nothing else"),
    "one row": ("csv", b"x,y\n1,2\n", "The table has 1 rows"),
    "semicolons": ("csv", b"x;y\n1;2\n", "separate the columns by commas"),
    "one column": ("parquet", parquet_file({"x": [1, 2]}), "too few columns"),
}


@pytest.mark.parametrize(("kind", "content", "message"), PLACES.values(), ids=PLACES)
def test_what_is_wrong_is_told_with_its_place(kind: Format, content: bytes, message: str) -> None:
    assert message in _refusal(kind, content)


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MAX_SAMPLES", 29, "more rows than the 29"),
        ("MAX_INPUT_VALUES", 59, "more values"),
        ("MAX_COLUMNS", 2, "columns"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "npz", "parquet"])
def test_the_limits_hold_for_every_format(
    kind: Format, limit: str, value: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = np.ones((30, 3))
    contents = {
        "csv": FLOWERS,
        "npz": npz_file(inputs=table[:, :2], targets=table[:, 2]),
        "parquet": parquet_file({"x": table[:, 0], "y": table[:, 1], "z": table[:, 2]}),
    }
    monkeypatch.setattr(bounds, limit, value)
    monkeypatch.setattr(checking, "encode", lambda *_: pytest.fail("encoded"))
    assert message in _refusal(kind, contents[kind])
