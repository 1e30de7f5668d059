"""A process loads a dataset once, and again when its file has changed."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from ayla_core.datasets import DatasetError, DataSource, LoadedDataset, load_dataset
from ayla_core.datasets.loading import DatasetCache
from ayla_spec.datasets import FileDataset, RegressionDataset


def sized(values: int) -> LoadedDataset:
    return LoadedDataset(np.zeros((values, 1)), np.zeros((0, 1)), None, None, None)


def test_the_same_settings_give_the_same_object(offline: DataSource) -> None:
    dataset = load_dataset(RegressionDataset(), offline)
    assert load_dataset(RegressionDataset(), offline) is dataset
    assert load_dataset(RegressionDataset(noise=0.2), offline) is not dataset


def test_a_file_is_read_again_when_it_was_replaced(folder: Path, offline: DataSource) -> None:
    path, settings = folder / "files" / "a.csv", FileDataset(file="a.csv", test_fraction=0.0)
    path.write_text("x,target\n1,2\n3,4\n")
    first = load_dataset(settings, offline)
    assert load_dataset(settings, offline) is first
    status = path.stat()
    path.write_text("x,target\n1,5\n3,6\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert load_dataset(settings, offline).targets.tolist() == [[5.0], [6.0]]
    path.unlink()
    with pytest.raises(DatasetError):
        load_dataset(settings, offline)


def test_an_error_is_not_kept(folder: Path, offline: DataSource) -> None:
    path, settings = folder / "files" / "a.csv", FileDataset(file="a.csv")
    path.write_text("x,target\n1,oops\n3,4\n")
    with pytest.raises(DatasetError):
        load_dataset(settings, offline)
    path.write_text("x,target\n1,2\n3,4\n")
    assert load_dataset(settings, offline).samples == 2


def test_arrays_cannot_be_changed_and_torch_copies_them(offline: DataSource) -> None:
    dataset = load_dataset(RegressionDataset(), offline)
    for array in (dataset.inputs, dataset.targets, dataset.test_inputs, dataset.test_targets):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert torch.tensor(dataset.inputs).shape == (800, 10)


def test_the_oldest_go_when_memory_is_used_up() -> None:
    cache, loads = DatasetCache(max_bytes=250 * 8), []

    def get(key: str, values: int) -> None:
        def load() -> LoadedDataset:
            loads.append(key)
            return sized(values)

        cache.get(key, load)

    for key in ("a", "b", "a", "c", "a", "b"):
        get(key, 100)
    assert loads == ["a", "b", "c", "b"]
    get("large", 1000)
    get("large", 1000)
    assert loads[4:] == ["large"]
