"""The examples of the pages on AYLA in one's own loop run as they stand."""

import subprocess
import sys
from pathlib import Path

from tests.docs.blocks import blocks_of
from tests.drop_in.environment import ROOT

PAGES = (ROOT / "docs" / "drop-in.md", ROOT / "clients" / "torch" / "README.md")


def test_the_whole_examples_run(tmp_path: Path) -> None:
    """Those that import what they need; the others show the lines that change."""
    whole = [block for page in PAGES for block in blocks_of(page) if "import torch\n" in block.text]
    assert len(whole) == len(PAGES)
    for block in whole:
        command = [sys.executable, "-W", "error", "-c", block.text]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout
