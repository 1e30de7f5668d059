"""A file as an upload and as a file of the data folder: the same names, numbers and kinds, or the same refusal."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from ayla_core.datasets import DatasetError, DataSource, load_dataset
from ayla_data.formats import Format
from ayla_service.datasets.pinning import fill_uploads
from ayla_service.datasets.service import DatasetService
from ayla_service.db.session import Database
from ayla_service.errors import InvalidDataset
from ayla_service.settings import Settings
from ayla_service.teams.principal import LOCAL
from ayla_spec import JobSpec
from ayla_spec.datasets import AnyDataset, FileDataset
from ayla_spec.problems import DatasetProblem
from ayla_worker.data import data_source

from tests.factories import spec
from tests.uploaded import npz_file, parquet_file, upload

CSV: dict[str, tuple[str | bytes, dict[str, list[float]] | str]] = {
    # What it holds, and the columns that are right, or the refusal.
    "decimals": ("x,y\n7758.7305,0\n0.1,1\n1804.0484,0\n", {"x": [7758.7305, 0.1, 1804.0484], "y": [0, 1, 0]}),
    "CR": ("x,y\r1,1\r2,0\r3,2\r", {"x": [1, 2, 3], "y": [1, 0, 2]}),
    "CR LF": ("x,y\r\n1,1\r\n2,0\r\n", {"x": [1, 2], "y": [1, 0]}),
    "all line ends": ("x,y\r1,1\n2,0\r\n\r\n3,2", {"x": [1, 2, 3], "y": [1, 0, 2]}),
    "blank first lines": ("\n  \n\r\nx,y\n1,1\n2,0\n", {"x": [1, 2], "y": [1, 0]}),
    "blank lines": ("x,y\n1,1\n\n2,0\n\n\n", {"x": [1, 2], "y": [1, 0]}),
    "byte order mark": (b"\xef\xbb\xbf\r\nx,y\r\n1,1\r\n2,0", {"x": [1, 2], "y": [1, 0]}),
    "blanks": (' x , "y"\n 1,\t1\n2 , 0 \n', {"x": [1, 2], "y": [1, 0]}),
    "quoted": ('"x","y"\n"1","1"\n"2","0"\n', {"x": [1, 2], "y": [1, 0]}),
    "ways to write": ("x,y\n+1e3,.5\n007,-2.E-1\n1e-400,1\n", {"x": [1000, 7, 0], "y": [0.5, -0.2, 1]}),
    "truth": ("x,y\nTRUE,1\nfalse, 0\n", {"x": [1, 0], "y": [1, 0]}),
    "names of digits": ("2019,y\n1,1\n2,0\n", {"2019": [1, 2], "y": [1, 0]}),
    "exact above 2^53": ("x,y\n9007199254740994,1\n1e22,0\n", {"x": [2.0**53 + 2, 1e22], "y": [1, 0]}),
    "rounded decimals": ("x,y\n9007199254740993.0,1\n2,0\n", {"x": [2.0**53, 2], "y": [1, 0]}),
    "ids": ("x,y\n9007199254740993,0\n9007199254740992,1\n", "Column 'x', row 1 is 9007199254740993, which would be"),
    "a large id": (f"x,y\n1,0\n-{10**23},1\n", "Column 'x', row 2 is -100000000000000000000000, which would be"),
    "no names": ("5.1,3.5,0\n4.9,3.0,0\n4.7,3.2,1\n", "Line 1 has numbers only"),
    "no names and a value missing": ("5.1,?,0,N/A\n4.9,3.0,0,1\n4.7,3.2,1,2\n", "Line 1 has numbers only, or missing"),
    "names like missing values": ("Na,none\n1,1\n2,0\n", {"Na": [1, 2], "none": [1, 0]}),
    "no names after a blank line": ("\n-1e3,nan\n1,2\n3,4\n", "Line 2 has numbers only"),
    "a line break in a name": ('"x\nz",y\n1,1\n2,0\n', "The name of column 1, 'x\\nz', has characters that cannot be"),
    "short row": (
        "x,y\n1,2\n3\n5,6\n",
        "Row 2 must have 2 values, one for each name of the header line, but has 1",
    ),
    "short row after a blank line": ("x,y\r\n1,2\r\n\r\n3\r\n5,6\r\n", "Row 2 must have 2 values"),
    "long row": ("x,y\n1,2\n3,4,5\n", "Row 2 must have 2 values, one for each name of the header line, but has 3"),
    "row of blanks": ("x,y\n1,2\n3,4\n \n", "Row 3 must have 2 values"),
    "names alone": ("x,y\n", "The table has 0 rows"),
    "semicolons": ("x;y\n1,5;2\n", "separate the columns by commas"),
    "a name twice": ("x, x,y\n1,2,3\n4,5,6\n", "Two columns have the name 'x'"),
    "no name": (",x,y\n0,1,2\n1,4,5\n", "Column 1 has no name"),
    "empty": ("x,y\n1,2\n,4\n", "Column 'x', row 2 is empty"),
    "quoted nothing": ('x,y\n1,2\n"",4\n', "Column 'x', row 2 is empty"),
    "not a number": ("x,y\n1,2\nNaN,4\n", "Column 'x', row 2 is nan"),
    "infinite": ("x,y\n1,2\n3,-Infinity\n", "Column 'y', row 2 is -inf"),
    "beyond float64": ("x,y\n1,2\n1e400,4\n", "Column 'x', row 2 is '1e400', beyond the range of float64"),
    "hexadecimal": ("x,y\n0x10,2\n3,4\n", "Column 'x', row 1 is '0x10'"),
    "underscore": ("x,y\n1_000,2\n3,4\n", "Column 'x', row 1 is '1_000'"),
    "thousands": ('x,y\n"1,000",2\n3,4\n', "Column 'x', row 1 is '1,000'"),
    "Arabic digits": ("x,y\n١,2\n3,4\n", "Column 'x', row 1 is '١'"),
    "no-break space": ("x,y\n\xa01,2\n3,4\n", "Column 'x', row 1 is '\\xa01'"),
    "classes by name": ("x,y\n1,cat\n2,dog\n", "Column 'y', row 1 is 'cat'"),
    "Latin-1": (b"x,y\n1,2\n3,\xe9\n", "Column 'y', row 2 is not UTF-8 text"),
    "Latin-1 in a short row": (b"x,y\n1,2\n\xe9\n", "Row 2 must have 2 values"),
    "a quote left open": ('x,y\n1,"2\n3,4\n', "Column 'y', row 1 is '2\\n3,4\\n'"),
    "gzip": (b"\x1f\x8b\x08\x00", "compressed with gzip"),
    "nothing": (b"", "The file is empty"),
}

_DECIMALS = [Decimal("7758.7305"), Decimal("-0.1000"), Decimal("1804.0484")]
_X, _Y = [0.1, 2, 3], pa.array([0, 1, 0])
PARQUET: dict[str, tuple[dict[str, Any], dict[str, list[float]] | str]] = {
    **{
        str(kind): ({"x": pa.array(_DECIMALS, kind), "y": _Y}, {"x": [7758.7305, -0.1, 1804.0484], "y": [0, 1, 0]})
        for kind in (pa.decimal32(9, 4), pa.decimal64(18, 4), pa.decimal128(38, 4), pa.decimal256(76, 30))
    },
    "float32": (
        {"x": np.array(_X, np.float32), "y": _Y},
        {"x": [float(np.float32(0.1)), 2, 3], "y": [0, 1, 0]},
    ),
    "half": ({"x": np.array(_X, np.float16), "y": _Y}, {"x": [float(np.float16(0.1)), 2, 3], "y": [0, 1, 0]}),
    "bool": ({"x": [True, False, True], "y": _Y}, {"x": [1, 0, 1], "y": [0, 1, 0]}),
    "names as they are": ({" x ": [1, 2, 3], "0": _Y, "y": _Y}, {" x ": [1, 2, 3], "0": [0, 1, 0], "y": [0, 1, 0]}),
    "exact uint64": ({"x": pa.array([2**63, 1, 2], pa.uint64()), "y": _Y}, {"x": [2.0**63, 1, 2], "y": [0, 1, 0]}),
    "lowest int64": ({"x": pa.array([-(2**63), 1, 2]), "y": _Y}, {"x": [-(2.0**63), 1, 2], "y": [0, 1, 0]}),
    "uint64": ({"x": pa.array([1, 2**64 - 1, 2], pa.uint64()), "y": _Y}, "Column 'x', row 2 is 18446744073709551615, "),
    "int64": ({"x": [1, 2, -(2**53) - 1], "y": _Y}, "Column 'x', row 3 is -9007199254740993, which would be rounded"),
    "whole decimal": (
        {"x": pa.array([1, Decimal(2**53 + 1), 2], pa.decimal128(38, 0)), "y": _Y},
        "Column 'x', row 2 is 9007199254740993, which would be rounded to 9007199254740992",
    ),
    "null": ({"x": pa.array([Decimal(1), None, Decimal(2)]), "y": _Y}, "Column 'x', row 2 is empty"),
    "nan": ({"x": [1.0, 2.0, float("nan")], "y": _Y}, "Column 'x', row 3 is nan"),
    "text": ({"x": ["1", "2", "3"], "y": _Y}, "Column 'x' is of type string"),
    "categories": ({"x": pa.array(["a", "b", "a"]).dictionary_encode(), "y": _Y}, "Column 'x' is of type dictionary"),
    "times": ({"x": pa.array([1, 2, 3], pa.timestamp("s")), "y": _Y}, "Column 'x' is of type timestamp"),
    "nothing": ({"x": pa.nulls(3), "y": _Y}, "Column 'x' is of type null"),
    "one row": ({"x": [1], "y": [1]}, "The table has 1 rows"),
}

_PAIR: dict[str, Any] = {"inputs": [[1.5, 2], [3, 4]], "targets": [0, 1]}
_READ: dict[str, list[float]] = {"x0": [1.5, 3], "x1": [2, 4], "target": [0, 1]}
NPZ: dict[str, tuple[dict[str, Any], dict[str, list[float]] | str]] = {
    "two arrays": (_PAIR, _READ),
    "X and y": ({"X": np.asfortranarray(_PAIR["inputs"]), "y": [[0], [1]]}, _READ),
    "float32": (
        {"inputs": np.array([0.1, 3], np.float32), "targets": [0, 1]},
        {"x0": [float(np.float32(0.1)), 3], "target": [0, 1]},
    ),
    "uint64": ({**_PAIR, "targets": np.array([1, 2**53 + 1], np.uint64)}, "Array 'targets', row 2 is 9007199254740993"),
    "int64 of the other end": (
        {**_PAIR, "inputs": np.array([[1, 2], [3, -(2**53) - 1]], ">i8")},
        "Array 'inputs', feature 1, row 2 is -9007199254740993, which would be rounded",
    ),
    "infinite": ({**_PAIR, "inputs": [[1, 2], [np.inf, 3]]}, "Array 'inputs', feature 0, row 2 is inf"),
    "text": ({**_PAIR, "targets": ["a", "b"]}, "Array 'targets' is of type <U1"),
    "fewer targets": ({**_PAIR, "targets": [1]}, "There are 2 samples in inputs and 1 in targets"),
    "one sample": ({"inputs": [1], "targets": [1]}, "The table has 1 rows"),
}

CASES: dict[str, tuple[Format, bytes, dict[str, list[float]] | str]] = {
    **{
        f"csv: {name}": ("csv", content if isinstance(content, bytes) else content.encode(), right)
        for name, (content, right) in CSV.items()
    },
    **{f"parquet: {name}": ("parquet", parquet_file(columns), right) for name, (columns, right) in PARQUET.items()},
    **{f"npz: {name}": ("npz", npz_file(**arrays), right) for name, (arrays, right) in NPZ.items()},
}


@dataclass
class Both:
    """Takes a file in both ways."""

    database: Database
    source: DataSource

    def refusals(self, kind: Format, content: bytes, **options: Any) -> tuple[str, str]:
        """What is said of a file that cannot be used: as an upload, and as a file."""
        with pytest.raises(InvalidDataset) as of_upload:
            upload(self.database, content, "refused", kind)
        with pytest.raises(DatasetError) as of_file:
            load_dataset(self.file(kind, content, **options), self.source)
        return str(of_upload.value), str(of_file.value)

    def file(self, kind: Format, content: bytes, **options: Any) -> FileDataset:
        """The settings of a file with this content."""
        path = self.source.folder / "files" / f"a.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        return FileDataset(file=path.name, **options)

    def pinned(self, name: str, **options: Any) -> AnyDataset:
        """The settings of an upload as a worker gets them."""
        problem = {"type": "dataset", "dataset": {"name": "upload", "dataset": name, **options}}
        submitted = JobSpec.model_validate(spec(problem={**problem, "model": {"name": "linear"}}))
        filled = fill_uploads(self.database, LOCAL, submitted).problem
        assert isinstance(filled, DatasetProblem)
        return filled.dataset


@pytest.fixture
def both(database: Database, tmp_path: Path) -> Both:
    return Both(database, data_source(Settings(datasets_dir=tmp_path / "datasets"), database))


def test_a_file_is_read_or_refused_alike_in_both_ways(both: Both) -> None:
    for name, (kind, content, right) in CASES.items():
        if isinstance(right, str):
            of_upload, of_file = both.refusals(kind, content, target="y")
            assert right in of_upload, name
            assert of_file == f"a.{kind}: {of_upload}", name
        else:
            _assert_read(both, kind, content, right, name)


def _assert_read(
    both: Both, kind: Format, content: bytes, right: dict[str, list[float]], name: str, **options: Any
) -> None:
    stored = upload(both.database, content, "d-" + re.sub("[^a-z0-9]", "-", name), kind, header=bool(options))
    preview = DatasetService(both.database).preview(LOCAL, stored.id, 100).columns
    assert (list(preview), preview) == (list(right), right), name
    target = list(right)[-1]
    chosen = {"target": target, "test_fraction": 0.0}
    for standardize in (False, True):
        settings = {**chosen, "standardize": standardize}
        uploaded = load_dataset(both.pinned(stored.name, **settings), both.source)
        lying = load_dataset(both.file(kind, content, **settings, **options), both.source)
        for of_upload, of_file in ((uploaded.inputs, lying.inputs), (uploaded.targets, lying.targets)):
            assert of_upload.tobytes() == of_file.tobytes(), name
        if not standardize:
            assert np.hstack([lying.inputs, lying.targets]).T.tolist() == list(right.values()), name
    kinds = {column.name: column.kind for column in stored.columns}
    for column, values in right.items():
        is_whole = all(float(value).is_integer() and abs(value) < 2**53 for value in values)
        assert kinds[column] == ("integer" if is_whole else "number"), name


def test_names_may_be_numbers_where_that_is_said(both: Both) -> None:
    content = b"5.1,3.5,0\n4.9,3.0,0\n4.7,3.2,1\n"
    right = {"5.1": [4.9, 4.7], "3.5": [3.0, 3.2], "0": [0.0, 1.0]}
    _assert_read(both, "csv", content, right, "numeric names", header=True)


def test_of_several_faults_the_same_is_told(both: Both) -> None:
    made = {"csv": b"y,x\na,b\n1,2\n", "parquet": parquet_file({"y": [1.0, np.nan], "x": [np.inf, 1.0]})}
    for kind, content in made.items():
        of_upload, of_file = both.refusals("csv" if kind == "csv" else "parquet", content, target="y")
        assert "Column 'y'" in of_upload
        assert of_file == f"a.{kind}: {of_upload}"


def test_columns_are_chosen_and_missed_alike(both: Both) -> None:
    content = b"x, price,y\n1,2,3\n4,5,6\n7,8,9\n"
    upload(both.database, content, "houses")
    settings = {"target": "price", "inputs": ["y"], "data_seed": 3, "test_fraction": 0.4}
    uploaded = load_dataset(both.pinned("houses", **settings), both.source)
    lying = load_dataset(both.file("csv", content, **settings), both.source)
    assert uploaded.test_inputs is not None
    assert lying.test_inputs is not None
    assert uploaded.inputs.tobytes() == lying.inputs.tobytes()
    assert uploaded.test_inputs.tobytes() == lying.test_inputs.tobytes()
    missing = "The table has no column 'prize'. Did you mean 'price'?"
    with pytest.raises(ValueError, match=missing):
        both.pinned("houses", target="prize")
    with pytest.raises(DatasetError, match=missing):
        load_dataset(both.file("csv", content, target="prize"), both.source)


NOISE: dict[str, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    "float32": lambda count: np.float32(0.1) + count.astype(np.float32) * np.spacing(np.float32(0.1)),
    "float32 of whole numbers": lambda count: np.float32(1e9) + count.astype(np.float32) * np.float32(64),
    "float32 below 2^24": lambda count: np.float32(2**23) + count.astype(np.float32),
    "float64": lambda count: 1e9 + count * np.spacing(1e9),
}


def test_what_is_rounding_is_judged_alike_in_both_ways(both: Both) -> None:
    for name, make in NOISE.items():
        content = parquet_file({"x": make(np.arange(30) % 7 - 3), "target": np.arange(30)})
        stored = upload(both.database, content, name.replace(" ", "-").replace("^", "-"), "parquet")
        uploaded = load_dataset(both.pinned(stored.name), both.source)
        lying = load_dataset(both.file("parquet", content), both.source)
        assert uploaded.inputs.tobytes() == lying.inputs.tobytes(), name
        assert uploaded.inputs.std() != pytest.approx(1), name
