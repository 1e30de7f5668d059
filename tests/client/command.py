"""The ``ayla`` command on a service in memory."""

from typing import Any

from ayla.cli.app import app
from ayla.cli.session import Session
from typer.testing import CliRunner, Result

from tests.client.fake_service import FakeService


def ayla_command(
    service: FakeService,
    *arguments: str,
    text: str | bytes | None = None,
    address: str | None = "http://service.test",
    **session: Any,
) -> Result:
    """What the command does and writes; ``text`` is its standard input."""
    shared = Session(address, transport=service.transport, clock=service.time.clock, **session)
    return CliRunner().invoke(app, [*arguments], obj=shared, input=text)
