"""The session of a command: the service that it talks to, and what it says to people."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from ayla._address import DEFAULT_BASE_URL
from ayla._clock import Clock
from ayla._profiles import find_connection
from ayla._sync.client import Client
from ayla.errors import AylaError

if TYPE_CHECKING:
    import httpx2


@dataclass
class Session:
    """One run of a command.

    Attributes:
        base_url: from the command line; None: environment, then the profile, then the default.
        api_key: from the command line; None: environment, then the profile.
        profile: name of the profile, from the command line; None: environment, then the file's own choice.
        transport: replaces the network in tests.
        clock: replaces the time in tests.
        messages: for people, on standard error; standard output carries data only.
    """

    base_url: str | None = None
    api_key: str | None = None
    profile: str | None = None
    transport: httpx2.BaseTransport | None = None
    clock: Clock = field(default_factory=Clock)
    messages: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True, highlight=False))

    def client(self) -> Client:
        """A client of the service."""
        return Client(self.base_url, self.api_key, profile=self.profile, transport=self.transport, clock=self.clock)

    @property
    def address(self) -> str:
        """That of the service, for messages."""
        try:
            return find_connection(base_url=self.base_url, profile=self.profile).base_url
        except AylaError:  # what is wrong with the profiles has been said
            return self.base_url or DEFAULT_BASE_URL

    def say(self, text: str) -> None:
        """Write a message for people."""
        self.messages.print(text, markup=False)


def session_of(context: typer.Context) -> Session:
    """The session of a running command."""
    return context.ensure_object(Session)


def confirm(question: str, *, agreed: bool) -> None:
    """Ask on a terminal whether to do what cannot be undone.

    Args:
        question: such as "Delete the dataset yarn?".
        agreed: given by ``--yes``: nothing is asked.

    Raises:
        typer.BadParameter: there is nobody to ask.
        typer.Exit: the answer is no.
    """
    if agreed:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise typer.BadParameter("this cannot be undone; give --yes, as nobody can be asked here.", param_hint="--yes")
    if not typer.confirm(question, err=True):
        typer.echo("Nothing was done.", err=True)
        raise typer.Exit(1)
