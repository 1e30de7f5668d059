"""How soon a page shows what was asked for, from the moment that the browser is told its address."""

import time
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
_PAGES, _PER_PAGE = 10, 100
"""Pages of the list that are read on, and jobs of each."""

_NOTE_WHEN_THERE = """
new MutationObserver((_, observer) => {
  if (document.querySelector(SELECTOR)) {
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { globalThis.shownAt = performance.now(); }));
  }
}).observe(document, { childList: true, subtree: true, attributes: true });
"""
_COUNT_ELEMENTS = "document.getElementsByTagName('*').length"
_IS_WHOLE = "document.querySelector('main .loading, main .stale') ? null : performance.now()"
_READ_ON = """() => new Promise((resolve) => {
  const begun = performance.now(), before = document.body.scrollHeight;
  const isThere = () => document.body.scrollHeight > before;
  const look = () => (isThere() ? resolve(performance.now() - begun) : requestAnimationFrame(look));
  scrollTo(0, before);
  look();
})"""
_FILES = """() => {
  const files = performance.getEntriesByType('resource').filter((one) => one.name.includes('/assets/'));
  return [files.length, files.reduce((sum, one) => sum + one.encodedBodySize, 0)];
}"""
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
        requests: that the page has made by then, of its files.
        received: bytes of these as they came, compressed.
        whole: seconds until nothing of the view is still being read; 0 where nobody waited for that.
    """

    seconds: float
    since_data: float
    elements: int
    paint: float
    requests: int
    received: int
    whole: float = 0.0


_VIEWS = {
    "/": ("Queue", "main .split"),
    "/jobs": ("Jobs", "main a[href^='/jobs/']"),
    "/new": ("New job", "main form"),
    "/team": ("Team", "main section"),
}
"""Views that need no job: what they are called, and what is to be seen when they have read what they show."""


def paint(*, quick: bool) -> Findings:
    """Views of the embedded service, each in a browser that has never been there; and what all files weigh."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with embedded() as service, launched() as browser:
        for path, (name, selector) in _VIEWS.items():
            looks = [_look(browser, f"{service.url}{path}", selector, "/v1/") for _ in range(size.rounds)]
            painted, seen = (median([getattr(look, what) for look in looks]) for what in ("paint", "seconds"))
            rows.append(Row(f"{name}: first paint, median", painted, "s", _PAINT, f"{len(looks)} new browsers"))
            last = looks[-1]
            lines.append((name, f"{painted:.3f}", f"{seen:.3f}", last.requests, f"{last.received / 1000:.1f}"))
    files = DashboardFolder().read()
    page = max(len(one.compressed) for one in (files.page, *files.pages.values()))
    weight = (page + sum(len(one.compressed) for one in files.assets.values())) / 1000
    count = f"{len(files.assets) + 1} files, licences of the libraries among them"
    rows.append(Row("all files of the dashboard, compressed", weight, "kB", _WEIGHT, count))
    columns = ("view", "first paint, s", "its content, s", "files asked for", "kB of them")
    remark = (
        "The embedded service and the browser share the machine. First paint is the page saying that it is being read, "
        "its content is what the view has read to show. The rest of the files is for other views."
    )
    return Findings(rows, [Table(columns, lines)], [remark, busy()])


def jobs(*, quick: bool) -> Findings:
    """The list of many jobs."""
    size = _QUICK if quick else Size()
    with servers() as backing, installed(backing, SQLITE) as installation:
        fill(installation.database, size.jobs)
        installation.start_api()
        with launched() as browser:
            address, row = f"{installation.url}/jobs", "main a[href^='/jobs/']"
            looks = [_look(browser, address, row, "/v1/jobs") for _ in _rounds(size)]
            queue = [_look(browser, f"{installation.url}/", "main td a", "/v1/queue") for _ in _rounds(size)]
            scrolled, elements = _scrolled(browser, address, row, min(_PAGES, size.jobs // _PER_PAGE - 1))
    found = _findings(f"a list of {size.jobs:,} jobs", looks, _SHOWN, whole=True)
    waiting = median([look.seconds for look in queue])
    found.rows.append(Row(f"the queue with {size.jobs:,} jobs: shown, median", waiting, "s", _SHOWN))
    found.rows.append(Row("from the end of what was read until there is more, median", scrolled, "s", _SHOWN))
    found.rows.append(Row("elements of the document then", float(elements), "", _ELEMENTS))
    return found


def _scrolled(browser: Browser, address: str, row: str, times: int) -> tuple[float, int]:
    """Median time of reading on in a list, so many times; and the elements that the document has then."""
    with _page(browser) as page:
        page.goto(address)
        page.locator(row).first.wait_for()
        taken = [page.evaluate(_READ_ON) for _ in range(times)]
        return median(taken) / 1000, int(page.evaluate(_COUNT_ELEMENTS))


def sweep(*, quick: bool) -> Findings:
    """The heat map of a large grid, once it is computed."""
    size = _QUICK if quick else Size()
    with embedded() as service, launched() as browser:
        job_id = _computed(service.url, grid(size.side, steps=10))
        address = f"{service.url}/jobs/{job_id}/sweep"
        looks = [_look(browser, address, "canvas", "/heatmap", whole=True) for _ in _rounds(size)]
    found = _findings(f"a heat map of {size.side**2:,} cells", looks, _DRAWN, whole=False)
    everything = median([look.whole for look in looks])
    found.rows.append(Row("its best settings, sensitivity and table are there too, median", everything, "s"))
    return found


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


def _look(browser: Browser, address: str, selector: str, data: str, *, whole: bool = False) -> Shown:
    """Open a page in a new browser and wait until something is there, or also until everything is."""
    with _page(browser) as page:
        page.add_init_script(_NOTE_WHEN_THERE.replace("SELECTOR", repr(selector)))
        page.goto(address, wait_until="commit")
        at = _until(page, "globalThis.shownAt", address)
        painted = _until(page, "performance.getEntriesByName('first-contentful-paint')[0]?.startTime", address)
        answered = page.evaluate(_LAST_ANSWER, data)
        elements = page.evaluate(_COUNT_ELEMENTS)
        requests, received = page.evaluate(_FILES)
        last = _until(page, _IS_WHOLE, address) / 1000 if whole else 0.0
        since_data = max(0.0, at - min(at, answered)) / 1000
        return Shown(at / 1000, since_data, elements, painted / 1000, requests, received, last)


@contextmanager
def _page(browser: Browser) -> Any:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        yield context.new_page()
    finally:
        context.close()


def _until(page: Page, expression: str, what: str) -> float:
    """What an expression of JavaScript gives as soon as it gives something."""
    deadline = time.monotonic() + _LIMIT_SECONDS
    while (found := page.evaluate(expression)) is None:
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
