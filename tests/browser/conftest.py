"""A browser for the tests of a file, and a service that they share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ayla_service.db.session import Database
from playwright.sync_api import Browser

from tests.browser.chromium import Visit, chromium_program, launched
from tests.streaming import served

Visiting = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser(chromium: None) -> Iterator[Browser]:
    """Chromium, or the reason why there is none."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def chromium() -> None:
    """There is one, or the reason why not is told before anything else is started."""
    chromium_program()


@pytest.fixture(scope="module")
def store(migrated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The store of the file's service."""
    path = tmp_path_factory.mktemp("browser") / "ayla.db"
    shutil.copy(migrated_store, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def site(chromium: None, store: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a service without keys and without a worker: what is computed, the tests say."""
    with served(store, tmp_path_factory.mktemp("data")) as (_, url):
        yield url


@pytest.fixture
def visiting(browser: Browser) -> Iterator[Visiting]:
    """Begin visits of users; at the end of the test nothing has gone wrong in any of them."""
    begun: list[Visit] = []

    def visit(site: str, **context: Any) -> Visit:
        begun.append(Visit(browser, site, **context))
        return begun[-1]

    yield visit
    for one in begun:
        one.close()
