"""A reproduction from the command line against a service in memory, and what it wrote."""

import json
from pathlib import Path
from typing import Any

from ayla.cli.app import app
from ayla.cli.session import Session
from typer.testing import CliRunner, Result

from tests.client.fake_service import FakeService

SMALL = ["poly-sgd", "poly-adam", "curve-a", "curve-b"]


def reproduce(service: FakeService, folder: Path, *arguments: str) -> Result:
    """``ayla reproduce`` against a service in memory."""
    shared = Session("http://service.test", transport=service.transport, clock=service.time.clock)
    return CliRunner().invoke(app, ["reproduce", "--output", str(folder), *arguments], obj=shared)


def document(folder: Path) -> Any:
    """What it wrote as JSON."""
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))
