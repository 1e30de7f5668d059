"""The queue and the list of jobs: where a job is to be found whatever becomes of it."""

from pathlib import Path

from ayla_service.db.session import Database
from ayla_service.queue.workers import WorkerFacts, register
from playwright.sync_api import Page

from tests.browser.chromium import shown, wait_for
from tests.browser.conftest import Visiting
from tests.browser.test_sign_in import NOT_SIGNED_IN, sign_in
from tests.factories import Jobs, colleague, spec, stranger, submit_as
from tests.keyring import make_key
from tests.streaming import served


def menu(page: Page, name: str, action: str) -> None:
    """Choose what to do with a job of a list."""
    page.get_by_role("button", name=f"Actions: {name}", exact=True).click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def test_what_was_started_says_that_no_worker_lives(site: str, store: Database, visiting: Visiting) -> None:
    job = Jobs(store).submit(spec(name="started"))
    page = visiting(site).open(f"/?started=poly-sgd:{job.id}")
    shown(page, "No worker lives")


def test_the_queue_shows_what_waits_is_paused_and_has_ended(site: str, store: Database, visiting: Visiting) -> None:
    jobs = Jobs(store)
    jobs.cancel(jobs.submit(spec(name="ended before")).id)
    waiting = [jobs.submit(spec(name=f"waits {number}")).id for number in range(9)]
    register(store, WorkerFacts("idle:1", "here", 1, "a processor", ("auto", "cpu"), 2**33, {"torch": "none"}))
    visit = visiting(site)
    # A browser whose clock is an hour ahead of the service's.
    visit.context.add_init_script("const now = Date.now; Date.now = () => now.call(Date) + 3_600_000")
    page = visit.open("/")
    part = {name: page.get_by_role("region", name=name) for name in ("Waiting", "Paused", "Ended last", "Workers")}
    part["Ended last"].get_by_text("ended before").wait_for()
    part["Waiting"].get_by_text("Shards ahead").wait_for()
    part["Workers"].get_by_text("idle:1").wait_for()
    assert "silent" not in part["Workers"].inner_text()
    menu(page, "waits 0", "Pause")
    part["Paused"].get_by_role("link", name="waits 0").wait_for()
    assert "POST" not in part["Paused"].inner_text()
    part["Waiting"].get_by_role("link", name="waits 0").wait_for(state="detached")
    page.get_by_role("button", name="Resume: waits 0").click()
    part["Waiting"].get_by_role("link", name="waits 0").wait_for()
    part["Paused"].wait_for(state="detached")
    page.goto(f"{site}/jobs/{waiting[0]}")
    shown(page, "Shards ahead")
    wait_for(page, "/Starts\\s*[0-9]/.test(document.querySelector('.facts').innerText)")
    for job_id in waiting:
        jobs.cancel(job_id)


def test_all_tabs_lose_from_their_lists_what_is_deleted_or_archived(
    site: str, store: Database, visiting: Visiting
) -> None:
    jobs = Jobs(store)
    for name in ("to be kept", "to be archived", "to be deleted"):
        jobs.cancel(jobs.submit(spec(name=name)).id)
    visit = visiting(site)
    page, other = visit.open("/jobs"), visit.open("/jobs?state=cancelled")
    for tab in (page, other):
        tab.get_by_role("link", name="to be deleted").wait_for()
    menu(page, "to be archived", "Archive")
    menu(page, "to be deleted", "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete the job").click()
    for tab in (page, other):
        for name in ("to be archived", "to be deleted"):
            tab.get_by_role("link", name=name).wait_for(state="detached")
        assert tab.get_by_role("link", name="to be kept").count() == 1


def test_ones_own_jobs_are_marked_where_others_wait_too(store: Database, tmp_path: Path, visiting: Visiting) -> None:
    mine, others = colleague(store, "mine"), colleague(store, "others")
    for caller in (mine, others):
        submit_as(store, caller, name=f"of {caller.name}")
    key = make_key(store, mine)
    with served(store, tmp_path) as (_, url):
        visit = visiting(url)
        visit.expect_faults(NOT_SIGNED_IN)
        page = visit.open("/")
        sign_in(page, key)
        rows = page.get_by_role("region", name="Waiting").get_by_role("row")
        rows.filter(has_text="of mine").get_by_text("yours", exact=True).wait_for()
        assert rows.filter(has_text="of others").get_by_text("yours", exact=True).count() == 0
        visit.close()


def test_a_team_whose_jobs_are_all_archived_has_run_something(
    store: Database, tmp_path: Path, visiting: Visiting
) -> None:
    rival = stranger(store)
    key = make_key(store, rival)
    with served(store, tmp_path) as (_, url):
        visit = visiting(url)
        visit.expect_faults(NOT_SIGNED_IN)
        page = visit.open("/")
        sign_in(page, key)
        shown(page, "Nothing has run yet")
        theirs = submit_as(store, rival).id
        Jobs(store, caller=rival).cancel(theirs)
        Jobs(store, caller=rival).edit(theirs, archived=True)
        page.reload()
        shown(page, "Nothing waits.")
        visit.close()
