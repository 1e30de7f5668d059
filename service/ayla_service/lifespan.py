"""Lifespan of the application: its background threads (reaper, webhook deliveries) and the hub of live streams.

The reaper returns expired leases, so that lost work is found while no worker is free.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ayla_service.queue.reaper_thread import ReaperThread
from ayla_service.sweeps.service import SweepService
from ayla_service.webhooks.delivery_thread import DeliveryThread

_FORGET_SECONDS = 15.0


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run the background threads and the hub while the application is served."""
    database, settings = app.state.database, app.state.settings
    with ReaperThread(database, settings, app.state.wake_up), DeliveryThread(database, settings), app.state.events:
        forgetting = asyncio.create_task(_forget(app.state.sweeps))
        try:
            yield
        finally:
            forgetting.cancel()


async def _forget(sweeps: SweepService) -> None:
    """Free the memory of sweeps that nobody looks at any more."""
    while True:
        await asyncio.sleep(_FORGET_SECONDS)
        sweeps.forget_unused()
