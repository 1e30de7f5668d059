"""The blocks of code of a page in Markdown."""

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A block between fences.

    Attributes:
        language: as the fence says.
        text: between the fences.
        line: of the page, where its text begins.
    """

    language: str
    text: str
    line: int


def blocks_of(page: Path) -> list[CodeBlock]:
    """Its blocks, in order."""
    text = page.read_text()
    return [CodeBlock(found[1], found[2], text.count("\n", 0, found.start(2)) + 1) for found in _BLOCK.finditer(text)]
