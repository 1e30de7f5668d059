"""The service's figures within what is shown: fetched when it is shown, for a few seconds, and of a bounded size."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence

from ayla._client import Client
from ayla.errors import AylaError, ConflictError, UnprocessableEntityError
from ayla.notebook.markup import Markup, note, text

SECONDS = 5.0
"""How long each part of a request for a figure may take; it is not repeated."""

MOST_BYTES = 1_000_000
"""Of a figure, as it stays in the notebook's file."""

OPTIONS: dict[str, float] = {"width": 7.0, "dpi": 144.0}
"""Of the service's figures: 7 inches are 672 pixels of a page, and three of the picture stand for two of these."""

VARIABLE = "AYLA_NOTEBOOK_FIGURES"
"""Environment variable that switches figures off: ``off``, ``0``, ``no`` or ``false``."""

_PNG = b"\x89PNG\r\n\x1a\n"


def figure(fetch: Callable[[], bytes] | None, description: str) -> Markup:
    """A figure as PNG, in the page itself; nothing where there is none, a remark where it cannot be had.

    Args:
        fetch: asks for the PNG; None where nobody can be asked.
        description: what it shows, for those who cannot see it.
    """
    if fetch is None or os.environ.get(VARIABLE, "").lower() in {"off", "0", "no", "false"}:
        return Markup()
    try:
        content = fetch()
    except (ConflictError, UnprocessableEntityError):
        return Markup()  # there is no such figure
    except AylaError as error:
        return note(f"No figure: {_first_line(error)}")
    return _image(content, description)


def fetcher(
    shown: object, kind: str, jobs: Sequence[str] = (), **options: str | float | None
) -> Callable[[], bytes] | None:
    """Asks for a figure of what came from a client; None of what did not, or came from an asynchronous one.

    Args:
        shown: a job or trial, or what is said of jobs.
        kind: of the figure.
        jobs: which it is of; default: the job itself.
        **options: of the figure.
    """
    client = client_of(shown)
    if client is None:
        return None
    return lambda: client.figure(jobs[0] if len(jobs) == 1 else list(jobs), kind, format="png", **OPTIONS, **options)


def client_of(shown: object) -> Client | None:
    """The client that something came from, in a hurry."""
    client = getattr(getattr(shown, "_link", None), "client", None)
    return client.with_options(timeout=SECONDS, max_retries=0) if isinstance(client, Client) else None


def _image(content: bytes, description: str) -> Markup:
    if not content.startswith(_PNG):
        return note("No figure: the answer is not a PNG.")
    if len(content) > MOST_BYTES:
        return note(f"No figure: it has {len(content) / 1e6:.1f} MB.")
    source = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    width = f"{OPTIONS['width'] * 96:.0f}px"
    return Markup(f'<img src="{source}" alt="{text(description)}" style="width:{width};max-width:100%">')


def _first_line(error: AylaError) -> str:
    return str(error).partition("\n")[0]
