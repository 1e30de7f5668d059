"""Chromium for the tests of the dashboard, and a page in it that notices what no page may do."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

VARIABLE = "AYLA_TEST_CHROMIUM"
"""Names the program, where it is not found by one of its usual names."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_AXE = Path(__file__).parent / "axe" / "axe.min.js"
_PATIENCE_MILLISECONDS = 120_000.0
_SETTINGS: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}


def chromium_program() -> str:
    """The program; without one the test is skipped, and fails where it must not be left out: where ``CI`` is set."""
    named = os.environ.get(VARIABLE)
    found = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        reason = f"no Chromium; `make browser` installs Debian's, or {VARIABLE} names one"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser without a window."""
    program = chromium_program()
    # A user of its own for each site is what root in a container cannot have.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


class Visit:
    """One user's browser: tabs that share cookies and the stream, in which nothing may go wrong unseen.

    Args:
        browser: the program.
        site: the URL of the service.
        context: settings of the browser, such as ``viewport`` and ``color_scheme``.
    """

    def __init__(self, browser: Browser, site: str, **context: Any) -> None:
        self.site = site
        self.context: BrowserContext = browser.new_context(**_SETTINGS | context)
        self.context.set_default_timeout(_PATIENCE_MILLISECONDS)
        self.context.on("request", self._note_request)
        self.faults: list[str] = []
        self._is_closed = False
        self._expected: list[re.Pattern[str]] = []

    def open(self, path: str) -> Page:
        """A new tab at a path of the site."""
        page = self.context.new_page()
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.goto(f"{self.site}{path}")
        return page

    def expect_faults(self, pattern: str) -> None:
        """Faults of this kind belong to the test: a service that is away, a key that is none."""
        self._expected.append(re.compile(pattern))

    def close(self) -> None:
        """End the visit; where the service ends before the test does, the test itself calls this first.

        Raises:
            AssertionError: if a page logged an error or asked another host for anything.
        """
        if not self._is_closed:
            self._is_closed = True
            self.context.close()
        unexpected = [fault for fault in self.faults if not any(one.search(fault) for one in self._expected)]
        assert not unexpected, unexpected

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _note_request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.netloc != urlsplit(self.site).netloc:
            self.faults.append(f"another host: {request.url}")


def shown(page: Page, text: str) -> None:
    """Wait until a text is to be seen."""
    page.get_by_text(text).first.wait_for()


def wait_for(page: Page, expression: str, argument: Any = None) -> None:
    """Wait until an expression of JavaScript holds in the page.

    Not by ``wait_for_function``, which has the page evaluate text: its policy forbids that.

    Raises:
        AssertionError: if it does not in two minutes.
    """
    deadline = time.monotonic() + _PATIENCE_MILLISECONDS / 1000
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, f"still waiting: {expression} in {page.locator('body').inner_text()[:2000]}"
        page.wait_for_timeout(50)


def accessibility_findings(page: Page) -> list[str]:
    """What axe-core finds, by the rules of WCAG 2.2 up to AA and its own good practice."""
    page.evaluate(_AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((result) => result.violations)")
    nodes = [(one["id"], node) for one in found for node in one["nodes"]]
    return [f"{name}: {node['html'][:200]} {node['failureSummary'][:300]}" for name, node in nodes]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(
        page.evaluate("Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)")
    )
