"""Whether a page that is open for long needs more and more memory."""

from dataclasses import dataclass

import httpx2
from measure.findings import Findings, Row, Table, at_most
from playwright.sync_api import CDPSession
from queue_measure.figures import median
from queue_measure.specs import LONG
from sweep_measure.embedded import embedded
from sweep_measure.load import busy

from tests.browser.chromium import launched

_ENDLESS = {**LONG, "problem": {**LONG["problem"], "start": {"x": 50 * LONG["problem"]["start"]["x"]}}}
"""Of fifty times as many parameters, so that it still runs when the last look is taken."""

_GROWTH = at_most(1.25)
_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: seconds before the first look, and looks with seconds between them."""

    before: float = 20.0
    looks: int = 10
    between: float = 30.0


_QUICK = Size(before=2.0, looks=3, between=1.0)


_HELD = {
    "JSHeapUsedSize": ("heap", _MEGABYTE, "MB"),
    "Nodes": ("nodes of the document", 1.0, ""),
    "JSEventListeners": ("listeners", 1.0, ""),
}
"""What the browser counts: in words, what one of its units is, and its unit here."""


def measure(*, quick: bool) -> Findings:
    """What the page of a job that runs all the time holds, each time after its garbage was collected."""
    size = _QUICK if quick else Size()
    with embedded() as service, launched() as browser:
        job = httpx2.post(f"{service.url}/v1/jobs", json=_ENDLESS).raise_for_status().json()
        page = browser.new_context().new_page()
        page.goto(f"{service.url}/jobs/{job['id']}")
        page.wait_for_timeout(1000 * size.before)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        looks = []
        for _ in range(size.looks):
            looks.append(_look(devtools))
            page.wait_for_timeout(1000 * size.between)
        httpx2.post(f"{service.url}/v1/jobs/{job['id']}/cancel").raise_for_status()
    return _findings(looks, size)


def _findings(looks: list[dict[str, float]], size: Size) -> Findings:
    third = max(1, len(looks) // 3)
    rows = []
    for name, (words, one, unit) in _HELD.items():
        first, last = (median([look[name] / one for look in part]) for part in (looks[:third], looks[-third:]))
        note = f"{first:,.4g} and {last:,.4g} {unit}".strip()
        rows.append(Row(f"{words}: the last third of the time over the first", last / first, "×", _GROWTH, note))
    lines = [
        (
            f"{size.before + number * size.between:.0f}",
            *(f"{look[name] / one:,.4g}" for name, (_, one, _) in _HELD.items()),
        )
        for number, look in enumerate(looks)
    ]
    remark = f"A job that runs, {size.looks * size.between:.0f} s, with events up to four times a second."
    return Findings(rows, [Table(("second", "heap, MB", "nodes", "listeners"), lines)], [remark, busy()])


def _look(devtools: CDPSession) -> dict[str, float]:
    devtools.send("HeapProfiler.collectGarbage")
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return {one["name"]: float(one["value"]) for one in metrics}
