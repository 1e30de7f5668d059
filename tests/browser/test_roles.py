"""A job's page for each role of its team and for another team: it offers what the caller may do, and no more."""

from pathlib import Path

import pytest
from ayla_service.db.session import Database
from ayla_service.states import Role
from ayla_service.teams.principal import Principal
from playwright.sync_api import Page

from tests.browser.chromium import Visit, shown, wait_for
from tests.browser.conftest import Visiting
from tests.browser.test_sign_in import NOT_SIGNED_IN, sign_in
from tests.factories import colleague, spec, stranger, submit_as
from tests.keyring import make_key
from tests.streaming import served

NAME = "seen by all"
AGAIN = ["Change and run", "Run again"]
STEER = ["Archive", "Cancel", "Move to the front", "Pause", *(f"Priority: {one}" for one in ("high", "low", "urgent"))]


def signed_in(visit: Visit, key: str, path: str) -> Page:
    """A tab at a path of somebody who has just signed in there."""
    visit.expect_faults(NOT_SIGNED_IN)
    page = visit.open(path)
    sign_in(page, key)
    page.get_by_role("button", name="Sign out").wait_for()
    return page


def actions(page: Page) -> list[str]:
    """All that the head of a job offers, in order of the words."""
    page.get_by_role("heading", name=NAME).wait_for()
    wait_for(page, "!document.querySelector('.loading')")
    menu = page.get_by_role("button", name=f"Actions: {NAME}")
    found = page.locator("main span.actions > button").all_inner_texts()
    if menu.count():
        menu.first.click()
        found += page.get_by_role("menuitem").all_inner_texts()
    return sorted(found)


@pytest.fixture(scope="module")
def owner(store: Database) -> Principal:
    return colleague(store, "owner")


@pytest.fixture(scope="module")
def job(store: Database, owner: Principal) -> str:
    """A job that waits."""
    return submit_as(store, owner, **spec(name=NAME)).id


def test_each_role_is_offered_what_it_may_do_with_a_job(
    store: Database, tmp_path: Path, visiting: Visiting, owner: Principal, job: str
) -> None:
    offered = {
        make_key(store, owner): sorted([*AGAIN, *STEER]),
        make_key(store, colleague(store, "admin", Role.ADMIN)): sorted([*AGAIN, *STEER]),
        make_key(store, colleague(store, "member")): AGAIN,
        make_key(store, colleague(store, "viewer", Role.VIEWER)): [],
    }
    with served(store, tmp_path) as (_, url):
        for key, wanted in offered.items():
            visit = visiting(url)
            assert actions(signed_in(visit, key, f"/jobs/{job}")) == wanted
            visit.close()


def test_a_viewer_has_a_form_that_does_not_submit(
    store: Database, tmp_path: Path, visiting: Visiting, job: str
) -> None:
    key = make_key(store, colleague(store, "looks on", Role.VIEWER))
    with served(store, tmp_path) as (_, url):
        visit = visiting(url)
        page = signed_in(visit, key, f"/new?from={job}")
        shown(page, "Not checked")
        assert page.get_by_role("button", name="Submit").is_disabled()
        visit.close()


def test_another_team_finds_nothing_at_the_addresses_of_a_job(
    store: Database, tmp_path: Path, visiting: Visiting, job: str
) -> None:
    key = make_key(store, stranger(store))
    with served(store, tmp_path) as (_, url):
        visit = visiting(url)
        visit.expect_faults(r"status of 404")
        page = signed_in(visit, key, f"/jobs/{job}")
        page.get_by_role("heading", name="Not found").first.wait_for()
        for path in (f"/jobs/{job}", f"/jobs/{job}/verdict", f"/jobs/{job}/sweep", f"/compare?jobs={job}"):
            page.goto(f"{url}{path}")
            page.get_by_role("heading", name="Not found", level=1).wait_for()
            wait_for(page, "document.title === 'Not found · AYLA'")
            assert NAME not in page.content(), path
        page.goto(f"{url}/jobs")
        shown(page, "No jobs yet")
        assert NAME not in page.content()
        visit.close()
