"""The lock files hold what the installation needs: in the versions of constraints.txt, by hash, and nothing else."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.compose import ROOT, installation

LOCKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "service": (".", ("postgres", "queue")),
    "worker": (".", ("worker", "postgres", "queue")),
    "clients/python": ("clients/python", ("cli", "plot")),
}
"""For each folder with a lock file: where the package is, and the extras that are installed."""

_ENTRY = re.compile(
    r"^([a-z0-9-]+)==([^ ;]+)(?: ; ([^\\]+?))? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)
_OF_TORCH = re.compile(r"torch|triton|nvidia-.*|cuda-.*")
"""What comes from an index of its own."""

_OURS = re.compile(r"ayla(-.*)?")
"""What comes from this repository and no index."""


def _locked(folder: str) -> dict[str, str]:
    """The version of each package of a lock file, every line of which is understood."""
    text = (ROOT / folder / "requirements.lock").read_text()
    entries = list(_ENTRY.finditer(text))
    rest = _ENTRY.sub("", text)
    assert all(line.startswith("#") for line in rest.splitlines()), rest
    assert not re.search(r"://|file:|--(index|extra-index|find)", text), "hosts and paths of whoever wrote it"
    versions = {entry[1]: entry[2] for entry in entries}
    assert len(versions) == len(entries)
    return versions


def _constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {str(canonicalize_name(name)): version for name, version in pairs}


def _project(path: str) -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads((ROOT / path / "pyproject.toml").read_text())
    return content


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""})


def _needed(direct: list[Requirement]) -> Iterator[Requirement]:
    """What these need on this machine, as the installed packages say, with all that those need."""
    seen: set[tuple[str, frozenset[str]]] = set()
    while direct:
        requirement = direct.pop()
        name, extras = str(canonicalize_name(requirement.name)), frozenset(requirement.extras)
        if (name, extras) in seen or not _applies(requirement, set()):
            continue
        seen.add((name, extras))
        yield requirement
        inner = [Requirement(text) for text in requires(name) or []]
        for each in inner:
            if _applies(each, set(extras) | {""}):
                each.marker = None  # judged here, with the extras
                direct.append(each)


@pytest.mark.parametrize("folder", LOCKS)
def test_versions_are_those_of_the_constraints(folder: str) -> None:
    constraints = _constraints()
    assert {
        name: (version, constraints.get(name))
        for name, version in _locked(folder).items()
        if constraints.get(name) != version
    } == {}


@pytest.mark.parametrize("folder", LOCKS)
def test_all_that_is_needed_is_locked(folder: str) -> None:
    place, extras = LOCKS[folder]
    project, locked = _project(place), _locked(folder)
    texts = list(project["project"]["dependencies"])
    texts += [text for extra in extras for text in project["project"]["optional-dependencies"][extra]]
    for requirement in _needed([Requirement(text) for text in texts]):
        name = str(canonicalize_name(requirement.name))
        if not _OF_TORCH.fullmatch(name) and not _OURS.fullmatch(name):
            assert name in locked, f"{name}: run make lock"
            assert requirement.specifier.contains(locked[name], prereleases=True), requirement
    # The tools that build are installed in the same environment, and in none that this test sees.
    for text in project["build-system"]["requires"]:
        assert Requirement(text).specifier.contains(locked[Requirement(text).name])
    assert not [name for name in locked if _OF_TORCH.fullmatch(name) or _OURS.fullmatch(name)]
    assert not {"pytest", "ruff"} & locked.keys()


def test_what_torch_is_said_to_need_is_what_it_needs() -> None:
    said = next(item for item in _project(".")["tool"]["uv"]["dependency-metadata"] if item["name"] == "torch")
    asks = [Requirement(text) for text in requires("torch") or []]
    needed = {str(each) for each in asks if each.marker is None and not _OF_TORCH.fullmatch(each.name)}
    needed |= {str(each).partition(";")[0] for each in asks if each.name == "setuptools"}
    assert {str(Requirement(text)) for text in said["requires-dist"]} == needed


def test_torch_has_an_exact_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", _constraints()["torch"])


def test_the_page_installs_as_the_images_do() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    for command in (*installation("service"), *installation("worker")):
        assert command in page
    assert 'pip install --index-url "$TORCH_INDEX" "$(grep ^torch== constraints.txt)"' in page


def test_a_line_that_is_no_entry_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "service" / "requirements.lock").read_text()
    (tmp_path / "service").mkdir()
    monkeypatch.setattr("tests.deploy.test_lock.ROOT", tmp_path)
    for spoiled in (
        text + "requests==2.34.2\n",
        f"--index-url https://index.example/\n{text}",
        text.replace("sha256", "md5", 1),
    ):
        (tmp_path / "service" / "requirements.lock").write_text(spoiled)
        with pytest.raises(AssertionError):
            _locked("service")
