"""docs/python.md is written from the docstrings, and has every public name."""

from pathlib import Path

import ayla

from tests.docs.python_page import described_names, page, public_resources

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_the_page_is_what_the_docstrings_say() -> None:
    assert PAGE.read_text() == page(), "make python-docs writes it anew"


def test_every_public_name_and_method_is_there() -> None:
    heads = {line.lstrip("# ") for line in PAGE.read_text().splitlines() if line.startswith("#")}
    names = {name for name in described_names() if callable(getattr(ayla, name))}
    assert {f"ayla.{name}" for name in names} - heads == set()
    assert {name.removeprefix("Async") for name in ayla.__all__} - {*ayla.__all__} == set()
    methods = {
        f"client.{resource}.{method}"
        for resource, kind in public_resources().items()
        for method in dir(kind)
        if not method.startswith("_") and callable(getattr(kind, method))
    }
    assert methods - heads == set()
    assert len(methods) > 10
