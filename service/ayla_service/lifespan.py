"""Lifespan of the application: its background threads (reaper, webhook deliveries) and the hub of live streams.

The reaper returns expired leases, so that lost work is found while no worker is free.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ayla_service.queue.reaper_thread import ReaperThread
from ayla_service.webhooks.delivery_thread import DeliveryThread


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run the background threads and the hub while the application is served."""
    database, settings = app.state.database, app.state.settings
    with ReaperThread(database, settings, app.state.wake_up), DeliveryThread(database, settings), app.state.events:
        yield
