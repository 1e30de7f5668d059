"""The libraries of the dashboard are those that were copied, with their licences; its modules import files alone."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "clients" / "web"
FOLDERS = {"page": WEB / "ayla_web" / "lib", "tests": ROOT / "tests" / "browser" / "axe"}
_IMPORT = re.compile(
    r"""(?:^|[;}\s])(?:import|export)[^;'"()]*?from\s*["']([^"']+)["']|import\s*\(\s*["']([^"']+)["']"""
)

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
"""Types are named there, of which the page loads nothing."""


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_each_file_is_as_it_was_copied_and_has_its_licence(folder: Path) -> None:
    versions = json.loads((folder / "versions.json").read_text())
    wanted = json.loads((WEB / "package.json").read_text())["devDependencies"]
    listed = {file: digest for package in versions.values() for file, digest in package["files"].items()}
    assert {path.name for path in folder.iterdir()} == {*listed, "versions.json"}
    assert {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in listed} == listed
    for name, package in versions.items():
        assert package["version"] == wanted[name]
        assert package["license"]
        licence = f"LICENSE.{name.removeprefix('@').replace('/', '-')}.txt"
        assert licence in package["files"]
        notice = f"/*! {name} {package['version']}, {package['license']}, see {licence} beside this file */\n"
        for file in package["files"]:
            assert not file.endswith((".js", ".css")) or (folder / file).read_text().startswith(notice), file


def test_modules_import_files_of_the_page_alone() -> None:
    for path in (WEB / "ayla_web").rglob("*.js"):
        for found in _IMPORT.finditer(_COMMENT.sub("", path.read_text())):
            target = found[1] or found[2]
            assert target.startswith("."), f"{path}: {target}"
            assert (path.parent / target).is_file(), f"{path}: {target}"


def test_files_of_the_page_stay_short() -> None:
    files = [path for path in (WEB / "ayla_web").rglob("*.js") if path.parent.name != "lib"]
    assert {str(path): count for path in files if (count := len(path.read_text().splitlines())) > 350} == {}
