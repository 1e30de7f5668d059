"""Grids of N1 and N2 on the paper's polynomial: their specs, and the time from POST to the picture."""

import time
from dataclasses import dataclass
from typing import Any

import httpx2

STEPS = 800


def grid(side: int, steps: int = STEPS) -> dict[str, Any]:
    """Adam with AYLA on the polynomial, ``side`` exponents N1 times as many N2, with one seed."""
    exponents = {"low": 0.5, "high": 1.5, "count": side}
    adam = {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": exponents, "n2": exponents}}
    problem = {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}}
    return {"problem": problem, "optimizers": [adam], "budget": {"steps": steps}}


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds since the POST.

    Attributes:
        answered: until it is answered.
        done: until the job has ended.
        drawn: until the heat map is there, as PNG.
    """

    answered: float
    done: float
    drawn: float


def from_post_to_picture(url: str, spec: dict[str, Any], limit: float = 600.0) -> Taken:
    """Submit a grid, wait for its end and read its heat map; one connection, as any client would."""
    with httpx2.Client(base_url=url, timeout=limit) as client:
        begun = time.perf_counter()
        job = _read(client.post("/v1/jobs", json=spec)).json()
        answered = time.perf_counter() - begun
        place = f"/v1/jobs/{job['id']}"
        while job["state"] in ("queued", "running"):
            if time.perf_counter() - begun > limit:
                raise RuntimeError(f"the grid has not ended after {limit:g} s")
            job = _read(client.get(place, headers={"Prefer": "wait=30"})).json()
        done = time.perf_counter() - begun
        if job["state"] != "succeeded":
            raise RuntimeError(f"the grid is {job['state']}: {job['error']}")
        axes = {"x": "ayla.n1", "y": "ayla.n2"}
        _read(client.get(f"{place}/heatmap", params=axes, headers={"Accept": "image/png"}))
        return Taken(answered, done, time.perf_counter() - begun)


def _read(answer: Any) -> Any:
    if answer.status_code >= 300:
        raise RuntimeError(f"{answer.url}: {answer.status_code} {answer.text[:500]}")
    return answer
