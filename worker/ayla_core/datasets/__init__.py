"""Datasets: the samples a model is fitted to, found, fetched, checked and split."""

from ayla_core.datasets.dataset import LoadedDataset
from ayla_core.datasets.errors import DatasetError, DatasetUnavailable
from ayla_core.datasets.loading import load_dataset
from ayla_core.datasets.source import DataSource

__all__ = ["DataSource", "DatasetError", "DatasetUnavailable", "LoadedDataset", "load_dataset"]
