"""Each view in Firefox, driven over WebDriver BiDi: it shows what it should, logs no error, asks no other host."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ayla_service.db.session import Database

from tests.browser.studies import ended_study, ended_sweep
from tests.streaming import served

VARIABLE = "AYLA_TEST_FIREFOX"
"""Names the program, where it is not found by one of its usual names."""

VIEWS = {
    "queue": ("/", "Shares"),
    "jobs": ("/jobs", "Hostile"),
    "job": ("/jobs/{study}", "Best loss"),
    "job of a sweep": ("/jobs/{sweep}", "What all settings reach"),
    "verdict": ("/jobs/{study}/verdict", "Paired differences"),
    "compare": ("/compare?jobs={study},{sweep}", "Paired differences"),
    "sweep": ("/jobs/{sweep}/sweep", "15 in all"),
    "new job": ("/new?from={study}", "Ready to run"),
    "team": ("/team", "Members"),
    "sign-in": ("/sign-in", "You are"),
}
"""Of each view its address, and what it says when it is read."""

_WEB = Path(__file__).parents[2] / "clients" / "web"
_NAMES = ("firefox-esr", "firefox")
_LONGEST_SECONDS = 600


def firefox_command() -> list[str]:
    """The command that opens views in Firefox; the test is skipped where something is missing for it."""
    firefox = os.environ.get(VARIABLE) or next(filter(None, map(shutil.which, _NAMES)), None)
    node = shutil.which("node")
    missing = {
        f"Firefox; `make browser` installs Debian's, or {VARIABLE} names one": firefox,
        "Node.js": node,
        "puppeteer-core; `make browser` installs it": (_WEB / "node_modules" / "puppeteer-core").is_dir(),
    }
    for what, found in missing.items():
        if not found:
            pytest.skip(f"no {what}")
    return [str(node), str(_WEB / "firefox.mjs"), str(firefox)]


@pytest.fixture(scope="module")
def faults(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What was wrong with each view, all of them opened one after the other in one Firefox."""
    command = firefox_command()
    folder = tmp_path_factory.mktemp("firefox")
    shutil.copy(migrated_store, folder / "ayla.db")
    store = Database(f"sqlite:///{folder / 'ayla.db'}")
    jobs = {"study": ended_study(store), "sweep": ended_sweep(store)}
    with served(store, folder) as (_, url):
        views = [{"name": name, "url": url + path.format(**jobs), "text": text} for name, (path, text) in VIEWS.items()]
        done = subprocess.run(
            command,
            input=json.dumps(views),
            env={**os.environ, "HOME": str(folder)},
            capture_output=True,
            text=True,
            timeout=_LONGEST_SECONDS,
            check=False,
        )
    store.dispose()
    assert done.returncode == 0, done.stderr
    told: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    return {view["name"]: view["faults"] for view in told}


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_works_in_firefox(faults: dict[str, list[str]], view: str) -> None:
    assert faults[view] == []
