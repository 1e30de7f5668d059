"""All files of the dashboard together are light enough for a slow line."""

from ayla_service.dashboard.files import DashboardFolder

MOST_BYTES = 300_000


def test_all_that_a_browser_can_ask_for_weighs_less_than_300_kilobytes_compressed() -> None:
    files = DashboardFolder().read()
    page = max(len(one.compressed) for one in (files.page, *files.pages.values()))
    weight = page + sum(len(one.compressed) for one in files.assets.values())
    assert MOST_BYTES / 3 < weight < MOST_BYTES  # less than a third would be a page without its libraries
