"""The program in TypeScript installs what its lock file names; CI runs it where it can. npm itself is never started."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import blocks_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "clients" / "typescript"
PACKAGE: dict[str, Any] = json.loads((FOLDER / "package.json").read_text())
LOCK: dict[str, Any] = json.loads((FOLDER / "package-lock.json").read_text())

LEFT_OUT = "make contract-ts web-check is left out: "
NEW_ENOUGH = 'case "$1" in --version) echo v22.12.0;; *) exit 0;; esac'
TOO_OLD = 'case "$1" in --version) echo v18.20.4;; *) exit 1;; esac'


def test_the_lock_file_is_of_this_package() -> None:
    locked = LOCK["packages"][""]
    for kind in ("dependencies", "devDependencies"):
        assert locked[kind] == PACKAGE[kind]
        for name, version in PACKAGE[kind].items():
            assert LOCK["packages"][f"node_modules/{name}"]["version"] == version


def test_what_is_installed_is_checked_and_comes_from_no_registry_in_particular() -> None:
    installed = [package for path, package in LOCK["packages"].items() if path]
    assert all(package["integrity"].startswith("sha512-") for package in installed)
    assert not any("resolved" in package for package in installed)


def test_the_example_of_the_page_is_that_of_the_program() -> None:
    (block,) = blocks_of(FOLDER / "README.md")
    assert block.text in (FOLDER / "src" / "main.ts").read_text()


def in_ci(folder: Path, programs: Mapping[str, str]) -> list[str]:
    """What .ci/run says where only these programs are, besides make and what a shell needs."""
    for name in ("bash", "dirname"):
        (folder / name).symlink_to(shutil.which(name) or name)
    for name, text in {"make": 'echo "make $*"', **programs}.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    command = [folder / "bash", ROOT / ".ci" / "run"]
    environment = {**os.environ, "PATH": str(folder)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        ({}, LEFT_OUT + "this machine has no Node.js with npm."),
        ({"node": NEW_ENOUGH}, LEFT_OUT + "this machine has no Node.js with npm."),
        (
            {"node": TOO_OLD, "npm": "exit 0"},
            LEFT_OUT + "it needs Node.js 20.19, 22.12 or newer, and this is v18.20.4.",
        ),
        ({"node": NEW_ENOUGH, "npm": "exit 1"}, LEFT_OUT + "npm's registry does not answer."),
        ({"node": NEW_ENOUGH, "npm": "exit 0"}, "make contract-ts web-check"),
    ],
    ids=["nothing", "no npm", "old", "no registry", "all"],
)
def test_ci_runs_it_where_it_can_and_says_so_where_it_cannot(
    tmp_path: Path, programs: Mapping[str, str], said: str
) -> None:
    assert in_ci(tmp_path, programs) == ["make chromium firefox", "make test", said]
