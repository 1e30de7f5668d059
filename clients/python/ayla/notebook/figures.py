"""The service's figures within what is shown: fetched when it is shown, for a few seconds, and of a bounded size."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ayla._figure import Figure
from ayla._sync.client import Client
from ayla.errors import AylaError, ConflictError
from ayla.notebook.markup import Markup, note, page, text

SECONDS = 10.0
"""How long each part of a request for a figure may take; it is not repeated."""

MOST_BYTES = 1_000_000
"""Of a figure, as it stays in the notebook's file."""

OPTIONS: dict[str, int] = {"width": 7, "dpi": 144}
"""Of the service's figures: 7 inches are 672 pixels of a page, and three of the picture stand for two of these."""

VARIABLE = "AYLA_NOTEBOOK_FIGURES"
"""Environment variable with other seconds, or ``off``: then there are no figures."""

Fetch: TypeAlias = Callable[[], bytes]

_PNG = b"\x89PNG\r\n\x1a\n"


def figure(fetch: Fetch | None, description: str) -> Markup:
    """A figure as PNG, in the page itself; nothing where there is none, a remark where it cannot be had.

    Args:
        fetch: asks for the PNG; None where nobody can be asked.
        description: what it shows, for those who cannot see it.
    """
    if fetch is None or seconds() <= 0:
        return Markup()
    try:
        content = fetch()
    except ConflictError:
        return Markup()  # there is no such figure
    except AylaError as error:
        return note(f"No figure: {_first_line(error)}")
    return _shown(content, description)


def fetcher(
    shown: object, kind: str, jobs: Sequence[str], **options: str | float | Sequence[float] | None
) -> Fetch | None:
    """Asks for a figure of what came from a client; None of what did not, or came from an asynchronous one.

    Args:
        shown: a job or trial, or what is said of jobs.
        kind: of the figure.
        jobs: which it is of.
        **options: of the figure.
    """
    client = client_of(shown)
    if client is None:
        return None
    return lambda: client.figure(jobs[0] if len(jobs) == 1 else list(jobs), kind, format="png", **OPTIONS, **options)


def figure_html(drawn: Figure) -> str:
    """A figure that was asked for; a PDF only by what it is."""
    if drawn.format == "svg":
        return page(_image("svg+xml", drawn, "Figure", "max-width:100%"))
    return page(_shown(drawn, "Figure") if drawn.format == "png" else note(str(drawn)))


def client_of(shown: object) -> Client | None:
    """The client that something came from, in a hurry."""
    client = getattr(getattr(shown, "_link", None), "client", None)
    return client.with_options(timeout=seconds(), max_retries=0) if isinstance(client, Client) else None


def seconds() -> float:
    """How long a figure is waited for; 0: there are none."""
    asked = os.environ.get(VARIABLE, "").strip().lower()
    if asked in {"off", "no", "false"}:
        return 0.0
    try:
        wanted = float(asked)
    except ValueError:
        return SECONDS
    return wanted if math.isfinite(wanted) else SECONDS


def _shown(content: bytes, description: str) -> Markup:
    if not content.startswith(_PNG):
        return note("No figure: the answer is not a PNG.")
    width = OPTIONS["width"] * 96
    return _image("png", content, description, f"width:{width}px;max-width:100%")


def _image(kind: str, content: bytes, description: str, style: str) -> Markup:
    """A picture within the page: as an image even an SVG runs nothing, and its names are its own."""
    if len(content) > MOST_BYTES:
        return note(f"No figure: it has {len(content) / 1e6:.1f} MB; save() writes it to a file.")
    source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    return Markup(f'<img src="{source}" alt="{text(description)}" style="{style}">')


def _first_line(error: AylaError) -> str:
    return str(error).partition("\n")[0]
