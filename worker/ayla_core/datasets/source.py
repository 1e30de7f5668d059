"""Source of a worker's datasets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ayla_core.datasets.errors import DatasetUnavailable


def _no_uploads(dataset_id: str) -> Iterable[bytes]:
    raise DatasetUnavailable(f"The uploaded dataset {dataset_id} is in a store, and this source has none.")


@dataclass(frozen=True, slots=True)
class DataSource:
    """The folder where data lie and are kept, and the servers they are fetched from.

    Attributes:
        folder: holds ``mnist/``, ``fashion-mnist/``, ``files/`` and ``uploads/``; made when the first file is fetched.
        mirrors: for each dataset that can be downloaded its base URLs, tried in order.
        allow_download: whether missing files are fetched at all; default yes.
        timeout_seconds: how long a server may be silent before the next mirror is tried; default 30.
        on_progress: called whenever fetching goes on. Default: nothing.
        uploads: the content of an uploaded dataset by its id, in pieces; raises DatasetUnavailable where there is none.
            Default: there are none.
    """

    folder: Path
    mirrors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    allow_download: bool = True
    timeout_seconds: float = 30.0
    on_progress: Callable[[], None] = lambda: None
    uploads: Callable[[str], Iterable[bytes]] = _no_uploads
