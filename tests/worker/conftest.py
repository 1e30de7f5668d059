"""One thread wherever the worker's tests compute, so that trajectories are comparable to the bit."""

from collections.abc import Iterator

import pytest
import structlog
from ayla_core.devices import set_threads

set_threads(1)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_TORCH_THREADS", "1")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The worker logs little, and its tests read it."""
    yield
    structlog.reset_defaults()
