"""What happens is seen without a reload: by all tabs of a browser over one stream, and after what interrupts it."""

from pathlib import Path

from ayla_service.db.session import Database
from fastapi import FastAPI

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
        page.locator(".trials td.best").wait_for()  # by the lowest loss so far, until a trial has ended
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


def watched(app: FastAPI) -> list[frozenset[str]]:
    """The jobs that each open stream watches."""
    return [stream.feed.watched for stream in app.state.events._streams]


def test_eight_tabs_are_live_over_one_stream(store: Database, tmp_path: Path, visiting: Visiting) -> None:
    with served(store, tmp_path) as (app, url):
        visit = visiting(url)
        tabs = [visit.open("/jobs") for _ in range(8)]
        for tab in tabs:
            wait_for(tab, "document.querySelector('.stream').dataset.state === 'live'")
        wait_until(lambda: len(app.state.events._streams) == 1, "one stream")
        jobs = [Jobs(store).submit(spec(name=name)).id for name in ("seen", "seen by all")]
        for tab in tabs:
            shown(tab, "seen by all")
        assert watched(app) == [frozenset()]
        for tab, job_id in zip(tabs[:3], (*jobs, jobs[0]), strict=True):
            tab.goto(f"{url}/jobs/{job_id}")
        wait_until(lambda: watched(app) == [frozenset(jobs)], "one stream that watches what the tabs look at")
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
        job = Jobs(store).submit(spec(name="looked at"))
        second.goto(f"{url}/jobs/{job.id}")
        wait_until(
            lambda: watched(app) == [frozenset({job.id})], "the tab that follows is told what the other looks at"
        )
        first.close()
        wait_until(lambda: watched(app) == [frozenset({job.id})], "the other tab follows")
        claimed = begin_job(store)
        while claimed.job_id != job.id:  # jobs of the tests before wait too
            claimed = begin_job(store)
        shown(second, "Shard 1 started")
        make_steps(store, claimed, 0, 7)
        wait_for(second, "document.querySelector('main').innerText.includes('running')")
        wait_for(second, "[...document.querySelectorAll('td')].some((cell) => cell.innerText === '7')")
        visit.close()
