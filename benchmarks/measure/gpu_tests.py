"""The tests marked gpu, run as part of the benchmark of a GPU, so that one command does all of it."""

import re
import subprocess
import sys
from pathlib import Path

from measure.accelerator import device, nothing
from measure.findings import Findings, Row, at_most

_ROOT = Path(__file__).parent.parent.parent
_SECONDS = 120


def measure(*, quick: bool) -> Findings:
    """How many of them fail."""
    where = device(quick=quick)
    if where is None:
        return nothing("tests on a GPU")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "gpu", "tests/core/test_gpu.py"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS, cwd=_ROOT)
    except subprocess.TimeoutExpired:
        return Findings([Row("tests marked gpu", None, "failures", note=f"not done within {_SECONDS} s")])
    said = (done.stdout.strip().splitlines() or ["nothing was said"])[-1]
    failed = re.search(r"(\d+) (?:failed|errors?)", said)
    count = int(failed[1]) if failed else 0 if done.returncode == 0 else 1
    return Findings([Row("tests marked gpu", count, "failures", at_most(0), said)])
