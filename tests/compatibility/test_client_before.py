"""The client of the version before works with the service of this one: what is new in /v1 is an addition.

Its wheel is in ``before``. When a version is released, put the wheel of its client there in the place of this one:
``pip wheel --no-deps --wheel-dir tests/compatibility/before ./clients/python``.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.system.processes import service
from tests.waiting import PATIENCE_SECONDS

HERE = Path(__file__).parent


def test_the_client_of_the_version_before_does_all_it_did(tmp_path: Path) -> None:
    (wheel,) = (HERE / "before").glob("ayla_client-*.whl")
    installed = tmp_path / "client"
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-compile", "--target", str(installed), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    with service(tmp_path) as running:
        command = [sys.executable, str(HERE / "drive.py"), str(installed), running.url]
        environment = {**os.environ, "PYTHONPATH": str(installed)}
        done = subprocess.run(
            command,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    assert done.returncode == 0, done.stderr
