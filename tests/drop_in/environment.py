"""Empty environments, and the packages of this repository to install into them."""

import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
OURS = {"ayla-torch": "clients/torch", "ayla-service": ".", "ayla-client": "clients/python"}
"""The names of our packages, and where they lie."""


def with_torch(folder: Path) -> Path:
    """The Python of a new environment with torch and what torch needs, and nothing else, not even NumPy."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    for one in needed("torch"):
        for top in {Path(*file.parts[:1]) for file in one.files or []} - {Path("..")}:
            source, target = Path(str(one.locate_file(top))), site / top
            if source.exists() and not target.exists():
                target.symlink_to(source)
    return python


def needed(name: str) -> list[Distribution]:
    """A package that is installed here, and all that it cannot do without."""
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        one = distribution(waiting.pop())
        if one.name in found:
            continue
        found[one.name] = one
        requirements = [Requirement(text) for text in one.requires or []]
        waiting += [each.name for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})]
    return list(found.values())


def wheel(name: str, folder: Path) -> Path:
    """One of our packages, built with nothing fetched."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT / OURS[name])], check=True)
    (built,) = folder.glob(f"{name.replace('-', '_')}-*.whl")
    return built
