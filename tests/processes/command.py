"""Start the command line for real, and see what becomes of processes."""

import os
import subprocess
import sys
from pathlib import Path

SERVICE = (sys.executable, "-m", "ayla_service")


def clean_environment(folder: Path, **variables: str) -> dict[str, str]:
    """This process's environment, with no settings but a data folder and those given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AYLA_")}
    return inherited | {"AYLA_DATA_DIR": str(folder)} | variables


def run_service(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``ayla-service`` with these arguments to its end."""
    return subprocess.run(
        [*SERVICE, *arguments], env=clean_environment(folder, **variables), capture_output=True, text=True, check=False
    )


def is_running(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not yet waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
