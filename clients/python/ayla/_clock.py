"""The clocks that the clients use."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of waiting and retrying; tests give their own.

    Attributes:
        monotonic: seconds from an arbitrary start that never go back.
        sleep: waits a number of seconds.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


async def _sleep(seconds: float) -> None:
    import anyio  # which httpx2 brings; only programs that use asyncio or trio load it

    await anyio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class AsyncClock:
    """The clock of an ``AsyncClient``.

    Attributes:
        monotonic: seconds from an arbitrary start that never go back.
        sleep: lets other tasks run for a number of seconds.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = _sleep
