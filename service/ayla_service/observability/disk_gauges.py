"""Gauges of the disks that this process writes to, read whenever the metrics are scraped."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class DiskCollector(Collector):
    """Collector of free and whole bytes.

    Args:
        folders: what is written to, by what it is for: the label ``folder``. For one that is not made yet: the disk of
            the nearest folder above it.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders

    def collect(self) -> Iterable[Metric]:
        """Ask the system; returns a sample for each folder that can be read."""
        free = GaugeMetricFamily("ayla_disk_free_bytes", "Free where this folder is.", labels=("folder",))
        size = GaugeMetricFamily("ayla_disk_size_bytes", "Size of the disk where this folder is.", labels=("folder",))
        for name, folder in self._folders.items():
            try:
                usage = shutil.disk_usage(_existing(folder))
            except OSError:
                continue
            free.add_metric((name,), usage.free)
            size.add_metric((name,), usage.total)
        return free, size


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    return next((each for each in (folder, *folder.parents) if each.exists()), folder)
