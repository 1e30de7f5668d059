"""Calls a function in a fresh Python process, which has imported its module and done nothing else."""

import importlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent
_LIMIT_SECONDS = 600
# The folder comes last, as one of its files is called like a module of the standard library.
_BEGIN = "import sys; sys.path.append(sys.argv[1]); from measure import fresh; fresh.answer(*sys.argv[2:])"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call in a fresh process gave.

    Attributes:
        value: what the function returned, by way of JSON.
        peak_bytes: the most memory the process had resident at once.
    """

    value: Any
    peak_bytes: int


def call(target: str, environment: Mapping[str, str] | None = None, **arguments: Any) -> Answer:
    """Call ``module:function`` with keyword arguments and variables added to the environment.

    Raises:
        RuntimeError: when the process failed; the message ends with what it wrote.
    """
    command = [sys.executable, "-c", _BEGIN, str(_FOLDER), target, json.dumps(arguments)]
    variables = os.environ | dict(environment or {})
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=variables, timeout=_LIMIT_SECONDS, cwd=_FOLDER.parent
    )
    if done.returncode:
        raise RuntimeError(f"{target} failed in a fresh process: {done.stderr.strip()[-2000:]}")
    return Answer(**json.loads(done.stdout.splitlines()[-1]))


def peak_bytes() -> int:
    """The most memory this process had resident at once.

    On Linux from the kernel's status file: ``getrusage`` begins with what the parent had when it started the process.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    high = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
    return high[0] if high else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def answer(target: str, arguments: str) -> None:
    """Call the function in this process, and print what it gave for the one that waits for it."""
    module, function = target.split(":")
    value = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    print(json.dumps({"value": value, "peak_bytes": peak_bytes()}))
