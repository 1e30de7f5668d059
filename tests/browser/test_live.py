"""What happens is seen without a reload: by all tabs of a browser over one stream, and after what interrupts it."""

from pathlib import Path

from ayla_service.db.session import Database

from tests.browser.chromium import shown, wait_for
from tests.browser.conftest import Visiting
from tests.factories import Jobs, spec
from tests.streaming import begin_job, make_steps, served
from tests.waiting import wait_until

STEPS = 40


def test_a_curve_moves_while_steps_are_stored_and_the_job_is_steered(
    site: str, store: Database, visiting: Visiting
) -> None:
    job = Jobs(store).submit(spec(name="moving", budget={"steps": STEPS}))
    page = visiting(site).open(f"/jobs/{job.id}")
    shown(page, "queued")
    claimed = begin_job(store)
    shown(page, "Shard 1 started")
    for last in (10, 20, STEPS):
        make_steps(store, claimed, last - 10 if last < STEPS else 21, last, finished=last == STEPS)
        wait_for(page, "last => Number(document.querySelector('.chart')?.dataset.last) === last", last)
    shown(page, "succeeded")
    shown(page, "The job has succeeded")
    page.get_by_role("button", name="Run again").click()
    wait_for(page, "id => location.pathname.startsWith('/jobs/') && !location.pathname.endsWith(id)", job.id)
    page.get_by_role("button", name="Pause").click()
    shown(page, "paused")
    page.get_by_role("button", name="Resume").click()
    shown(page, "queued")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    shown(page, "cancelled")
    page.get_by_role("button", name="Retry").click()
    shown(page, "queued")


def test_eight_tabs_are_live_over_one_stream(store: Database, tmp_path: Path, visiting: Visiting) -> None:
    with served(store, tmp_path) as (app, url):
        visit = visiting(url)
        tabs = [visit.open("/jobs") for _ in range(8)]
        for tab in tabs:
            wait_for(tab, "document.querySelector('.stream').dataset.state === 'live'")
        wait_until(lambda: len(app.state.events._streams) == 1, "one stream")
        Jobs(store).submit(spec(name="seen by all"))
        for tab in tabs:
            shown(tab, "seen by all")
        assert len(app.state.events._streams) == 1
        for tab in tabs[:7]:
            tab.close()
        Jobs(store).submit(spec(name="seen by the last"))
        shown(tabs[7], "seen by the last")
        visit.close()


def test_without_shared_workers_one_tab_follows_for_all(store: Database, tmp_path: Path, visiting: Visiting) -> None:
    with served(store, tmp_path) as (app, url):
        visit = visiting(url)
        visit.context.add_init_script("delete globalThis.SharedWorker")
        first, second = visit.open("/jobs"), visit.open("/jobs")
        for tab in (first, second):
            wait_for(tab, "document.querySelector('.stream').dataset.state === 'live'")
            assert tab.evaluate("document.documentElement.dataset.stream") == "lock"
        assert len(app.state.events._streams) == 1
        first.close()
        Jobs(store).submit(spec(name="taken over"))
        shown(second, "taken over")
        visit.close()
