"""CSV and Parquet files of users: what is read, and what is refused with column and row."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ayla_core.datasets import DatasetError, DatasetUnavailable, DataSource, load_dataset
from ayla_data import csv_file, limits, parquet_file
from ayla_spec.datasets import FileDataset
from ayla_spec.limits import MAX_FEATURES, MAX_SAMPLES

HOUSES = pd.DataFrame(
    {
        "rooms": [3, 4, 5, 2, 6, 7],
        "area": [50.5, 70.25, 90.0, 30.0, 120.0, 1e-3],
        "garden": [True, False, True, False, True, True],
        "price": [100, 150, 200, 80, 300, 10],
    }
)


def settings(file: str, **options: Any) -> FileDataset:
    """Everything is trained on, as it is, unless the test says otherwise."""
    return FileDataset(file=file, **{"test_fraction": 0.0, "standardize": False, **options})


def write(folder: Path, file: str, content: str | bytes | pd.DataFrame) -> None:
    path = folder / "files" / file
    if isinstance(content, pd.DataFrame):
        content.to_csv(path, index=False) if file.endswith(".csv") else content.to_parquet(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def refusal(source: DataSource, wanted: FileDataset) -> str:
    with pytest.raises(DatasetError) as error:
        load_dataset(wanted, source)
    return str(error.value)


@pytest.mark.parametrize("file", ["houses.csv", "houses.parquet", "HOUSES.CSV"])
def test_columns_become_inputs_and_target(folder: Path, offline: DataSource, file: str) -> None:
    write(folder, file, HOUSES) if file != "HOUSES.CSV" else HOUSES.to_csv(folder / "files" / file, index=False)
    dataset = load_dataset(settings(file, target="price"), offline)
    np.testing.assert_array_equal(dataset.inputs, HOUSES[["rooms", "area", "garden"]].to_numpy(float))
    np.testing.assert_array_equal(dataset.targets, HOUSES[["price"]].to_numpy(float))
    assert (dataset.inputs.dtype.name, dataset.targets.dtype.name) == ("float64", "float64")
    assert (dataset.shape, dataset.outputs, dataset.classes, dataset.input_scale) == ((3,), 1, None, 1.0)
    assert dataset.test_inputs is None
    assert dataset.test_targets is None


@pytest.mark.parametrize("file", ["houses.csv", "houses.parquet"])
def test_inputs_are_taken_in_the_order_asked_for(folder: Path, offline: DataSource, file: str) -> None:
    write(folder, file, HOUSES)
    dataset = load_dataset(settings(file, target="price", inputs=["garden", "rooms"]), offline)
    np.testing.assert_array_equal(dataset.inputs, HOUSES[["garden", "rooms"]].to_numpy(float))


def test_text_columns_that_are_not_chosen_do_no_harm(folder: Path, offline: DataSource) -> None:
    write(folder, "a.csv", 'name,"x, y",target\n"Smith, Ann",1,2\n"O""Neill", 3 ,4\n')
    assert load_dataset(settings("a.csv", inputs=["x, y"]), offline).inputs.tolist() == [[1.0], [3.0]]


def test_a_large_csv_is_read_block_by_block(folder: Path, offline: DataSource) -> None:
    values = np.random.default_rng(0).standard_normal((200_000, 3))
    write(folder, "large.csv", pd.DataFrame(values, columns=["a", "b", "target"]))
    dataset = load_dataset(settings("large.csv"), offline)
    np.testing.assert_array_equal(np.hstack([dataset.inputs, dataset.targets]), values)


def test_rows_are_counted_across_blocks(folder: Path, offline: DataSource) -> None:
    lines = ["x,target", *(f"{row}.{'5' * 20},1" for row in range(300_000))]
    lines[280_000] = "oops,1"
    write(folder, "large.csv", "\n".join(lines))
    assert "Column 'x', row 280000 is 'oops'" in refusal(offline, settings("large.csv"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a.csv: The file is empty"),
        ("x,target\n", "a.csv: The table has 0 rows"),
        ("x,target", "The table has 0 rows"),
        ("target\n1\n2\n", "too few columns"),
        (
            "x,target\n1,2\n3\n",
            "a.csv: Row 2 must have 2 values, one for each name of the header line, but has 1: '3'.",
        ),
        ("x,target\n1,\n", "Column 'target', row 1 is empty"),
        ("x,target\n1,2\n,2\n", "Column 'x', row 2 is empty"),
        ("x,target\n1,2\nnan,2\n", "Column 'x', row 2 is nan"),
        ("x,target\n1,2\n1,-inf\n", "Column 'target', row 2 is -inf"),
        ("x,target\n1,2\n1e999,1\n", "Column 'x', row 2 is '1e999', beyond the range of float64"),
        ("x,target\n1,2\nAnn,1\n", "Column 'x', row 2 is 'Ann'"),
        ("x,target\n1,1_0\n2,2\n", "Column 'target', row 1 is '1_0'"),
        ('x,target\n"1,5",2\n2,2\n', "Column 'x', row 1 is '1,5'"),
        ("x,x,target\n1,2,3\n", "Two columns have the name 'x'"),
        ("x,Target\n1,2\n", "a.csv: The table has no column 'target'. Did you mean 'Target'?"),
        ("x,y\n1,2\n", "a.csv: The table has no column 'target'. It has: 'x', 'y'."),
        (b"x,target\n\xff,1\n2,2\n", "Column 'x', row 1 is not UTF-8 text"),
        (bytes(range(256)), "too few columns"),
        (b"PAR1 and more", "The file is not CSV but Parquet"),
        (b"PK\x03\x04 and more", "not CSV but a zip or NPZ file"),
        (b"\x1f\x8b and more", "compressed with gzip"),
        ("x,target\n1,2\n", "a.csv: The table has 1 rows"),
    ],
)
def test_a_csv_that_cannot_be_used(folder: Path, offline: DataSource, content: str | bytes, message: str) -> None:
    write(folder, "a.csv", content)
    assert message in refusal(offline, settings("a.csv"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": ["a", "b"]}, "a.parquet: Column 'x' is of type string"),
        ({"x": [[1.0], [2.0]]}, "a.parquet: Column 'x' is of type list"),
        ({"x": [{"a": 1}, {"a": 2}]}, "a.parquet: Column 'x' is of type struct"),
        ({"x": pa.array([1, 2], pa.timestamp("s"))}, "is of type timestamp"),
        ({"x": [1, None]}, "Column 'x', row 2 is empty"),
        ({"x": [1.0, float("inf")]}, "Column 'x', row 2 is inf"),
        ({"x": [float("nan"), 1.0]}, "Column 'x', row 1 is nan"),
        ({"x": pa.array([], pa.float64())}, "a.parquet: The table has 0 rows"),
    ],
)
def test_a_parquet_that_cannot_be_used(
    folder: Path, offline: DataSource, columns: dict[str, Any], message: str
) -> None:
    target = pa.array(range(len(columns["x"])), pa.int64())
    pq.write_table(pa.table(columns | {"target": target}), folder / "files" / "a.parquet")
    assert message in refusal(offline, settings("a.parquet"))


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"x,target\n1,2\n"])
def test_a_damaged_parquet_is_refused(folder: Path, offline: DataSource, content: bytes) -> None:
    write(folder, "a.parquet", content)
    assert refusal(offline, settings("a.parquet")).startswith("a.parquet: The ")


def test_parquet_takes_every_kind_of_number_and_no_row_labels_of_pandas(folder: Path, offline: DataSource) -> None:
    kinds = [pa.float16(), pa.float32(), pa.int8(), pa.uint64(), pa.decimal128(25, 2), pa.bool_()]
    columns = {str(kind): pa.array([0, 1, 1], pa.int64()).cast(kind) for kind in kinds}
    frame = pa.table(columns | {"target": [1, 2, 3], "__index_level_0__": [7, 8, 9]})
    pq.write_table(frame, folder / "files" / "a.parquet")
    assert load_dataset(settings("a.parquet"), offline).inputs.tolist() == [[0.0] * 6, [1.0] * 6, [1.0] * 6]


def test_more_samples_than_allowed_are_refused_before_they_are_read(folder: Path, offline: DataSource) -> None:
    row = pa.nulls(MAX_SAMPLES + 1, pa.int8())
    pq.write_table(pa.table({"x": row, "target": row}), folder / "files" / "a.parquet")
    assert f"more rows than the {MAX_SAMPLES} allowed" in refusal(offline, settings("a.parquet"))
    write(folder, "a.csv", "x,target\n" + "1,2\n" * (MAX_SAMPLES + 1))
    assert f"more rows than the {MAX_SAMPLES} allowed" in refusal(offline, settings("a.csv"))


def test_more_features_than_allowed_are_refused(folder: Path, offline: DataSource) -> None:
    names = [f"x{place}" for place in range(MAX_FEATURES + 1)]
    write(folder, "a.csv", ",".join([*names, "target"]) + "\n" + ",".join("1" * (len(names) + 1)) + "\n")
    assert f"more columns than the {MAX_FEATURES + 1} allowed" in refusal(offline, settings("a.csv"))


def test_more_values_than_a_worker_has_room_for_are_refused(
    folder: Path, offline: DataSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_INPUT_VALUES", 17)
    for reader, function in ((csv_file, "from_text"), (parquet_file, "from_arrow")):
        monkeypatch.setattr(reader, function, lambda *_: pytest.fail("read before the size was checked"))
    for file in ("houses.csv", "houses.parquet"):
        write(folder, file, HOUSES)
        assert "more values" in refusal(offline, settings(file, target="price"))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 2.5, 1], "Column 'target', row 3 is 2.5; classes are the integers 0, 1, ..., k-1"),
        ([0, 1, -1, 1], "Column 'target', row 3 is -1"),
        ([0, 1, 1e15, 1], "Column 'target', row 3 is 1e+15"),
        ([0, 0, 0, 0], "has only the class 0"),
        ([1, 2, 1, 2], "class 0 has no training sample"),
        ([0, 1, 3, 0], "goes up to class 3, but class 2 has no training sample"),
    ],
)
def test_labels_that_are_no_classes(folder: Path, offline: DataSource, labels: list[float], message: str) -> None:
    write(folder, "a.csv", pd.DataFrame({"x": [1, 2, 3, 4], "target": labels}))
    assert message in refusal(offline, settings("a.csv", task="classification"))


def test_a_class_that_only_the_test_part_has_is_refused(folder: Path, offline: DataSource) -> None:
    write(folder, "a.csv", pd.DataFrame({"x": range(10), "target": [0, 1] * 4 + [2, 2]}))
    messages = dict.fromkeys(range(60), "")
    for seed in messages:
        wanted = settings("a.csv", task="classification", test_fraction=0.5, data_seed=seed)
        try:
            dataset = load_dataset(wanted, offline)
        except DatasetError as error:
            messages[seed] = str(error)
        else:
            assert (dataset.classes, dataset.outputs, dataset.targets.dtype.name) == (3, 3, "int64")
    assert any("class 2 has no training sample" in message for message in messages.values())
    assert "" in messages.values()


def test_standardized_inputs_have_mean_0_and_variance_1_in_the_training_part(folder: Path, offline: DataSource) -> None:
    generator = np.random.default_rng(3)
    frame = pd.DataFrame(generator.normal(50, 7, (100, 2)), columns=["a", "b"]).assign(same=0.1, target=range(100))
    write(folder, "a.csv", frame)
    plain = load_dataset(settings("a.csv", test_fraction=0.3), offline)
    scaled = load_dataset(settings("a.csv", test_fraction=0.3, standardize=True), offline)
    np.testing.assert_allclose(scaled.inputs[:, :2].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.inputs[:, :2].std(axis=0), 1)
    assert not scaled.inputs[:, 2].any()
    assert scaled.test_inputs is not None
    assert plain.test_inputs is not None
    moments = plain.inputs[:, :2].mean(axis=0), plain.inputs[:, :2].std(axis=0)
    np.testing.assert_allclose(scaled.test_inputs[:, :2], (plain.test_inputs[:, :2] - moments[0]) / moments[1])
    np.testing.assert_array_equal(scaled.targets, plain.targets)


def test_values_that_overflow_when_standardized_are_refused(folder: Path, offline: DataSource) -> None:
    write(folder, "a.csv", "x,y,target\n1,1e308,0\n2,-1e308,1\n3,1e308,2\n")
    assert "Column 'y' has values too large" in refusal(offline, settings("a.csv", standardize=True))


def test_a_missing_file_is_named_with_its_place(folder: Path, offline: DataSource) -> None:
    write(folder, "houses.csv", HOUSES)
    with pytest.raises(DatasetUnavailable) as error:
        load_dataset(settings("house.csv"), offline)
    assert str(error.value) == (
        "There is no file 'house.csv' on this worker. Did you mean 'houses.csv'? "
        f"Put it into {folder / 'files'} on every worker; AYLA_DATASETS_DIR sets the folder above."
    )
    with pytest.raises(DatasetUnavailable, match=re.escape("no file 'house.csv'")):
        load_dataset(settings("house.csv"), DataSource(folder / "nowhere"))


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, offline: DataSource) -> None:
    secret = folder.parent / "secret.csv"
    secret.write_text("x,target\n1,2\n3,4\n")
    (folder / "files" / "a.csv").symlink_to(secret)
    assert "a.csv is a link out of the data folder" in refusal(offline, settings("a.csv"))
    (folder / "files" / "loop.csv").symlink_to(folder / "files" / "loop.csv")
    assert "loop.csv is a link out of the data folder" in refusal(offline, settings("loop.csv"))
    (folder / "files" / "b.csv").symlink_to(folder / "files" / "real.csv")
    (folder / "files" / "real.csv").write_text(secret.read_text())
    assert load_dataset(settings("b.csv"), offline).samples == 2


def test_a_folder_is_not_a_file(folder: Path, offline: DataSource) -> None:
    (folder / "files" / "a.csv").mkdir()
    assert "is not a file" in refusal(offline, settings("a.csv"))


@pytest.mark.parametrize("inputs", [["x", "x"], ["x", "target"]])
def test_a_column_is_chosen_once(folder: Path, offline: DataSource, inputs: list[str]) -> None:
    write(folder, "a.csv", "x,target\n1,2\n3,4\n")
    assert "is chosen twice" in refusal(offline, settings("a.csv", inputs=inputs))
