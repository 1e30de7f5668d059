"""Progress of an upload: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from ayla.cli.output import size_text
from ayla.cli.progress import SECONDS_BETWEEN_LINES
from ayla.cli.session import Session

Sent = Callable[[int, int | None], None]
"""Called with the bytes that were sent, and with how many there are where that is known."""


@contextmanager
def upload_progress(session: Session, title: str, *, quiet: bool) -> Iterator[Sent]:
    """What an upload reports to, and people see.

    Args:
        session: of the command.
        title: of what is uploaded.
        quiet: show nothing.
    """
    if quiet:
        yield lambda _sent, _total: None
    elif session.messages.is_terminal:
        with _bar(session, title) as sent:
            yield sent
    else:
        yield _Lines(session, title).sent


@contextmanager
def _bar(session: Session, title: str) -> Iterator[Sent]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=session.messages) as progress:
        task = progress.add_task(title, total=None)
        yield lambda sent, total: progress.update(task, completed=sent, total=total)


class _Lines:
    """A line at most every few seconds; none of an upload that takes less."""

    def __init__(self, session: Session, title: str) -> None:
        self._session, self._title = session, title
        self._last = session.clock.monotonic()

    def sent(self, sent: int, total: int | None) -> None:
        """Say how far it is, where the last time is long ago."""
        now = self._session.clock.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        share = f" of {size_text(total)} ({sent / total:.0%})" if total else ""
        self._session.say(f"{self._title}: {size_text(sent)}{share} sent")
