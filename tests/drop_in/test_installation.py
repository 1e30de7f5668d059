"""Our packages are installed from here, together, and no index is asked for their names."""

import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.drop_in.environment import OURS, ROOT, wheel, with_torch

PROJECTS = {
    name: tomllib.loads((ROOT / place / "pyproject.toml").read_text())["project"] for name, place in OURS.items()
}
PAGES = [
    path
    for folder in ("*", "docs/**/*", "clients/**/*", "*/ayla_*/**/*", "*/Docker*")
    for path in sorted(ROOT.glob(folder))
    if path.suffix in (".md", ".py") or path.name in ("Makefile", "Dockerfile")
]

LOOP = """
import sys
import torch
from ayla_torch import AYLA

assert "numpy" not in sys.modules
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
inputs, targets = torch.randn(32, 4), torch.randn(32, 1)
opt = AYLA(torch.optim.AdamW(model.parameters(), lr=1e-2), n1=1.5)
losses = []
for _ in range(50):
    opt.zero_grad()
    loss = torch.nn.functional.mse_loss(model(inputs), targets)
    loss.backward()
    opt.step(loss)
    losses.append(float(loss))
assert losses[-1] < losses[0]
torch.save(opt.state_dict(), sys.argv[1])
opt.load_state_dict(torch.load(sys.argv[1], weights_only=True))
print("trained")
"""


class Index(BaseHTTPRequestHandler):
    """An index that has nothing, and remembers what it was asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path.strip("/").rpartition("/")[2])
        self.send_error(404)

    def log_message(self, *arguments: object) -> None:
        """Nothing: the answers are in ``asked``."""


@pytest.fixture
def index() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Asked", (Index,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple", asked
    server.shutdown()
    thread.join()
    server.server_close()


def pip(python: Path | str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this pip for some environment, without the settings of this machine."""
    command = [sys.executable, "-m", "pip", "--isolated", "--python", str(python), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.filterwarnings("default")
def test_ayla_torch_goes_into_an_empty_environment_with_torch(tmp_path: Path, index: tuple[str, list[str]]) -> None:
    url, asked = index
    python = with_torch(tmp_path / "venv")
    built = wheel("ayla-torch", tmp_path / "dist")
    done = pip(python, "install", "--index-url", url, str(built))
    assert done.returncode == 0, done.stderr
    assert asked == []
    trained = subprocess.run(
        [str(python), "-c", LOOP, str(tmp_path / "state.pt")], capture_output=True, text=True, check=False
    )
    assert trained.stdout == "trained\n", trained.stderr
    checked = pip(python, "check")
    assert checked.returncode == 0, checked.stdout


def test_installed_together_they_find_each_other_and_no_index_is_asked_for_them(
    tmp_path: Path, index: tuple[str, list[str]]
) -> None:
    """An index that has nothing: pip fails at the first other package, and has not asked for ours by then or before."""
    url, asked = index
    wheels = [str(wheel(name, tmp_path / "dist")) for name in OURS]
    for order in (wheels, wheels[::-1]):
        asked.clear()
        everything = [f"{path}[worker]" if "service" in path else path for path in order]
        done = pip(
            with_torch(tmp_path / f"venv{len(list(tmp_path.iterdir()))}"),
            "install",
            "--dry-run",
            "--index-url",
            url,
            *everything,
        )
        assert done.returncode != 0
        assert asked
        assert not set(map(canonicalize_name, asked)) & OURS.keys()


def test_they_name_each_other_by_exact_version() -> None:
    for name, project in PROJECTS.items():
        extras = project.get("optional-dependencies", {})
        texts = [*project["dependencies"], *(text for extra in extras.values() for text in extra)]
        for requirement in map(Requirement, texts):
            other = canonicalize_name(requirement.name)
            if other in OURS and other != name:
                assert str(requirement.specifier) == f"=={PROJECTS[other]['version']}", f"{name}: {requirement}"
    assert [
        text for text in PROJECTS["ayla-service"]["optional-dependencies"]["worker"] if text.startswith("ayla-torch==")
    ]


def commands() -> Iterator[tuple[Path, str]]:
    for path in PAGES:
        for line in path.read_text().splitlines():
            for found in re.finditer(r"pip install ([^`\n#]*)", line):
                yield path, found[1]


def test_no_page_fetches_our_names_from_an_index() -> None:
    """``pip install ayla`` would bring a stranger's package."""
    seen = 0
    for path, arguments in commands():
        seen += 1
        words = [word.strip("'\"()[].,;") for word in arguments.split()]
        named = {word.partition("[")[0] for word in words}
        assert not named & {"ayla", *OURS}, f"{path}: pip install {arguments}"
        if ".[worker" in arguments or "[worker]" in arguments:
            assert "./clients/torch" in arguments or "ayla_torch" in arguments, f"{path}: pip install {arguments}"
    assert seen > 5
