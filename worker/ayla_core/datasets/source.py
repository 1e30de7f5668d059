"""Where the data of a worker come from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DataSource:
    """The folder where data lie and are kept, and the servers they are fetched from.

    Attributes:
        folder: holds ``mnist/``, ``fashion-mnist/`` and ``files/``; made when the first file is downloaded.
        mirrors: for each dataset that can be downloaded its base URLs, tried in order.
        allow_download: whether missing files are fetched at all; default yes.
        timeout_seconds: how long a server may be silent before the next mirror is tried; default 30.
        on_progress: told whenever fetching gets on; default: nobody.
    """

    folder: Path
    mirrors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    allow_download: bool = True
    timeout_seconds: float = 30.0
    on_progress: Callable[[], None] = lambda: None
