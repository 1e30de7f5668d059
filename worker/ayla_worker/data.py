"""Where this worker's datasets come from."""

from collections.abc import Callable
from dataclasses import replace

from ayla_core.datasets import DataSource
from ayla_service.settings import Settings

_SILENCES_PER_LEASE = 5


def data_source(settings: Settings) -> DataSource:
    """The folder and the servers that the settings name.

    A server that does not answer is given up early enough for the next ones to be tried within the lease.
    """
    return DataSource(
        folder=settings.datasets_folder,
        mirrors={"mnist": settings.mnist_mirrors, "fashion-mnist": settings.fashion_mnist_mirrors},
        allow_download=settings.download_datasets,
        timeout_seconds=settings.lease_seconds / _SILENCES_PER_LEASE,
    )


def with_progress(source: DataSource, on_progress: Callable[[], None]) -> DataSource:
    """The same data, with somebody told whenever fetching them gets on."""
    return replace(source, on_progress=on_progress)
