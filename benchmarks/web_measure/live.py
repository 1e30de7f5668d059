"""How soon a page shows steps that have been stored: its curve, and its numbers."""

import json
import time
from dataclasses import dataclass

from api_measure.clients import Connection
from api_measure.streams import WORKER
from ayla_service.queue.claims import claim
from measure.findings import Findings, Row, Table, at_most
from playwright.sync_api import Page
from queue_measure.figures import percentile, shown
from queue_measure.installation import POSTGRES, SQLITE, Servers, Way, installed, servers
from queue_measure.specs import SMALL
from sweep_measure.load import busy

from tests.browser.chromium import launched
from tests.streaming import make_steps

_DELAY = at_most(0.5)
_LIMIT_SECONDS = 60.0
_LEASE_SECONDS = 3600.0
_STEPS = 5
"""That are stored at a time."""

_NOTE_WHAT_IS_SHOWN = """
globalThis.firstSeen = { curve: {}, number: {} };
const note = (what, value) => { if (value) globalThis.firstSeen[what][value] ??= Date.now(); };
new MutationObserver(() => {
  note("curve", document.querySelector(".chart")?.dataset.last);
  note("number", document.querySelector(".facts dd")?.firstChild?.textContent.replace(/[^0-9]/g, ""));
}).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
"""
_SEEN = "([what, value]) => globalThis.firstSeen[what][value] ?? null"
_SHOWS = {"curve": "a curve", "number": "the number of steps"}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: how often steps are stored, and seconds between; no multiple of what anything polls by."""

    times: int = 60
    between: float = 0.773


_QUICK = Size(times=4)


def measure(*, quick: bool) -> Findings:
    """From the commit of steps until a page that is open shows them."""
    size = _QUICK if quick else Size()
    rows, lines = [], []
    with servers() as backing:
        for way in (SQLITE, POSTGRES):
            name = way.title.partition(",")[0]
            for what, delays in _of(backing, way, size).items():
                rows.append(Row(f"{name}: {_SHOWS[what]}, p99", percentile(delays, 0.99), "s", _DELAY))
                lines.append((name, _SHOWS[what], len(delays), *shown(delays, 0.5, 0.99)))
        described = backing.described()
    remark = (
        f"The page of a running job is open; {_STEPS} steps are stored every {size.between} s. Each delay is from the "
        "end of the commit until the change stands in the document."
    )
    columns = ("store", "what is shown", "times", "p50", "p99")
    return Findings(rows, [Table(columns, lines)], [remark, described, busy()])


def _of(backing: Servers, way: Way, size: Size) -> dict[str, list[float]]:
    with installed(backing, way) as installation, launched() as browser:
        installation.start_api()
        steps = _STEPS * (size.times + 2)
        job = Connection(installation.url).post("/v1/jobs", json.dumps({**SMALL, "budget": {"steps": steps}}).encode())
        claimed = claim(installation.database, WORKER, _LEASE_SECONDS)
        if claimed is None:
            raise RuntimeError(f"the job was not queued: {job}")
        page = browser.new_page()
        page.add_init_script(_NOTE_WHAT_IS_SHOWN)
        page.goto(f"{installation.url}/jobs/{claimed.job_id}")
        page.locator(".stream[data-state=live]").wait_for()
        make_steps(installation.database, claimed, 0, _STEPS)
        _delays(page, _STEPS, time.time())  # the first draws the chart
        found: dict[str, list[float]] = {what: [] for what in _SHOWS}
        for last in range(2 * _STEPS, _STEPS * (size.times + 2), _STEPS):
            make_steps(installation.database, claimed, last - _STEPS + 1, last)
            for what, delay in _delays(page, last, time.time()).items():
                found[what].append(delay)
            page.wait_for_timeout(1000 * size.between)
        return found


def _delays(page: Page, last: int, stored_at: float) -> dict[str, float]:
    """Seconds until a step was shown, since it was stored."""
    return {what: max(0.0, _seen(page, what, last) - stored_at) for what in _SHOWS}


def _seen(page: Page, what: str, last: int) -> float:
    """Time at which the page first showed a step, since the epoch."""
    deadline = time.monotonic() + _LIMIT_SECONDS
    while (at := page.evaluate(_SEEN, [what, str(last)])) is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{_SHOWS[what]} does not show step {last}: {page.locator('main').inner_text()[:500]}")
        page.wait_for_timeout(20)
    return float(at) / 1000
