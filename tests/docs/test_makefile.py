"""make says what it is going to download, takes torch from where it is told to, and runs what it was asked to run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CPU = "https://download.pytorch.org/whl/cpu"

# Stands in for the python of .venv: writes what it is asked, and has no torch unless it is told so.
PYTHON = """#!/bin/sh
case "$1" in
-c) exit ${NO_TORCH:-1} ;;
*) echo "RUN $*" ;;
esac
"""


_OPTIONS = ("MAKE", "MFLAGS", "TORCH", "QUICK", "FRESH", "KEEP", "OPEN")


def made(folder: Path, *arguments: str, target: str = ".venv/.installed", **variables: str) -> list[str]:
    """What ``make`` says and runs for a target where nothing is installed."""
    shutil.copy(ROOT / "Makefile", folder)
    for manifest in (
        "pyproject.toml",
        "clients/python/pyproject.toml",
        "clients/torch/pyproject.toml",
        "constraints.txt",
    ):
        (folder / manifest).parent.mkdir(parents=True, exist_ok=True)
        (folder / manifest).touch()
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    command = ["make", target, f"PYTHON={sys.executable}", *arguments]
    # Of a make that runs this suite, nothing: it would have this one tell of folders that it enters.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OPTIONS)}
    environment = inherited | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_torch_comes_from_the_index_that_is_named_and_before_all_else(tmp_path: Path) -> None:
    said, torch, _, packages = made(tmp_path, f"TORCH_INDEX={CPU}")
    assert said == f"Installing torch from {CPU} ..."
    assert torch == f"RUN -m pip install --quiet --no-deps --index-url {CPU} torch"
    assert packages.startswith("RUN -m pip install --quiet --editable")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch from PyPI has no CUDA libraries")
def test_several_gigabytes_are_told_before_they_come_and_only_if_they_come(tmp_path: Path) -> None:
    told, installing, packages = made(tmp_path)
    assert "several GB" in told
    assert told.endswith(f"make .venv/.installed TORCH_INDEX={CPU}")
    assert installing.startswith("Installing into .venv")
    assert packages.startswith("RUN -m pip install")
    (tmp_path / ".venv" / ".installed").unlink()
    assert made(tmp_path, NO_TORCH="0") == [installing, packages]


@pytest.mark.parametrize(
    ("target", "variable", "option"),
    [
        ("paper", "QUICK=1", "--quick"),
        ("paper", "FRESH=1", "--fresh"),
        ("demo", "KEEP=1", "--keep"),
        ("serve", "OPEN=1", "--open"),
    ],
)
def test_an_option_is_given_where_it_is_asked_for_and_nowhere_else(
    tmp_path: Path, target: str, variable: str, option: str
) -> None:
    assert option not in made(tmp_path, "--dry-run", target=target)[-1].split()
    assert option in made(tmp_path, "--dry-run", variable, target=target)[-1].split()
