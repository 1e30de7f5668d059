"""The dashboard has the looks of the service's figures."""

from pathlib import Path

from tests.web.palette import module

PALETTE = Path(__file__).parents[2] / "clients" / "web" / "ayla_web" / "charts" / "palette.js"


def test_the_colours_of_the_page_are_those_of_the_figures() -> None:
    assert PALETTE.read_text() == module(), "make palette writes them anew"
