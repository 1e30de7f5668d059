"""How a benchmark of the service begins and ends, whoever runs it."""

import os
import signal
from collections.abc import Sequence
from types import FrameType

from ayla_service.logging import configure_logging
from ayla_service.settings import Settings
from measure.command import Benchmark

_KEPT = "AYLA_CACHE_DIR"
"""Where the compiled kernels are."""


def run(benchmark: Benchmark, arguments: Sequence[str]) -> None:
    """Measure without the settings of whoever runs this, and leave nothing running however it ends."""
    for name in [name for name in os.environ if name.startswith("AYLA_") and name != _KEPT]:
        del os.environ[name]
    configure_logging(Settings(log_level="warning"))
    signal.signal(signal.SIGTERM, _leave)
    benchmark.run(arguments)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """Told to stop, as on Ctrl-C: everything that was started is stopped first."""
    raise SystemExit(128 + signal.SIGTERM)
