"""NPZ files of users: arrays that fit together, and nothing that runs code or fills the memory."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ayla_core.datasets import DatasetError, DataSource, load_dataset
from ayla_data import npz_file
from ayla_spec.datasets import FileDataset
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

X, Y = np.arange(12.0).reshape(6, 2), np.arange(6.0)


def settings(**options: Any) -> FileDataset:
    return FileDataset(file="a.npz", **{"test_fraction": 0.0, "standardize": False, **options})


def refusal(source: DataSource, **options: Any) -> str:
    with pytest.raises(DatasetError) as error:
        load_dataset(settings(**options), source)
    return str(error.value)


def save(folder: Path, **arrays: Any) -> None:
    np.savez(folder / "files" / "a.npz", **arrays)


def write_members(folder: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(folder / "files" / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def npy(array: np.ndarray[Any, Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def claiming(shape: str, kind: str = "<f8") -> bytes:
    """The header of an array of this shape, and no values."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


@pytest.mark.parametrize("kind", ["<f8", ">f4", "<f2", "<i4", "<u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_become_inputs_and_targets(folder: Path, offline: DataSource, kind: str, order: Any) -> None:
    inputs = np.array(np.arange(24).reshape(4, 3, 2) % 2, kind, order=order)
    save(folder, inputs=inputs, targets=Y[:4])
    dataset = load_dataset(settings(), offline)
    assert (dataset.shape, dataset.features, dataset.outputs, dataset.inputs.dtype.name) == ((3, 2), 6, 1, "float64")
    np.testing.assert_array_equal(dataset.inputs, inputs.astype(float))
    assert dataset.targets.shape == (4, 1)


def test_an_axis_of_one_may_be_left_out_and_targets_may_be_several(folder: Path, offline: DataSource) -> None:
    np.savez_compressed(folder / "files" / "a.npz", inputs=Y, targets=X)
    dataset = load_dataset(settings(), offline)
    assert (dataset.shape, dataset.outputs) == ((1,), 2)


def test_a_test_part_of_its_own_is_not_split(folder: Path, offline: DataSource) -> None:
    save(folder, inputs=X, targets=[0, 1, 0, 1, 2, 0], test_inputs=X[:2] + 1, test_targets=[1, 0])
    dataset = load_dataset(settings(test_fraction=0.5, task="classification", standardize=True), offline)
    assert (dataset.samples, dataset.test_samples, dataset.classes) == (6, 2, 3)
    assert dataset.targets.tolist() == [0, 1, 0, 1, 2, 0]
    assert dataset.test_inputs is not None
    np.testing.assert_allclose(dataset.test_inputs, (X[:2] + 1 - X.mean(axis=0)) / X.std(axis=0))


def test_an_input_that_is_constant_in_training_is_only_shifted(folder: Path, offline: DataSource) -> None:
    same = np.full(99, 0.1)
    assert same.std() > 0  # by rounding, which must not become a scale
    save(folder, inputs=same, targets=same, test_inputs=[0.1, 1.1], test_targets=[0, 0])
    dataset = load_dataset(settings(standardize=True), offline)
    assert not dataset.inputs.any()
    assert dataset.test_inputs is not None
    assert dataset.test_inputs[:, 0].tolist() == [0.0, 1.0]


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no targets": ({"inputs": X}, "holds 'inputs'; it must hold"),
    "no inputs": ({"targets": Y}, "holds 'targets'; it must hold"),
    "half a test part": (
        {"inputs": X, "targets": Y, "test_inputs": X},
        "test_inputs and test_targets, both or neither",
    ),
    "another array": ({"inputs": X, "targets": Y, "weights": Y}, "holds 'inputs', 'targets', 'weights'; it must hold"),
    "fewer targets": ({"inputs": X, "targets": Y[:5]}, "6 samples in inputs and 5 in targets"),
    "no samples": ({"inputs": X[:0], "targets": Y[:0]}, "a.npz: The table has 0 rows"),
    "no features": ({"inputs": X[:, :0], "targets": Y}, "has no values"),
    "a number": ({"inputs": X, "targets": 3.0}, "a.npz: Array 'targets' is a single number"),
    "three axes": ({"inputs": X, "targets": np.zeros((6, 1, 1))}, r"has the shape \[6, 1, 1\]"),
    "text": ({"inputs": X, "targets": np.array(list("abcdef"))}, "Array 'targets' is of type <U1"),
    "complex": ({"inputs": X + 1j, "targets": Y}, "is of type complex128"),
    "objects": ({"inputs": X, "targets": np.array([{}] * 6)}, "is of type object"),
    "records": ({"inputs": np.zeros(6, "f8,f8"), "targets": Y}, "Array 'inputs' is of type"),
    "nan": ({"inputs": np.where(X == 5, np.nan, X), "targets": Y}, "Array 'inputs', feature 1, row 3 is nan"),
    "inf": ({"inputs": X, "targets": [1, 1, 1, 1, 1, np.inf]}, "Array 'targets', row 6 is inf"),
    "other test samples": (
        {"inputs": X, "targets": Y, "test_inputs": X.reshape(4, 3), "test_targets": Y[:4]},
        r"of shape \[2\] in inputs and of \[3\] in test_inputs",
    ),
}


@pytest.mark.parametrize(("arrays", "message"), FAULTS.values(), ids=FAULTS)
def test_arrays_that_cannot_be_used(folder: Path, offline: DataSource, arrays: dict[str, Any], message: str) -> None:
    save(folder, **arrays)
    with pytest.raises(DatasetError, match=message):
        load_dataset(settings(), offline)


def test_labels_are_one_number_per_sample_and_columns_have_no_names(folder: Path, offline: DataSource) -> None:
    save(folder, inputs=X, targets=X)
    assert "has 2 values per sample" in refusal(offline, task="classification")
    assert "leave 'inputs' out" in refusal(offline, inputs=["x"])


CLAIMS = {
    "trillions of rows": (claiming("(1000000000000, 2)"), "not as long as its header says"),
    "a negative shape": (claiming("(-1, -2)") + bytes(16), "not as long as its header says"),
    "one value short": (npy(X)[:-8], "not as long as its header says"),
    "one value more": (npy(X) + bytes(8), "not as long as its header says"),
    "no header": (b"", "no valid header"),
    "another format": (b"<html>", "no valid header"),
    "code for a shape": (claiming("print(1)"), "no valid header"),
    "a pickle": (claiming("(6,)", "|O") + b"cos\nsystem\n(S'true'\ntR.", "is of type object"),
    "a header of gigabytes": (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + bytes(20_000), "no valid header"),
    "a later version": (b"\x93NUMPY\x03\x00" + claiming("(6, 2)")[8:], "not a plain array"),
}


@pytest.mark.parametrize(("content", "message"), CLAIMS.values(), ids=CLAIMS)
def test_a_header_is_not_believed(folder: Path, offline: DataSource, content: bytes, message: str) -> None:
    write_members(folder, {"inputs.npy": content, "targets.npy": npy(Y)})
    assert message in refusal(offline)


def test_a_bomb_is_refused_before_it_is_unpacked(
    folder: Path, offline: DataSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 20_000_000
    write_members(folder, {"inputs.npy": claiming(f"({rows},)", "|u1") + bytes(rows), "targets.npy": npy(Y)})
    monkeypatch.setattr(npz_file, "_unpacked", lambda *_: pytest.fail("unpacked"))
    assert (folder / "files" / "a.npz").stat().st_size < 100_000
    assert "more rows than" in refusal(offline)


@pytest.mark.parametrize("name", ["folder/inputs.npy", "../inputs.npy", "evil.py", "inputs"])
def test_other_content_is_refused(folder: Path, offline: DataSource, name: str) -> None:
    write_members(folder, {"inputs.npy": npy(X), "targets.npy": npy(Y), name: npy(X)})
    assert "must hold the arrays inputs and targets, or X and y, and nothing else but test_inputs and" in refusal(
        offline
    )


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"x,target\n", npy(X)])
def test_other_formats_are_refused(folder: Path, offline: DataSource, content: bytes) -> None:
    (folder / "files" / "a.npz").write_bytes(content)
    assert "a.npz" in refusal(offline)


def _saved() -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, inputs=X, targets=Y)
    return content.getvalue()


SAVED = _saved()


@given(place=st.integers(0, len(SAVED) - 1), change=st.binary(min_size=1, max_size=4), cut=st.booleans())
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_refused_or_harmless(
    folder: Path, offline: DataSource, place: int, change: bytes, cut: bool
) -> None:
    damaged = SAVED[:place] if cut else SAVED[:place] + change + SAVED[place + len(change) :]
    (folder / "files" / "a.npz").write_bytes(damaged)
    try:
        dataset = load_dataset(settings(), offline)
    except DatasetError:
        return
    # What is left can only be a change of something that nobody reads, such as a date.
    assert (dataset.inputs.tolist(), dataset.targets[:, 0].tolist()) == (X.tolist(), Y.tolist())
