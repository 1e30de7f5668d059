"""``python -m tests.containers``: build the images, run a whole installation as the pages say, and try its promises.

Needs nothing but Python, git, openssl and a container engine with Compose; where there is none it says so and ends.
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.containers import confinement, engine, life, proxy, start
from tests.containers.installation import Installation

CHECKS: tuple[Callable[[Installation], str], ...] = (
    start.forgotten_password,
    start.build,
    start.first_key,
    start.start,
    start.settings,
    start.job,
    confinement.confinement,
    confinement.limits,
    confinement.exposure,
    confinement.secrets,
    life.inspection,
    life.restart,
    life.outage,
    life.stop,
    life.volumes,
    life.backup,
    life.upgrade,
    proxy.proxy,
)
"""In this order: each goes on from what the one before has left."""


def main() -> int:
    """Make all checks; returns 1 at the first that fails."""
    reason = engine.missing()
    if reason is not None:
        _say(f"skipped: {reason}")
        return 0
    _say(engine.described())
    # Told to end, it ends as after Ctrl-C, with nothing left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="ayla-containers-") as folder:
        installation = Installation(Path(folder))
        installation.remove()  # what a run that was killed has left
        try:
            return _run(installation)
        finally:
            installation.remove()


def _run(installation: Installation) -> int:
    for check in CHECKS:
        begun = time.monotonic()
        try:
            said = check(installation)
        except proxy.Skipped as reason:
            said = f"skipped: {reason}"
        except (AssertionError, subprocess.CalledProcessError) as error:
            _say(f"FAILED {check.__name__}: {error}\n{getattr(error, 'stderr', '')}")
            _say(installation.run("docker compose ps --all; docker compose logs --tail 50").stdout)
            return 1
        _say(f"{check.__name__:20}{said} ({time.monotonic() - begun:.0f} s)")
    _say(f"All {len(CHECKS)} checks are passed or skipped as said.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
