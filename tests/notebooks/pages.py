"""What HTML says and would do, by Python's own parser."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"img", "br"})


@dataclass
class Page:
    """What a page has.

    Attributes:
        text: all that is read.
        elements: name and attributes of each element.
        pictures: their bytes.
        unclosed: elements that are not closed where they should be.
    """

    text: str = ""
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.elements}

    @property
    def colours(self) -> set[str]:
        """Every colour that a style sets."""
        styles = " ".join(attributes.get("style") or "" for _, attributes in self.elements)
        return set(re.findall(r"#[0-9a-f]+\b|rgba?\([^)]*\)", styles))


def read(html: str) -> Page:
    """A page, read."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.page.unclosed += reader.open
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.page.elements.append((tag, attributes))
        if tag == "img":
            self.page.pictures.append(base64.b64decode(str(attributes["src"]).partition("base64,")[2]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.page.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        self.page.text += data
