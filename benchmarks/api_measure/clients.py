"""Clients that cost little, so that the service's time is what is measured: raw HTTP over one connection each."""

import http.client
import json
import multiprocessing
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

_HEADERS = {"Content-Type": "application/json"}


class Connection:
    """One connection that is kept.

    Args:
        url: of the API.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def post(self, path: str, body: bytes) -> None:
        """Send JSON.

        Raises:
            RuntimeError: if it is not taken.
        """
        self._connection.request("POST", path, body, _HEADERS)
        self._read(path)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """What is at a path.

        Raises:
            RuntimeError: if it is not to be had.
        """
        self._connection.request("GET", path, headers=dict(headers or {}))
        return self._read(path)

    def _read(self, path: str) -> bytes:
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {body[:500]!r}")
        return body


def post_together(url: str, path: str, document: Any, clients: int, each: int) -> tuple[float, list[float]]:
    """Seconds that all took together, and those of every request; the clients are threads of a process of their own."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(_together, (url, path, json.dumps(document).encode(), clients, each))


def _together(url: str, path: str, body: bytes, clients: int, each: int) -> tuple[float, list[float]]:
    connections = [Connection(url) for _ in range(clients)]
    for connection in connections:
        connection.post(path, body)  # connects, and warms up
    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(lambda connection: _posts(connection, path, body, each), connections))
    return time.perf_counter() - begun, [taken for posts in found for taken in posts]


def _posts(connection: Connection, path: str, body: bytes, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        connection.post(path, body)
        taken.append(time.perf_counter() - begun)
    return taken
