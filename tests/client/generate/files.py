"""Which files of the client are generated, and what has to be in them."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.client.generate import contract_models, function_builders, optimizer_builders, raw, synchronous

ROOT = Path(__file__).parents[3]
CLIENT = ROOT / "clients/python/ayla"


def generated() -> dict[Path, str]:
    """Every generated file by its path in the client's package, formatted."""
    contract = ROOT / "openapi.json"
    texts = {Path("builders/optimizers.py"): optimizer_builders.text(contract)}
    texts |= {Path(f"models/contract/{name}.py"): text for name, text in contract_models.texts(contract).items()}
    texts |= {Path(f"builders/functions/{name}.py"): text for name, text in function_builders.texts().items()}
    sources = {path.name: path.read_text() for path in sorted((CLIENT / "_async").glob("*.py"))}
    sources["raw.py"] = raw.text(CLIENT / "_async")
    texts[Path("_async/raw.py")] = sources["raw.py"]
    texts |= {Path("_sync") / name: synchronous.text(name, source) for name, source in sources.items()}
    return {path: formatted(text, CLIENT / path) for path, text in texts.items()}


def stale(texts: Mapping[Path, str]) -> list[Path]:
    """Files of the generated folders that come from nothing any more."""
    folders = (CLIENT / "_sync", CLIENT / "models/contract", CLIENT / "builders/functions")
    there = {path.relative_to(CLIENT) for folder in folders for path in folder.glob("*.py")}
    return sorted(there - texts.keys())


def formatted(text: str, path: Path) -> str:
    """The text as ruff orders its imports and formats it."""
    place = ["--stdin-filename", str(path)]
    for command in (
        ["check", "--select", "I,F401", "--fix", "--quiet", *place, "-"],
        ["format", "--quiet", *place, "-"],
    ):
        ruff = [sys.executable, "-m", "ruff", *command]
        done = subprocess.run(ruff, input=text, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise ValueError(f"{path}: {done.stderr or done.stdout}")
        text = done.stdout
    return text
