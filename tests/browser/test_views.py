"""Each view: without findings of axe-core in both themes, on a phone, by keyboard alone, its state in the address."""

from itertools import count
from typing import Any

import pytest
from ayla_service.db.session import Database
from ayla_service.states import TrialState
from playwright.sync_api import Page

from tests.browser.chromium import Visit, accessibility_findings, overflow, shown, wait_for
from tests.browser.conftest import Visiting
from tests.factories import Jobs, colleague, spec, submit_as
from tests.http.helpers import record
from tests.trials.chunked import ids_of

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\'"&amp;'
JOBS = 160
NO_SUCH_JOB = rf"status of 404.*/v1/jobs/{'0' * 32}"


@pytest.fixture(scope="module")
def job_id(store: Database) -> str:
    """A job with recorded curves, one of them diverged, among many others; all texts of users are hostile."""
    jobs = Jobs(store)
    numbers = count()
    submit_as(store, colleague(store, HOSTILE), name=f"Hostile {HOSTILE}", priority="high")  # the first of the queue
    for _ in range(JOBS):
        jobs.submit(spec(name=f"job {next(numbers)}"))
    optimizers: list[dict[str, Any]] = [
        {"name": "sgd", "learning_rate": 0.03, "label": HOSTILE},
        {"name": "adam", "learning_rate": 0.03},
    ]
    texts = {"name": f"Hostile {HOSTILE}", "notes": HOSTILE, "project": HOSTILE[:60], "tags": [HOSTILE[:40]]}
    made = jobs.submit(spec(optimizers=optimizers, seeds=[0, 1, 2], **texts))
    for place, trial in enumerate(ids_of(store, made.id)):
        columns = {
            "step": [*range(11)],
            "loss": [10.0 / (1 + step + place) for step in range(11)],
            "effective_lr": [0.01] * 11,
        }
        if place == 5:
            columns["loss"][4:] = [float("inf")] * 7
        how: dict[str, Any] = {"state": TrialState.DIVERGED, "first_nonfinite_step": 4} if place == 5 else {}
        record(store, trial, columns, steps_done=10, best_loss=1.0 + place, best_step=9, **how)
    return made.id


@pytest.fixture
def visit(site: str, job_id: str, visiting: Visiting) -> Visit:
    visit = visiting(site)
    visit.expect_faults(NO_SUCH_JOB)
    return visit


def views(job_id: str) -> dict[str, str]:
    """The address of each view and what is to be seen there when all of it is read."""
    return {
        "/": "Shares",
        "/jobs": f"job {JOBS - 1}",
        f"/jobs/{job_id}": "Adam lr=0.03",
        "/sign-in": "You are",
        "/jobs/x/y": "names no view",
        f"/jobs/{'0' * 32}": "There is no such job",
    }


def settled(page: Page, text: str) -> None:
    """Wait until a view is read."""
    shown(page, text)
    wait_for(page, "!document.querySelector('.loading, .stale')")


def found_late(page: Page) -> list[str]:
    """Modules of a view that its page had not named, so that they were asked for when another one had come."""
    loaded: list[str] = page.evaluate(
        """() => {
          const named = new Set([...document.querySelectorAll('link[rel=modulepreload], script[src]')]
            .map((element) => element.href || element.src));
          return performance.getEntriesByType('resource').map(({ name }) => name)
            .filter((name) => name.endsWith('.js') && !named.has(name));
        }"""
    )
    return [name.split("/", 5)[5] for name in loaded if not name.endswith("/live/worker.js")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_views_are_accessible_in_both_themes(visit: Visit, job_id: str, theme: str) -> None:
    page = visit.open("/sign-in")
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    for address, text in views(job_id).items():
        page.goto(f"{visit.site}{address}")
        settled(page, text)
        assert page.locator("html").get_attribute("data-theme") == theme
        assert accessibility_findings(page) == [], address


def test_views_fit_a_phone(site: str, job_id: str, visiting: Visiting) -> None:
    visit = visiting(site, viewport={"width": 360, "height": 740}, is_mobile=True)
    visit.expect_faults(NO_SUCH_JOB)
    page = visit.open("/sign-in")
    for address, text in views(job_id).items():
        page.goto(f"{site}{address}")
        settled(page, text)
        assert overflow(page) == 0, address
        assert found_late(page) == ([] if address != "/jobs/x/y" else ["views/missing/view.js"]), address


def test_texts_of_users_are_texts(visit: Visit, job_id: str) -> None:
    for address in ("/", "/jobs?q=Hostile", f"/jobs/{job_id}"):
        page = visit.open(address)
        settled(page, "Hostile")
        if not address.endswith(job_id):
            page.get_by_text(HOSTILE, exact=True).first.wait_for()  # the owner
        assert page.evaluate("window.hacked") is None
        assert page.locator("img").count() == 0
    assert page.get_by_role("heading", level=1).inner_text() == f"Hostile {HOSTILE}"


def test_a_curve_shows_the_divergence_and_what_is_chosen_is_in_the_address(visit: Visit, job_id: str) -> None:
    page = visit.open(f"/jobs/{job_id}")
    chart = page.locator(".chart[data-points]")
    chart.wait_for()
    assert chart.get_attribute("data-points") == "22"
    shown(page, "✖ diverged")
    page.get_by_role("group", name="x axis").get_by_role("button", name="log").click()
    page.get_by_role("group", name="y axis").get_by_role("button", name="linear").click()
    page.get_by_label("Show").select_option("effective_lr")
    page.get_by_role("button", name="Best loss").click()
    wait_for(page, "location.search === '?xscale=log&yscale=linear&show=effective_lr&sort=best_loss'")
    page.reload()
    settled(page, "Adam lr=0.03")
    assert (
        page.get_by_role("group", name="x axis").get_by_role("button", name="log").get_attribute("aria-pressed")
        == "true"
    )
    assert page.get_by_label("Show").input_value() == "effective_lr"
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("Best loss")
    chart.focus()
    page.keyboard.press("+")
    wait_for(page, "location.search.includes('range=')")
    page.keyboard.press("-")
    wait_for(page, "!location.search.includes('range=')")


def test_a_long_list_has_few_rows_in_the_document_and_is_searched_by_the_service(visit: Visit) -> None:
    page = visit.open("/jobs")
    rows = page.locator(".jobs [role=row]")
    settled(page, f"job {JOBS - 1}")
    wait_for(page, f"scrollTo(0, document.body.scrollHeight), document.querySelector('[aria-rowindex=\"{JOBS + 3}\"]')")
    assert rows.count() < 60
    scrolled = page.evaluate("scrollY")
    page.get_by_role("link", name="job 3", exact=True).click()
    settled(page, "Spec")
    pages: list[str] = []
    page.on("request", lambda request: pages.append(request.url) if "cursor=" in request.url else None)
    page.go_back()
    page.get_by_role("link", name="job 3", exact=True).wait_for()
    assert page.evaluate("scrollY") == scrolled > 0
    assert pages == []
    search = page.get_by_role("searchbox", name="Search")
    search.fill("job ")
    wait_for(page, "location.search === '?q=job'")
    search.press("End")
    page.keyboard.type("77")
    wait_for(page, "location.search === '?q=job+77' && document.querySelectorAll('.jobs [role=row]').length === 2")
    page.get_by_label("Select job 77").check()
    wait_for(page, "location.search.includes('selected=')")
    assert page.get_by_role("link", name="Compare").get_attribute("href") is not None
    page.goto(f"{visit.site}/jobs?q=job+77&selected={','.join(f'job-{number}' for number in range(20))}")
    page.get_by_label("Select job 77").click()
    shown(page, "No more than 20 jobs")
    assert not page.get_by_label("Select job 77").is_checked()


def test_the_keyboard_is_enough(visit: Visit, job_id: str) -> None:
    page = visit.open("/jobs")
    settled(page, f"job {JOBS - 1}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Go to the content"
    page.keyboard.press("Enter")
    wait_for(page, "document.activeElement.id === 'view-title' && location.hash === ''")
    page.get_by_label("Select Hostile").focus()
    page.keyboard.press("Space")
    wait_for(page, "location.search.includes('selected=')")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for(page, f"location.pathname === '/jobs/{job_id}' && document.activeElement.id === 'view-title'")
    settled(page, "Adam lr=0.03")
    wait_for(page, "document.activeElement.matches('h1') && document.activeElement.textContent.startsWith('Hostile')")
    page.locator(".chart").focus()
    told = page.locator(".chart > [aria-live=polite]")
    assert told.inner_text() == ""
    page.keyboard.press("ArrowRight")
    page.locator(".readout[aria-hidden=true]").wait_for()
    assert "Adam lr=0.03 " in told.inner_text()
    page.get_by_role("button", name="Actions:").focus()
    page.keyboard.press("Enter")
    wait_for(page, "document.activeElement.getAttribute('role') === 'menuitem'")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    wait_for(page, "document.activeElement.getAttribute('aria-haspopup') === 'menu'")
    page.go_back()
    wait_for(page, "location.pathname === '/jobs'")


def test_views_that_are_left_leave_nothing_behind(visit: Visit, job_id: str) -> None:
    page = visit.open("/jobs")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def held() -> dict[str, float]:
        devtools.send("HeapProfiler.collectGarbage")
        found = devtools.send("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in found if one["name"] in ("Nodes", "JSEventListeners")}

    def go_round() -> dict[str, float]:
        for _ in range(3):
            for address, text in [*views(job_id).items()][:3]:
                page.evaluate("address => document.querySelector(`a[href='${address}']`).click()", address)
                wait_for(page, "address => location.pathname === address", address)
                settled(page, text)
        return held()

    before = go_round()
    after = go_round()
    for what, number in before.items():
        assert after[what] <= 1.02 * number, (what, before, after)  # both were equal when this was written


SEEN_WHOLE = """() => {
  const [list, last] = ['.items', '.items > :last-child'].map((one) => document.querySelector(one));
  const [box, { left, top, width, height }] = [list.getBoundingClientRect(), last.getBoundingClientRect()];
  const isInside = box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
  return isInside && document.elementFromPoint(left + width / 2, top + height / 2) === last;
}"""
"""Whether a menu is within the window, and no box that scrolls cuts off its last item."""


def focused(page: Page, text: str) -> None:
    """Wait until what has the focus is called so."""
    name = "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent)"
    wait_for(page, f"text => {name}.startsWith(text)", text)


@pytest.mark.parametrize("width", [1280, 360])
def test_menus_are_seen_whole_and_dialogs_give_the_focus_back(
    site: str, job_id: str, visiting: Visiting, width: int
) -> None:
    page = visiting(site, viewport={"width": width, "height": 420}).open("/team")
    settled(page, "Add a webhook")
    members = page.get_by_role("region", name="Members")
    button = members.get_by_role("button", name="Actions:").last
    for block in ("start", "end"):
        button.evaluate("(button, block) => button.scrollIntoView({ block })", block)
        button.focus()
        page.keyboard.press("Enter")
        focused(page, "Change")
        assert page.evaluate(SEEN_WHOLE), block
        assert accessibility_findings(page) == []
        page.keyboard.press("Escape")
        focused(page, "Actions:")
    for item, dialog, away in (("Change", "Change ", "Leave"), ("Remove", "Remove ", "Keep it")):
        page.keyboard.press("Enter")
        focused(page, "Change")
        if item == "Remove":
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.get_by_role("dialog", name=dialog).wait_for()
        assert accessibility_findings(page) == []
        assert overflow(page) == 0
        if item == "Remove":
            focused(page, away)
        page.get_by_role("button", name=away).press("Enter")
        focused(page, "Actions:")


def test_what_is_typed_into_a_dialog_stays_when_it_is_refused(visit: Visit) -> None:
    visit.expect_faults(r"status of 4(09|22)")
    page = visit.open("/team")
    settled(page, "Add a webhook")
    page.get_by_role("button", name="Add a member").click()
    for label, value in (("Name", HOSTILE), ("Weight", "2.5"), ("Trials", "70")):
        page.get_by_role("dialog").get_by_label(label).fill(value)
    page.get_by_role("dialog").get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("dialog").get_by_role("alert").wait_for()
    typed = [
        page.get_by_role("dialog").get_by_label(label).input_value() for label in ("Name", "Role", "Weight", "Trials")
    ]
    assert typed == [HOSTILE, "viewer", "2.5", "70"]
    page.get_by_role("button", name="Leave").click()
    focused(page, "Add a member")
    page.get_by_role("button", name="Add a webhook").click()
    assert accessibility_findings(page) == []
    page.get_by_label("Address").fill("http://127.0.0.1:9/")
    page.get_by_label("failed").uncheck()
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("dialog .field-error").wait_for()
    assert page.get_by_label("Address").input_value() == "http://127.0.0.1:9/"
    assert [box.is_checked() for box in page.get_by_role("checkbox").all()] == [True, False, True]


def test_what_counts_seconds_is_not_read_aloud_each_second(visit: Visit) -> None:
    page = visit.open("/sign-in")
    settled(page, "You are")
    page.evaluate(
        """async () => {
          const { status } = await import(new URL('live/connection.js', document.querySelector('script[src]').src));
          const now = Date.now();
          status.value = { state: 'waiting', since: now - 9000, retryAt: now + 60000, detail: 'No answer.' };
        }"""
    )
    page.locator(".banner").wait_for()
    spoken = page.locator(".banner").evaluate(
        """(banner) => {
          const copy = banner.cloneNode(true);
          for (const part of copy.querySelectorAll('[aria-hidden=true]')) part.remove();
          return copy.innerText;
        }"""
    )
    assert "Not live: No answer." in spoken
    assert not any(letter.isdigit() for letter in spoken)


def test_the_theme_is_kept_and_an_address_can_choose_it(visit: Visit) -> None:
    page = visit.open("/")
    page.get_by_role("button", name="Use the dark theme").click()
    page.reload()
    wait_for(page, "document.documentElement.dataset.theme === 'dark'")
    page.goto(f"{visit.site}/?theme=light")
    wait_for(page, "document.documentElement.dataset.theme === 'light'")
