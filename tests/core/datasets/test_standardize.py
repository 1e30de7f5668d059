"""Inputs scaled to mean 0 and variance 1: what is no spread but rounding is not made one."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ayla_core.datasets import DataSource, load_dataset
from ayla_core.datasets.standardize import ROUNDINGS, standardize
from ayla_spec.datasets import FileDataset

Array = npt.NDArray[Any]
EPS = float(np.finfo(np.float64).eps)


def _near(value: float, spacings: Array, kind: type[np.floating[Any]] = np.float64) -> Array:
    """A number and its neighbours among those of the type, so many spacings away."""
    return np.array([kind(value) + count * np.spacing(kind(value)) for count in spacings], kind)


def _scaled(*columns: Array, **options: Any) -> Array:
    return standardize(np.column_stack(columns).astype(np.float64), None, str, **options)[0]


FEW = np.random.default_rng(0).integers(-8, 9, 5000)
"""Differences of a few spacings: as much as a handful of roundings."""


@pytest.mark.parametrize("value", [0.1, 0.3, 1.0, 1e9, -1e9 - 0.3, 7e15 + 0.5, 1e-300, 1e300])
def test_a_spread_of_some_roundings_is_none(value: float) -> None:
    column = _near(value, FEW)
    assert len(np.unique(column)) == 17
    scaled = _scaled(column, np.arange(5000.0))
    assert np.abs(scaled[:, 0]).max() <= 20 * EPS * min(abs(value), 1)
    assert scaled[:, 1].std() == pytest.approx(1)


def test_sums_that_should_be_equal_are_constant() -> None:
    parts = np.random.default_rng(1).random((1000, 12))
    shares = parts / parts.sum(axis=1, keepdims=True)
    column = np.array([sum(row.tolist()) for row in shares])
    assert len(np.unique(column)) > 2
    assert np.abs(_scaled(column)).max() < 1e-14


def test_a_small_spread_that_is_real_is_scaled_however_many_samples_there_are() -> None:
    """A plain sum of a hundred thousand numbers is off by more than this spread."""
    signal = np.random.default_rng(2).standard_normal(100_000)
    for value, spread in ((1e9, 1e-4), (0.1, 1e-12), (3.0, 100 * EPS)):
        column = value + spread * signal
        scaled = _scaled(column, signal)[:, 0]
        assert (scaled.mean(), scaled.std()) == (pytest.approx(0, abs=0.1), pytest.approx(1, rel=1e-6))
        assert np.corrcoef(scaled, column - value)[0, 1] > 0.999


def test_where_rounding_ends() -> None:
    two = np.tile([1.0, -1.0], 500)
    for factor, is_scaled in ((0.9, False), (1.5, True)):
        column = 1.5 + np.round(two * ROUNDINGS * 1.5 * factor) * EPS
        assert (np.abs(_scaled(column)).max() > 0.5) == is_scaled


def test_whole_numbers_are_no_roundings() -> None:
    days = np.tile([1e15, 1e15 + 1, 1e15 + 2], 10)
    assert np.abs(_scaled(days)).max() == pytest.approx(np.sqrt(1.5))
    beyond = _near(1e17, FEW)
    assert np.abs(_scaled(beyond)).max() <= 20 * EPS


def test_the_test_part_is_only_shifted_where_the_training_part_has_no_scale() -> None:
    train, test = _near(0.1, FEW)[:, np.newaxis], np.array([[0.1], [1.1]])
    _, shifted = standardize(train, test, str)
    assert shifted is not None
    np.testing.assert_allclose(shifted[:, 0], [0.0, 1.0], atol=1e-14)


def test_spreads_whose_squares_are_no_numbers_are_scaled() -> None:
    signal = np.random.default_rng(4).standard_normal(1000)
    for size in (1e-200, 1e200):
        assert _scaled(size * signal).std() == pytest.approx(1)


def test_columns_with_a_spread_keep_their_bits() -> None:
    table = np.random.default_rng(3).normal(50, 7, (1000, 3))
    np.testing.assert_array_equal(_scaled(*table.T), (table - table.mean(axis=0)) / table.std(axis=0))


@pytest.mark.parametrize("file", ["a.parquet", "a.npz"])
def test_numbers_stored_as_float32_are_judged_by_its_roundings(folder: Path, offline: DataSource, file: str) -> None:
    columns: dict[str, Array] = {
        "tenths": _near(0.1, FEW, np.float32),
        "billions": _near(1e9, FEW, np.float32),
        "days": np.float32(20_000) + np.tile(np.arange(5, dtype=np.float32), 1000),
        "metres": np.float32(1000) + np.float32(0.01) * FEW.astype(np.float32),
    }
    if file.endswith("npz"):
        np.savez(folder / "files" / file, inputs=np.column_stack(list(columns.values())), targets=np.arange(5000))
    else:
        pq.write_table(pa.table({**columns, "target": np.arange(5000)}), folder / "files" / file)
    scaled = load_dataset(FileDataset(file=file, test_fraction=0.0), offline).inputs
    assert np.abs(scaled[:, :2]).max() < 2e-6
    np.testing.assert_allclose(scaled[:, 2:].std(axis=0), 1, rtol=1e-4)


def test_the_same_numbers_as_float64_are_scaled(folder: Path, offline: DataSource) -> None:
    column = _near(0.1, FEW, np.float32).astype(np.float64)
    pq.write_table(pa.table({"x": column, "target": np.arange(5000)}), folder / "files" / "a.parquet")
    scaled = load_dataset(FileDataset(file="a.parquet", test_fraction=0.0), offline).inputs
    assert scaled.std() == pytest.approx(1)
