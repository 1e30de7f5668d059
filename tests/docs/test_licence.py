"""The licence, and how to cite the software, say the same everywhere."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECTS = (ROOT, ROOT / "clients" / "python")


def test_files_packages_and_contract_name_one_licence() -> None:
    texts = {(project / "LICENSE").read_text() for project in PROJECTS}
    assert len(texts) == 1
    assert "Apache License" in texts.pop()
    for project in PROJECTS:
        described = tomllib.loads((project / "pyproject.toml").read_text())["project"]
        assert (described["license"], described["license-files"]) == ("Apache-2.0", ["LICENSE"])
    contract = json.loads((ROOT / "openapi.json").read_text())
    assert contract["info"]["license"] == {"name": "Apache License 2.0", "identifier": "Apache-2.0"}


def test_images_are_built_with_the_licence() -> None:
    assert "!LICENSE" in (ROOT / ".dockerignore").read_text().splitlines()
    for name in ("service", "worker"):
        assert "LICENSE" in (ROOT / name / "Dockerfile").read_text()


def test_the_citation_is_of_this_version_and_licence() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    for project in PROJECTS:
        described = tomllib.loads((project / "pyproject.toml").read_text())["project"]
        assert (str(citation["version"]), citation["license"]) == (described["version"], described["license"])
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md", "docs/citing.md"])
def test_links_of_these_pages_lead_to_files(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target
