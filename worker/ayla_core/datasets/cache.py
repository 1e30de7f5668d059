"""Datasets that a process has loaded, for the next job that asks for the same."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from ayla_core.datasets.dataset import Dataset


class DatasetCache:
    """The datasets used last, as many as fit; the newest always stays.

    Args:
        max_bytes: memory that all of them together may take.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, Dataset] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, load: Callable[[], Dataset]) -> Dataset:
        """The dataset of a key, loaded if it is not kept; threads that ask at once wait for one load."""
        with self._lock:
            dataset = self._kept.get(key)
            if dataset is None:
                dataset = self._kept[key] = load()
            self._kept.move_to_end(key)
            self._drop_oldest()
            return dataset

    def _drop_oldest(self) -> None:
        while len(self._kept) > 1 and sum(dataset.nbytes for dataset in self._kept.values()) > self._max_bytes:
            self._kept.popitem(last=False)
