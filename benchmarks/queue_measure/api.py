"""Talks to the API as any client would, without the SDK: its own time is not measured."""

import time
from typing import Any

import httpx2

FINISHED = ("succeeded", "failed", "cancelled")


class Api:
    """One client with one connection; closed by ``with``.

    Args:
        url: of the API.
    """

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=url, timeout=30.0)

    def __enter__(self) -> "Api":
        """Nothing to do: the first request connects."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._client.close()

    def submit(self, spec: dict[str, Any]) -> str:
        """Submit a job; returns its place."""
        answer = self._client.post("/v1/jobs", json=spec)
        answer.raise_for_status()
        return answer.headers["Location"]

    def get(self, place: str) -> dict[str, Any]:
        """What is at a place, such as a job."""
        answer = self._client.get(place)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def finished(self, place: str, pause: float, limit: float = 120.0) -> dict[str, Any]:
        """The job as soon as it has ended, asked for again and again with a pause between.

        Raises:
            RuntimeError: if it did not succeed, or not within the limit.
        """
        deadline = time.monotonic() + limit
        while (job := self.get(place))["state"] not in FINISHED and time.monotonic() < deadline:
            time.sleep(pause)
        if job["state"] != "succeeded":
            raise RuntimeError(f"{place} is {job['state']}")
        return job

    def ask(self, place: str, action: str) -> None:
        """Ask for something to be done with a job: cancel, pause or resume."""
        self._client.post(f"{place}/{action}").raise_for_status()
