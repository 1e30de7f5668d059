"""Team: what it shows and lets do is what the key allows; a secret is shown once."""

from pathlib import Path

import httpx2
from ayla_service.db.session import Database
from ayla_service.states import Role

from tests.browser.chromium import accessibility_findings, overflow, shown, wait_for
from tests.browser.conftest import Visiting
from tests.browser.test_sign_in import NOT_SIGNED_IN, sign_in
from tests.factories import colleague
from tests.keyring import make_key
from tests.streaming import served

HOSTILE = "<b>bold</b>"

SIGNED_OUT_FOR_A_MOMENT = """async () => {
  const { signedOut, identify } = await import(new URL('core/session.js', document.querySelector('script[src]').src));
  signedOut.value = 'ended';
  while (document.querySelector('dialog')) await new Promise(requestAnimationFrame);
  await identify();
}"""
"""As when the stream of a key that was replaced ends before that of the new one has begun."""


def status_of(url: str, key: str) -> int:
    """What the service answers to a request with a key."""
    return httpx2.get(f"{url}/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code


def test_an_admin_manages_the_team_and_a_viewer_looks_at_it(
    store: Database, tmp_path: Path, visiting: Visiting
) -> None:
    viewer = colleague(store, f"viewer {HOSTILE}", Role.VIEWER)
    keys = make_key(store), make_key(store, viewer)
    with served(store, tmp_path) as (_, url):
        admin, guest = visiting(url), visiting(url, viewport={"width": 360, "height": 740})
        for visit in (admin, guest):
            visit.expect_faults(NOT_SIGNED_IN)
        page = admin.open("/team?by=project")
        sign_in(page, keys[0])
        shown(page, f"viewer {HOSTILE}")
        wait_for(page, "!document.querySelector('.loading')")
        assert page.get_by_role("button", name="project").get_attribute("aria-pressed") == "true"
        assert accessibility_findings(page) == []
        page.get_by_role("button", name="Make a key").click()
        page.get_by_label("Name, what it is for").fill(f"nightly {HOSTILE}")
        page.get_by_role("button", name="Make", exact=True).click()
        secret = page.locator(".secret").inner_text()
        me = httpx2.get(f"{url}/v1/me", headers={"Authorization": f"Bearer {secret}"}).json()
        assert (me["scopes"], me["key"]["name"]) == (["read", "submit"], f"nightly {HOSTILE}")
        assert accessibility_findings(page) == []
        page.get_by_role("button", name="I have it").click()
        shown(page, f"nightly {HOSTILE}")
        assert secret not in page.content()
        page.get_by_role("button", name=f"Actions: nightly {HOSTILE}").click()
        page.get_by_role("menuitem", name="Revoke").click()
        page.get_by_role("button", name="Revoke").click()
        shown(page, "revoked")
        page.get_by_role("button", name="Add a member").click()
        page.get_by_label("Name", exact=True).fill(f"viewer {HOSTILE}")
        admin.expect_faults(r"status of 409|status of 422")
        page.get_by_role("button", name="Add", exact=True).click()
        page.get_by_role("dialog").get_by_role("alert").get_by_text("viewer").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Add a webhook").click()
        page.get_by_label("Address").fill("http://127.0.0.1:9/")
        page.get_by_role("button", name="Add", exact=True).click()
        page.locator("dialog .field-error").wait_for()

        page.keyboard.press("Escape")
        page.get_by_role("row").filter(has_text="this one").get_by_role("button").click()
        page.get_by_role("menuitem", name="Replace").click()
        page.get_by_label("The old key").select_option("ends at once")
        page.get_by_role("button", name="Replace").click()
        replaced = page.locator(".secret").inner_text()
        wait_for(page, "document.querySelectorAll('.state[data-state=revoked]').length === 2")
        assert [status_of(url, key) for key in (keys[0], replaced)] == [401, 200]
        page.evaluate(SIGNED_OUT_FOR_A_MOMENT)
        assert page.locator(".secret").inner_text() == replaced
        page.get_by_role("button", name="I have it").click()
        page.get_by_role("button", name="Sign out").wait_for()
        assert "active" in page.get_by_role("row").filter(has_text="this one").inner_text()

        other = guest.open("/team")
        sign_in(other, keys[1])
        shown(other, "viewer: may read")
        wait_for(other, "!document.querySelector('.loading')")
        assert overflow(other) == 0
        assert other.locator("main button", has_text="Add").count() == 0
        assert other.locator("main button", has_text="Make").count() == 0
        assert other.locator("b").count() == 0
        for visit in (admin, guest):
            visit.close()
