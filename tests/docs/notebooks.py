"""The example notebooks of docs/notebooks: runs them, and writes their outputs anew (``make notebooks``).

Each run is that of a new kernel; what a run leaves in a notebook beside its outputs, such as times and versions, is
taken out, so that a new run changes what came out otherwise and nothing else.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"

NOTEBOOKS = ("first-steps", "sweep", "own-data", "queue")
"""In the order in which they are read."""

MOST_SECONDS = 600
"""For one cell, and for the start of a kernel, on a machine that has much else to do."""

WORKER = re.compile(r"\b[\w.-]+:\d+:[0-9a-f]{6}\b")
"""The name of a worker, which begins with that of the machine: see ``ayla_worker.names``."""

_SAID = re.compile(r"<(caption|th|p)\b[^>]*>(.*?)</\1>", re.DOTALL)


def executed(source: Path) -> Any:
    """A notebook with the outputs of a new run, against the service that the environment names.

    Raises:
        CellExecutionError: a cell fails.
    """
    import nbformat
    from ayla.notebook.figures import VARIABLE
    from nbclient import NotebookClient

    os.environ[VARIABLE] = str(MOST_SECONDS)
    notebook = nbformat.read(source, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        at = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=MOST_SECONDS, startup_timeout=MOST_SECONDS, resources=at).execute()
    return tidied(notebook)


def said(notebook: Any) -> list[list[dict[str, list[str]]]]:
    """What each output of each cell says, by its kinds: captions, headings and sentences, without their numbers."""
    return [[_said_of(output) for output in cell.get("outputs", [])] for cell in notebook["cells"]]


def _said_of(output: Any) -> dict[str, list[str]]:
    data = output.get("data", {"text/plain": output.get("text", "")})
    return {kind: _sentences("".join(text)) if kind == "text/html" else [] for kind, text in data.items()}


def _sentences(html: str) -> list[str]:
    found = (" ".join(re.sub(r"<[^>]*>", "", words).split()) for _, words in _SAID.findall(html))
    return [re.sub(r"[0-9a-f]{8}[0-9a-f-]*|[-+]?\d[\d.,:e-]*", "#", words) for words in found]


def tidied(notebook: Any) -> Any:
    """The notebook without what would differ in each run and on each machine."""
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for place, cell in enumerate(notebook["cells"]):
        cell["id"], cell["metadata"] = f"cell-{place}", {}
        for output in cell.get("outputs", []):
            output.pop("transient", None)
            _hide_machine(output)
    return notebook


def _hide_machine(output: Any) -> None:
    """Put a name that says nothing in place of a worker's, which differs on each machine."""
    for holder in (output, output.get("data", {})):
        for kind, text in holder.items():
            if isinstance(text, str):
                holder[kind] = WORKER.sub("worker-1", text)


def main() -> None:
    """Run notebooks, and write them with their outputs."""
    import nbformat

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NOTEBOOKS)
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder to write to; default: where they are")
    arguments = parser.parse_args()
    for name in arguments.names:
        nbformat.write(executed(FOLDER / f"{name}.ipynb"), arguments.to / f"{name}.ipynb")


if __name__ == "__main__":
    main()
