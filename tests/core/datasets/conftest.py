"""A data folder and servers to fetch from."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from ayla_core.datasets import DataSource

from tests.core.datasets.mirror import Mirror


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of datasets, with a place for files of users."""
    (tmp_path / "datasets" / "files").mkdir(parents=True)
    return tmp_path / "datasets"


@pytest.fixture
def offline(folder: Path) -> DataSource:
    """The folder, and nowhere to fetch from."""
    return DataSource(folder, allow_download=False)


@pytest.fixture
def start_mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Mirror]]:
    """Starts servers on this machine that stop with the test."""
    # A proxy of the machine that runs the tests would be asked for 127.0.0.1.
    monkeypatch.setenv("NO_PROXY", "*")
    with ExitStack() as servers:
        yield lambda *arguments, **options: servers.enter_context(Mirror(*arguments, **options))
