"""Whether a page that is open for long needs more and more memory."""

from dataclasses import dataclass

import httpx2
from measure.findings import Findings, Row, Table, at_most
from playwright.sync_api import CDPSession
from queue_measure.specs import LONG
from sweep_measure.embedded import embedded
from sweep_measure.load import busy

from tests.browser.chromium import launched

_GROWTH = at_most(1.25)
_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: seconds before the first look, and looks with seconds between them."""

    before: float = 20.0
    looks: int = 10
    between: float = 30.0


_QUICK = Size(before=2.0, looks=3, between=1.0)


def measure(*, quick: bool) -> Findings:
    """The heap of the page of a job that runs all the time, each time after its garbage was collected."""
    size = _QUICK if quick else Size()
    with embedded() as service, launched() as browser:
        job = httpx2.post(f"{service.url}/v1/jobs", json=LONG).raise_for_status().json()
        page = browser.new_context().new_page()
        page.goto(f"{service.url}/jobs/{job['id']}")
        page.wait_for_timeout(1000 * size.before)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        heaps = []
        for _ in range(size.looks):
            heaps.append(_heap(devtools))
            page.wait_for_timeout(1000 * size.between)
        httpx2.post(f"{service.url}/v1/jobs/{job['id']}/cancel").raise_for_status()
    row = Row("heap at the end over heap at the beginning", heaps[-1] / heaps[0], "×", _GROWTH, f"{heaps[-1]:.1f} MB")
    seconds = size.looks * size.between
    lines = [(f"{size.before + number * size.between:.0f}", f"{heap:.2f}") for number, heap in enumerate(heaps)]
    remark = f"A job that runs, {seconds:.0f} s, with an event four times a second."
    return Findings([row], [Table(("second", "heap, MB"), lines)], [remark, busy()])


def _heap(devtools: CDPSession) -> float:
    devtools.send("HeapProfiler.collectGarbage")
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")) / _MEGABYTE
