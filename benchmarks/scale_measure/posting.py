"""Clients that submit one job after the other, each by a connection of its own."""

import threading
import time

from ayla_service.db.session import Database
from queue_measure.api import Api
from queue_measure.specs import SMALL

from scale_measure.gate import Gate, wait_at


def run(url: str, store_url: str, clients: int) -> list[tuple[str, float, float]]:
    """Some of the clients, in this process; returns kind, end (of the epoch) and seconds of each submission."""
    found: list[tuple[str, float, float]] = []
    ending = threading.Event()

    def post() -> None:
        with Api(url) as api:
            while not ending.is_set():
                begun = time.perf_counter()
                api.submit(SMALL)
                found.append(("submission", time.time(), time.perf_counter() - begun))

    threads = [threading.Thread(target=post) for _ in range(clients)]
    database = Database(store_url)
    with database.engine.connect() as own:
        wait_at(Gate.BEGIN, own)
        for thread in threads:
            thread.start()
        wait_at(Gate.END, own)
    ending.set()
    for thread in threads:
        thread.join()
    return found
