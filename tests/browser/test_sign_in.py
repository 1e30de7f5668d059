"""Signing in and out, and a key that is revoked while somebody looks."""

from pathlib import Path

from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.states import JobState
from playwright.sync_api import Page

from tests.browser.chromium import accessibility_findings, shown, wait_for
from tests.browser.conftest import Visiting
from tests.factories import Jobs, spec
from tests.keyring import make_key
from tests.streaming import served

NOT_SIGNED_IN = r"status of 401"


STATUS = "path => fetch(path).then((answer) => answer.status)"
"""What a page's own request is answered with, by the service or the browser's cache."""


def sign_in(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.keyboard.press("Enter")


def test_a_key_signs_in_where_one_is_and_its_end_signs_out(store: Database, tmp_path: Path, visiting: Visiting) -> None:
    job = Jobs(store).submit(spec(name="behind the door"))
    key, other = make_key(store), make_key(store)
    with served(store, tmp_path) as (_, url):
        visit = visiting(url)
        visit.expect_faults(NOT_SIGNED_IN)
        page = visit.open(f"/jobs/{job.id}?xscale=log")
        page.get_by_role("heading", name="Sign in").wait_for()
        assert accessibility_findings(page) == []
        assert "behind the door" not in page.content()
        sign_in(page, "ayla_nonsense")
        shown(page, "no such key")
        sign_in(page, key)
        shown(page, "behind the door")
        assert page.url.endswith(f"/jobs/{job.id}?xscale=log")
        wait_for(page, "document.querySelector('.stream').dataset.state === 'live'")
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        assert key not in kept
        assert key[10:] not in page.content()
        page.goto(f"{url}/sign-in?next=/%09/other.example")
        assert page.get_by_role("link", name="Go on").evaluate("link => link.href") == f"{url}/"
        page.go_back()
        shown(page, "behind the door")
        page.evaluate(
            "fetch('/v1/me').then((answer) => answer.json())"
            ".then((me) => fetch(`/v1/keys/${me.key.id}/revoke`, {method: 'POST'}))"
        )
        page.get_by_role("heading", name="Your session has ended").wait_for()
        sign_in(page, other)
        shown(page, "behind the door")
        with store.write() as session:
            row = session.get_one(JobRow, job.id)
            row.state, row.finished_at = JobState.SUCCEEDED, row.created_at
        table = f"/v1/jobs/{job.id}/summary?format=csv"
        assert page.evaluate(STATUS, table) == 200
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="Sign in").wait_for()
        assert page.evaluate(STATUS, table) == 401
        visit.close()
