"""One thread wherever these tests compute, as several workers share the machine; and a Redis to harm."""

from collections.abc import Iterator

import pytest

from tests.servers.redis import RedisServer


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_TORCH_THREADS", "1")


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis of this test's own, to be killed and frozen."""
    with RedisServer.own() as server:
        yield server
