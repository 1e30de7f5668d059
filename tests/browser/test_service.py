"""The real service with its worker in a real browser: from nothing to curves, over a crash, when a worker is lost."""

import os
import signal
from pathlib import Path
from typing import Any

import ayla
import pytest

from tests.browser.chromium import Visit, shown, wait_for
from tests.browser.conftest import Visiting
from tests.system.processes import children, service

EXPERIMENTS = 4
LONG: dict[str, Any] = {
    "problem": ayla.expression(
        "sum(x[i]**4 for i in range(len(x)))", start={"x": [0.1 * place for place in range(1, 200)]}
    ),
    "optimizers": [ayla.adam(0.0001)],
    "budget": {"steps": 10_000_000},
    "record": {"every": 100_000},
}
"""Runs for minutes."""


@pytest.mark.usefixtures("chromium")
def test_four_experiments_run_by_one_click_and_crashes_heal(tmp_path: Path, visiting: Visiting) -> None:
    with service(tmp_path) as first:
        visit: Visit = visiting(first.url)
        page = visit.open("/")
        page.get_by_role("button", name="Run all four").click()
        wait_for(page, "many => document.querySelectorAll('.state[data-state=succeeded]').length === many", EXPERIMENTS)
        wait_for(page, "many => document.querySelectorAll('.chart canvas').length === many", EXPERIMENTS)
        wait_for(page, "[...document.querySelectorAll('.chart')].every((chart) => Number(chart.dataset.last) >= 50)")
        page.goto(f"{first.url}/jobs")
        page.get_by_role("row").nth(EXPERIMENTS).wait_for()
        visit.expect_faults(r"ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")
        first.kill()
        shown(page, "What you see may be old")
    port = int(first.url.rpartition(":")[2])
    with service(tmp_path, port=port) as second:
        wait_for(page, "document.querySelector('.stream').dataset.state === 'live'")
        wait_for(page, "!document.querySelector('.banner')")
        with second.client() as client:
            client.jobs.submit(problem=ayla.preset("poly-sgd"), name="after the crash")
        shown(page, "after the crash")
        page.get_by_role("link", name="after the crash").click()
        shown(page, "The job has succeeded")
        with second.client() as client:
            job = client.jobs.submit(**LONG)
        page.goto(f"{second.url}/jobs/{job.id}")
        shown(page, "Shard 1 started")
        for number in children(second.process.pid):
            os.kill(number, signal.SIGKILL)
        shown(page, "was lost with its worker")
        wait_for(page, "document.querySelector('.state').dataset.state === 'running'")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
        shown(page, "cancelled")
