"""How soon a page shows what was asked for, from the moment that the browser is told its address."""

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from ayla_service.dashboard.files import DashboardFolder
from measure.findings import Findings, Row, Table, at_most
from playwright.sync_api import Browser, Page
from queue_measure.figures import median
from queue_measure.filling import fill
from queue_measure.installation import SQLITE, installed, servers
from sweep_measure.embedded import embedded
from sweep_measure.grids import grid
from sweep_measure.load import busy

from tests.browser.chromium import launched

_PAINT, _SHOWN, _DRAWN = at_most(1.0), at_most(1.0), at_most(0.5)
_WEIGHT, _ELEMENTS = at_most(300.0), at_most(5000.0)
_LIMIT_SECONDS = 600.0
_NOTE_WHEN_THERE = """
new MutationObserver((_, observer) => {
  if (document.querySelector(SELECTOR)) {
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { globalThis.shownAt = performance.now(); }));
  }
}).observe(document, { childList: true, subtree: true, attributes: true });
"""
_LAST_ANSWER = """(part) => Math.max(0, ...performance.getEntriesByType('resource')
  .filter((one) => one.name.includes(part)).map((one) => one.responseEnd))"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: jobs of the list, side of the grid, steps of a job, rounds of each."""

    jobs: int = 10_000
    side: int = 1000
    steps: int = 200_000
    rounds: int = 5


_QUICK = Size(jobs=200, side=20, steps=500, rounds=2)


@dataclass(frozen=True, slots=True)
class Shown:
    """One look at a page.

    Attributes:
        seconds: until what was asked for is there.
        since_data: of these, since the last byte of its data.
        elements: of the document.
        paint: seconds until anything is there.
    """

    seconds: float
    since_data: float
    elements: int
    paint: float


def paint(*, quick: bool) -> Findings:
    """The first view of the embedded service, in a browser that has never been there; and what all files weigh."""
    size = _QUICK if quick else Size()
    with embedded() as service, launched() as browser:
        looks = [_look(browser, f"{service.url}/", "main", "/v1/") for _ in range(size.rounds)]
    files = DashboardFolder().read()
    weight = (len(files.page.compressed) + sum(len(one.compressed) for one in files.assets.values())) / 1000
    paints = [look.paint for look in looks]
    rows = [
        Row("first paint, median", median(paints), "s", _PAINT, f"{len(paints)} browsers, each for the first time"),
        Row("all files of the dashboard, compressed", weight, "kB", _WEIGHT, f"{len(files.assets) + 1} files"),
    ]
    return Findings(rows, [], ["The embedded service and the browser share the machine.", busy()])


def jobs(*, quick: bool) -> Findings:
    """The list of many jobs."""
    size = _QUICK if quick else Size()
    with servers() as backing, installed(backing, SQLITE) as installation:
        fill(installation.database, size.jobs)
        installation.start_api()
        with launched() as browser:
            address, row = f"{installation.url}/jobs", "main a[href^='/jobs/']"
            looks = [_look(browser, address, row, "/v1/jobs") for _ in _rounds(size)]
    return _findings(f"a list of {size.jobs:,} jobs", looks, _SHOWN, whole=True)


def sweep(*, quick: bool) -> Findings:
    """The heat map of a large grid, once it is computed."""
    size = _QUICK if quick else Size()
    with embedded() as service, launched() as browser:
        job_id = _computed(service.url, grid(size.side, steps=10))
        looks = [_look(browser, f"{service.url}/jobs/{job_id}/sweep", "canvas", "/heatmap") for _ in _rounds(size)]
    return _findings(f"a heat map of {size.side**2:,} cells", looks, _DRAWN, whole=False)


def curves(*, quick: bool) -> Findings:
    """The curves of twelve long runs, once they are computed."""
    size = _QUICK if quick else Size()
    optimizers = [{"name": "adam", "learning_rate": 0.0001 * (1 + place)} for place in range(12)]
    spec = {**grid(2), "optimizers": optimizers, "budget": {"steps": size.steps}}
    with embedded() as service, launched() as browser:
        job_id = _computed(service.url, spec)
        looks = [_look(browser, f"{service.url}/jobs/{job_id}", ".chart canvas", "/curves") for _ in _rounds(size)]
    return _findings(f"curves of 12 × {size.steps:,} steps", looks, _DRAWN, whole=False)


def _rounds(size: Size) -> range:
    return range(size.rounds)


def _findings(what: str, looks: list[Shown], goal: Any, *, whole: bool) -> Findings:
    total, drawing = median([look.seconds for look in looks]), median([look.since_data for look in looks])
    rows = [
        Row(f"{what}: shown, median", total, "s", goal if whole else None),
        Row(f"{what}: drawn after the data have come, median", drawing, "s", None if whole else goal),
        Row(f"{what}: elements of the document", float(max(look.elements for look in looks)), "", _ELEMENTS),
    ]
    lines = [(f"{look.seconds:.3f}", f"{look.since_data:.3f}", look.elements) for look in looks]
    columns = ("shown, s", "after the data, s", "elements")
    return Findings(rows, [Table(columns, lines)], ["Each look in a browser that has never been there.", busy()])


def _look(browser: Browser, address: str, selector: str, data: str) -> Shown:
    """Open a page in a new browser and wait until something is there."""
    with _page(browser) as page:
        page.add_init_script(_NOTE_WHEN_THERE.replace("SELECTOR", repr(selector)))
        page.goto(address, wait_until="commit")
        at = _until(page, lambda: page.evaluate("globalThis.shownAt"), address)
        painted = _until(
            page,
            lambda: page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime"),
            address,
        )
        answered = page.evaluate(_LAST_ANSWER, data)
        elements = page.evaluate("document.getElementsByTagName('*').length")
        return Shown(at / 1000, max(0.0, at - min(at, answered)) / 1000, elements, painted / 1000)


@contextmanager
def _page(browser: Browser) -> Any:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        yield context.new_page()
    finally:
        context.close()


def _until(page: Page, told: Callable[[], Any], what: str) -> float:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while (found := told()) is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} shows nothing: {page.locator('body').inner_text()[:500]}")
        page.wait_for_timeout(20)
    return float(found)


def _computed(url: str, spec: dict[str, Any]) -> str:
    """The id of a job, once it has ended."""
    with httpx2.Client(base_url=url, timeout=_LIMIT_SECONDS) as client:
        job = client.post("/v1/jobs", json=spec).raise_for_status().json()
        while job["state"] in ("queued", "running"):
            job = client.get(f"/v1/jobs/{job['id']}", headers={"Prefer": "wait=30"}).raise_for_status().json()
        if job["state"] != "succeeded":
            raise RuntimeError(f"the job is {job['state']}: {job['error']}")
        return str(job["id"])
