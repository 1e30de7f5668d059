"""Runs ``ayla-service`` in this process."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from ayla_service.cli import main


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


def runner(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command with a clean environment, in which this is the data folder."""

    def run(*arguments: str, **variables: str) -> Ended:
        for name in [name for name in os.environ if name.startswith("AYLA_")]:
            monkeypatch.delenv(name)
        for name, value in ({"AYLA_DATA_DIR": str(folder)} | variables).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["ayla-service", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        shown = capsys.readouterr()
        return Ended(int(end.value.code or 0), shown.out, shown.err)

    return run


def said(ended: Ended) -> str:
    """The one line that a command says when it cannot start."""
    assert ended.code == 2, ended
    assert ended.out == ""
    assert ended.err.startswith("ayla-service: ")
    assert ended.err.count("\n") == 1, ended.err
    return ended.err
