"""The session of a command: the service's address and the output."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer
from pydantic import BaseModel
from rich.console import Console

from ayla._client import Client
from ayla._clock import Clock

if TYPE_CHECKING:
    import httpx2


@dataclass
class Session:
    """One run of a command.

    Attributes:
        base_url: from the command line; None: environment, then the default.
        api_key: from the command line; None: environment.
        transport: replaces the network in tests.
        clock: replaces the time in tests.
        messages: for people, on standard error; standard output carries data only.
    """

    base_url: str | None = None
    api_key: str | None = None
    transport: httpx2.BaseTransport | None = None
    clock: Clock = field(default_factory=Clock)
    messages: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True, highlight=False))

    def client(self) -> Client:
        """A client of the service."""
        return Client(self.base_url, self.api_key, transport=self.transport, clock=self.clock)

    def say(self, text: str) -> None:
        """Write a message for people."""
        self.messages.print(text, markup=False)


def session_of(context: typer.Context) -> Session:
    """The session of a running command."""
    return context.ensure_object(Session)


def write(text: str) -> None:
    """Write data to standard output."""
    typer.echo(text)


def write_json(value: object) -> None:
    """Write one JSON document, indented."""
    write(json.dumps(_jsonable(value), indent=2, ensure_ascii=False))


def write_line(value: object) -> None:
    """Write one JSON document on one line."""
    write(json.dumps(_jsonable(value), ensure_ascii=False))


def _jsonable(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    return [_jsonable(item) for item in value] if isinstance(value, list) else value
