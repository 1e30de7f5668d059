"""The report as one HTML file, with its figures inside: it can be sent and kept alone."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_STYLE = """
:root { color-scheme: light; --ink: #1c1f23; --soft: #5b6470; --line: #dde1e6; --band: #f6f7f9; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.5rem 5rem; color: var(--ink); background: #fff;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.45rem; margin: 3rem 0 1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
p, li { max-width: 52rem; }
nav { margin: 1.5rem 0; padding: 1rem 1.25rem; background: var(--band); border-radius: .5rem; }
nav ul { margin: 0; padding-left: 1.1rem; columns: 2; }
a { color: #0b5cad; }
.scroll { overflow-x: auto; margin: 1rem 0 1.5rem; }
table { border-collapse: collapse; font-size: .86rem; line-height: 1.4; }
th, td { padding: .4rem .65rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { background: var(--band); white-space: nowrap; }
tbody tr:hover { background: #fafbfc; }
td { font-variant-numeric: tabular-nums; }
img { display: block; max-width: min(100%, 56rem); height: auto; margin: 1.5rem 0 .3rem; }
em { color: var(--soft); }
li { margin-bottom: .7rem; }
pre { overflow-x: auto; padding: .9rem 1.1rem; background: var(--band); border-radius: .5rem; font-size: .86rem; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .92em; }
.verdict { padding: .1rem .5rem; border-radius: 1rem; font-size: .82rem; white-space: nowrap; }
.reproduced, .better { background: #d9efe3; color: #10502e; }
.partly, .undecided { background: #fbecc8; color: #664600; }
.not-reproduced, .worse { background: #f9dcd5; color: #7a2413; }
.not-measured, .no-statement { background: #e7e9ec; color: #444b54; }
@media print { nav { display: none; } .scroll { overflow: visible; } table { font-size: .65rem; } }
"""

_VERDICT = re.compile(
    r"<strong>(not reproduced|not measured|reproduced|partly|better|worse|undecided|no statement)</strong>"
)


def html_page(markdown: str, folder: Path) -> str:
    """The page as HTML; each figure is the SVG file of its name in the folder, written into the page."""
    # A tag in a text, such as a title of a user's, is that text.
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    for token in _all(tokens):
        if token.type == "image":
            token.attrs["src"] = _data_url(folder / Path(str(token.attrs["src"])).with_suffix(".svg"))
    headings = _anchored(tokens)
    body = parser.renderer.render(tokens, parser.options, {})
    body = body.replace("<table>", '<div class="scroll"><table>').replace("</table>", "</table></div>")
    body = _VERDICT.sub(_badge, body)
    title, _, rest = body.partition("</h1>")
    name = html.escape(headings[0][1])
    links = "".join(f'<li><a href="#{anchor}">{html.escape(text)}</a></li>' for anchor, text in headings[1:])
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{name}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n{title}</h1>\n<nav><ul>{links}</ul></nav>{rest}</body>\n</html>\n"
    )


def _anchored(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Anchor and text of the title and of each section, whose headings get their anchors."""
    found = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag in {"h1", "h2"}:
            text = tokens[place + 1].content
            anchor = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
            token.attrs["id"] = anchor
            found.append((anchor, text))
    return found


def _all(tokens: Sequence[Token]) -> list[Token]:
    return [inner for token in tokens for inner in (token, *(token.children or []))]


def _data_url(path: Path) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _badge(found: re.Match[str]) -> str:
    return f'<span class="verdict {found[1].replace(" ", "-")}">{found[1]}</span>'
