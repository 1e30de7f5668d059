"""Verdict, sweep and new job: they show what the service says, and the address holds what is chosen."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from ayla_service.db.session import Database
from ayla_service.states import JobState, TrialState
from playwright.sync_api import Page, Request

from tests.browser.chromium import Visit, accessibility_findings, overflow, shown, wait_for
from tests.browser.conftest import Visiting
from tests.browser.studies import (
    HOSTILE,
    SEEDS,
    ended_axes,
    ended_study,
    ended_sweep,
    many_pairs,
    many_trials,
    succeed,
    tried_again,
)
from tests.factories import Jobs, set_trials, spec
from tests.http.helpers import record
from tests.sweeps.grids import finish, grid_spec
from tests.trials.chunked import ids_of

REFUSED = r"status of 422"
COPIED = f"copied {HOSTILE}"

COLOURS = """(() => {
  const canvas = document.querySelector("canvas.cells");
  const picture = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(picture.data.buffer)).size;
})()"""
"""How many colours a heat map has."""

LETTERS = """({
  map: document.querySelector(".heatmap-box text").getBoundingClientRect().height,
  page: Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
})"""
"""How tall the letters are."""


SCROLLED = """(last) => {
  const box = document.querySelector(".rows-box");
  box.scrollTop = box.scrollHeight;
  return document.querySelector(`[aria-rowindex="${last}"]`) !== null;
}"""
"""Scroll a table to the end of what has been read; whether its last row is there."""


@pytest.fixture(scope="module")
def sweep(store: Database) -> str:
    """A sweep that has ended."""
    return ended_sweep(store)


@pytest.fixture(scope="module")
def study(store: Database) -> str:
    """A study that has ended."""
    return ended_study(store)


@pytest.fixture
def visit(site: str, visiting: Visiting) -> Visit:
    return visiting(site)


def settled(page: Page, text: str) -> None:
    """Wait until a view is read."""
    shown(page, text)
    wait_for(page, "!document.querySelector('.loading, .stale, [aria-busy=true]')")


def test_they_are_accessible_in_both_themes_and_fit_a_phone(
    site: str, sweep: str, study: str, visiting: Visiting
) -> None:
    views = {
        f"/jobs/{study}/verdict": "How fast",
        f"/jobs/{study}/verdict?tune=0-2&confirm=3-8": "What tuning brings",
        f"/compare?jobs={study},{sweep}": "Paired differences",
        f"/jobs/{sweep}/sweep": "Settings",
        f"/jobs/{sweep}": "Compute those of the best again",
        f"/new?from={sweep}": "Ready to run",
    }
    page = visiting(site).open("/sign-in")
    phone = visiting(site, viewport={"width": 360, "height": 740}, is_mobile=True).open("/sign-in")
    for address, text in views.items():
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.goto(f"{site}{address}")
            settled(page, text)
            assert accessibility_findings(page) == [], address
        assert page.evaluate("window.hacked") is None
        assert page.locator("img").count() == 0
        phone.goto(f"{site}{address}")
        settled(phone, text)
        assert overflow(phone) == 0, address


def test_a_verdict_says_what_the_service_says(visit: Visit, study: str) -> None:
    body = {"job_ids": [study], "values": True}
    told = httpx2.post(f"{visit.site}/v1/comparisons", json=body).json()["problems"][0]
    page = visit.open(f"/jobs/{study}/verdict")
    settled(page, "Paired differences")
    assert page.locator(".statement p").all_inner_texts() == [pair["verdict"] for pair in told["pairs"]]
    assert page.locator(".interval").count() == len(told["pairs"])
    assert page.locator(".slope").count() == SEEDS * len(told["pairs"])
    shown(page, "covers 9")
    page.locator(".panel .as-table summary").first.click()
    assert page.locator(".panel .as-table tbody tr").count() == SEEDS
    page.get_by_label("Confidence").select_option("0.8")
    page.get_by_role("button", name="performance").click()
    page.get_by_label("Target of the final loss").focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "new URLSearchParams(location.search).has('target')")
    page.reload()
    settled(page, "No target")
    assert page.get_by_label("Confidence").input_value() == "0.8"
    assert page.get_by_role("button", name="performance").get_attribute("aria-pressed") == "true"


def test_tuned_arms_are_compared_on_other_seeds(visit: Visit, study: str) -> None:
    page = visit.open(f"/jobs/{study}/verdict")
    settled(page, "Paired differences")  # more controls come with the answer, and move the button
    page.get_by_role("button", name="Compare tuned arms").click()
    settled(page, "What tuning brings")
    assert page.url.endswith("?tune=0-2&confirm=3-8")
    assert "on 5 of 6 seeds" in page.locator(".statement p").first.inner_text()
    page.go_back()
    settled(page, "Compare tuned arms")


def test_a_heat_map_is_read_by_pointer_and_by_keys(visit: Visit, sweep: str) -> None:
    page = visit.open(f"/jobs/{sweep}/sweep")
    settled(page, "15 in all")
    box = page.locator(".heatmap-box")
    canvas = page.locator("canvas.cells")
    area = canvas.bounding_box()
    assert area is not None
    page.mouse.move(
        area["x"] + area["width"] * 5 / 6, area["y"] + area["height"] / 8
    )  # above right: the one that diverged
    assert page.locator(".readout").inner_text().split("\n")[:3] == ["diverged", "learning_rate 0.1", "ayla.n2 2"]
    box.focus()
    page.keyboard.press("Home")
    assert page.locator(".readout").inner_text().startswith("final loss 6.5000")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait_for(page, "location.search === '?cell=1-0'")
    settled(page, "1 in all")
    page.reload()
    settled(page, "1 in all")
    page.get_by_role("button", name="All settings").click()
    settled(page, "15 in all")
    page.get_by_label("Across").select_option("ayla.n2")
    wait_for(page, "location.search === '?x=ayla.n2&y=learning_rate'")
    settled(page, "15 in all")
    colours = page.evaluate(COLOURS)
    assert colours >= 12  # of twelve cells, and of the cross on the one that diverged


def test_a_job_without_curves_shows_what_all_settings_reach_and_has_those_of_the_best_computed(
    visit: Visit, sweep: str, store: Database
) -> None:
    page = visit.open(f"/jobs/{sweep}")
    settled(page, "What all settings reach")
    assert page.locator(".plot .line").count() == 2
    assert page.locator(".best-lines .num").all_inner_texts() == ["0.50000", "6.5000"]
    page.get_by_role("button", name="Compute those of the best again").click()
    shown(page, "2 jobs compute them again")
    again = [job for job in Jobs(store).list().items if (job.origin or "").startswith(sweep)]
    for job in again:
        for place, trial in enumerate(ids_of(store, job.id)):
            record(store, trial, {"step": [0, 5, 10], "loss": [9.0, 3.0 + place, 1.0]}, steps_done=10)
        succeed(store, job.id)
    wait_for(page, "document.querySelector('.chart')?.dataset.points === '6'")
    shown(page, "median and quartiles over 2 seeds")


def test_a_job_with_axes_that_keeps_all_curves_shows_those_of_the_best_over_all_seeds(
    visit: Visit, store: Database
) -> None:
    page = visit.open(f"/jobs/{ended_axes(store)}")
    settled(page, "What all settings reach")
    page.locator(".footnotes", has_text="N2 had no effect").wait_for()
    assert page.locator(".trials sup").all_inner_texts() == ["1"]
    shown(page, "median and quartiles over 3 seeds")
    assert page.locator(".chart").get_attribute("data-points") == "6"
    assert page.locator(".best-lines .num").all_inner_texts() == ["1.9000", "1.6000"]
    assert page.locator(".key .arm").all_inner_texts() == ["SGD", "AYLA-SGD N1=1 N2=1.4"]
    assert page.get_by_role("button", name="again").count() == 1  # of the job itself


def test_a_metric_that_a_job_does_not_have_can_be_changed_for_another(visit: Visit, sweep: str) -> None:
    visit.expect_faults(REFUSED)
    page = visit.open(f"/jobs/{sweep}/sweep?metric=test_loss")
    shown(page, "No trial of these jobs has a value of 'test_loss'")
    page.get_by_role("combobox", name="By", exact=True).select_option("")
    settled(page, "15 in all")
    assert page.get_by_role("combobox", name="By", exact=True).locator("option").all_inner_texts() == [
        "final loss (default)",
        "best loss",
        "gap to the minimum",
    ]


def test_numbers_of_a_job_that_goes_on_say_so_and_what_is_left_out(visit: Visit, store: Database) -> None:
    given = grid_spec(record={"trajectories": "none"}, name="Goes on")
    job_id = Jobs(store).submit({**given, "optimizers": given["optimizers"][3:]}).id
    finish(store, job_id, np.arange(24.0))
    set_trials(store, job_id, 22, state=TrialState.QUEUED, final_loss=None)
    pages = [visit.open(f"/jobs/{job_id}/{view}") for view in ("sweep", "verdict")]
    for page in pages:
        shown(page, "numbers so far")
    settled(pages[0], "12 in all")
    assert pages[0].locator(".heatmap figcaption").inner_text().startswith("1 setting left out")
    assert "1 of 2 seeds" in pages[0].locator(".settings tbody").inner_text()
    succeed(store, job_id)
    for page in pages:
        shown(page, "succeeded")
        assert page.get_by_text("numbers so far").count() == 0


def test_of_very_many_pairs_the_first_are_shown_until_all_are_asked_for(visit: Visit, store: Database) -> None:
    page = visit.open("/sign-in")
    bodies: list[dict[str, Any]] = []

    def note(asked: Request) -> None:
        if asked.url.endswith("/comparisons"):
            bodies.append(asked.post_data_json or {})

    page.on("request", note)
    page.goto(f"{visit.site}/jobs/{many_pairs(store, 34, 6)}/verdict")
    settled(page, "Paired differences")
    assert [body["values"] for body in bodies] == [False]
    assert [page.locator(one).count() for one in (".statement", ".interval", ".slope")] == [30, 30, 0]
    assert page.get_by_label("Against").locator("option").count() < 40
    page.get_by_role("button", name="Show all 34").first.click()
    wait_for(page, "location.search === '?rows=all' && document.querySelectorAll('.statement').length === 34")
    page.get_by_role("button", name="Show seed by seed").click()
    settled(page, "base and setting with the same seed")
    assert bodies[-1]["values"] is True
    assert page.locator(".slope").count() == 34 * 6
    page.go_back()
    wait_for(page, "document.querySelectorAll('.slope').length === 0")


def test_ten_thousand_trials_are_scrolled_with_few_rows_in_the_document(visit: Visit, store: Database) -> None:
    job_id = many_trials(store, settings=1000, seeds=10, best=9_990)
    tried_again(store, job_id, 60)
    page = visit.open(f"/jobs/{job_id}")
    settled(page, "Many trials")
    rows = page.locator(".trials tbody tr[aria-rowindex]")
    rows.first.wait_for()
    assert rows.count() < 60
    wait_for(page, SCROLLED, 10_001)
    assert rows.count() < 60
    best = page.locator(".trials td.best")
    best.wait_for()
    assert best.all_inner_texts() == ["1.00000"], "of the job, by the service's word"
    page.get_by_role("button", name="Final loss").click()
    wait_for(page, "document.querySelector('.trials tbody tr[aria-rowindex=\"2\"] td.best')?.innerText === '1.00000'")
    assert rows.count() < 60
    shown(page, "The newest 50 attempts")
    shown(page, "attempt 60")
    assert page.locator(".events li").count() == 2 + 2 * 50


def test_a_job_that_diverged_at_once_says_so_in_place_of_its_curves(visit: Visit, store: Database) -> None:
    job_id = Jobs(store).submit(spec(seeds=[0])).id
    for trial in ids_of(store, job_id):
        record(store, trial, {"step": [0], "loss": [float("inf")]}, state=TrialState.DIVERGED, first_nonfinite_step=0)
    page = visit.open(f"/jobs/{job_id}")
    shown(page, "None of the recorded values is finite")


def test_on_a_wide_screen_a_heat_map_grows_with_the_letters(visiting: Visiting, site: str, sweep: str) -> None:
    sizes = []
    for width, height in ((1280, 800), (3840, 2160)):
        page = visiting(site, viewport={"width": width, "height": height}).open(f"/jobs/{sweep}/sweep")
        settled(page, "15 in all")
        sizes.append(page.evaluate(LETTERS))
        area = page.locator("canvas.cells").bounding_box()
        best = page.locator(".cell-mark.best").bounding_box()
        assert area is not None
        assert best is not None
        # The best of three columns and four rows is at the lower left; its frame has a line around it.
        assert abs(best["x"] - area["x"]) < 4
        assert abs(best["y"] + best["height"] - area["y"] - area["height"]) < 4
        assert abs(best["width"] / area["width"] - 1 / 3) < 0.03
        page.mouse.move(area["x"] + area["width"] * 5 / 6, area["y"] + area["height"] / 8)
        assert page.locator(".readout").inner_text().startswith("diverged")
        assert overflow(page) == 0
    assert sizes[1]["map"] / sizes[0]["map"] == pytest.approx(sizes[1]["page"] / sizes[0]["page"], rel=0.05)
    assert sizes[1]["page"] > 1.3 * sizes[0]["page"]


def test_a_form_says_what_is_wrong_where_it_is_wrong(visit: Visit) -> None:
    visit.expect_faults(REFUSED)
    page = visit.open("/new")
    shown(page, "Ready to run")
    rate = page.get_by_label("Learning rate", exact=True).first
    rate.fill("-1")
    shown(page, "1 thing to correct")
    assert rate.get_attribute("aria-invalid") == "true"
    assert "Must be greater than 0" in page.locator(".optimizer .field-error").first.inner_text()
    page.get_by_role("link", name="optimizer 1, learning rate").click()
    assert page.evaluate("document.activeElement.value") == "-1"
    wait_for(page, "location.hash.startsWith('#draft=')")
    page.reload()
    shown(page, "1 thing to correct")
    page.get_by_label("Learning rate: one number, a list or a range").first.select_option("range")
    page.get_by_label("Learning rate: lowest").fill("0.001")
    page.get_by_label("Learning rate: highest").fill("0.1")
    shown(page, "Ready to run")
    shown(page, "9 settings × 10 seeds")


def test_a_draft_stays_in_the_address_until_a_new_form_is_asked_for(visit: Visit) -> None:
    page = visit.open("/new?theme=light")
    shown(page, "Ready to run")
    name = page.get_by_role("textbox", name="Name")
    name.fill("kept")
    wait_for(page, "location.hash.startsWith('#draft=')")
    page.get_by_role("group", name="Language").get_by_role("button", name="curl").click()
    page.get_by_role("button", name="Use the dark theme").click()
    page.keyboard.press("Control+Home")
    page.get_by_role("link", name="Go to the content").press("Enter")
    wait_for(page, "location.search === '?code=curl&theme=dark' && location.hash.startsWith('#draft=')")
    page.reload()
    shown(page, "Ready to run")
    assert name.input_value() == "kept"
    page.get_by_role("link", name="New job").click()
    wait_for(page, "location.hash === '' && document.getElementById('field-name')?.value === ''")
    shown(page, "Ready to run")
    assert name.input_value() == ""
    page.go_back()
    wait_for(page, "location.hash.startsWith('#draft=') && document.getElementById('field-name')?.value === 'kept'")


@pytest.fixture
def ended(store: Database) -> Iterator[None]:
    """Jobs of the copied code end at once, though there is no worker."""
    stop = threading.Event()

    def end() -> None:
        jobs = Jobs(store)
        while not stop.wait(0.05):
            for job in jobs.list().items:
                if job.state == JobState.QUEUED and job.name == COPIED:
                    finish(store, job.id, np.arange(float(job.trials.total)))
                    succeed(store, job.id)

    thread = threading.Thread(target=end)
    thread.start()
    yield
    stop.set()
    thread.join()


def test_code_of_the_form_submits_what_the_form_does(visit: Visit, ended: None, tmp_path: Path) -> None:
    page = visit.open("/new")
    shown(page, "Ready to run")
    page.get_by_role("textbox", name="Name").fill(COPIED)
    shown(page, "Ready to run")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for language, program in (("Python", [sys.executable]), ("Command line", ["bash", "-e"]), ("curl", ["bash", "-e"])):
        page.get_by_role("group", name="Language").get_by_role("button", name=language).click()
        code = page.locator(".code pre").inner_text()
        script = tmp_path / "script"
        script.write_text(code)
        done = subprocess.run([*program, str(script)], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    page.get_by_role("button", name="Submit").click()
    wait_for(page, "/^.jobs.[0-9a-f-]{36}$/.test(location.pathname)")
    own = page.url.rsplit("/", 1)[-1].split("?")[0]
    found = [httpx2.get(f"{visit.site}/v1/jobs/{job['id']}").json()["spec"] for job in _named(visit.site, COPIED)]
    assert len(found) == 4
    assert all(one == found[0] for one in found)
    page.goto(f"{visit.site}/new?from={own}")
    shown(page, "Ready to run")
    assert page.get_by_role("textbox", name="Name").input_value() == COPIED


def _named(site: str, name: str) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = httpx2.get(f"{site}/v1/jobs", params={"limit": 50}).json()["data"]
    return [job for job in jobs if job["name"] == name]
