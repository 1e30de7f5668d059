"""Files of a report: its figures, and the page as HTML, Markdown and LaTeX, and its numbers as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ayla.errors import MissingDependency

if TYPE_CHECKING:
    from ayla.reports.figures import ReportFigure


def require_plotting() -> None:
    """Check for the packages that draw and typeset, before anything is submitted.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    for package, name in (("matplotlib", "matplotlib"), ("numpy", "numpy"), ("markdown_it", "markdown-it-py")):
        if find_spec(package) is None:
            raise MissingDependency(name, "A report with figures", "./clients/python[plot]")


def write_forms(folder: Path, page: str, document: object, figures: Sequence[ReportFigure]) -> Path:
    """Write figures and all forms of a page into a folder; returns the path of the HTML page, which needs nothing else.

    Args:
        folder: made if need be.
        page: in Markdown, with its figures by their names.
        document: the numbers, for ``report.json``; what is not finite becomes null.
        figures: those of the page.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    # Imported here: everything else of a report works without the packages that draw.
    from ayla.reports import figures as drawing
    from ayla.reports.html_page import html_page
    from ayla.reports.latex_page import latex_page

    folder.mkdir(parents=True, exist_ok=True)
    for figure in figures:
        drawing.save(figure, folder)
    write_json_file(folder / "report.json", plain(document))
    write_text_file(folder / "report.md", page)
    write_text_file(folder / "report.tex", latex_page(page))
    path = folder / "report.html"
    write_text_file(path, html_page(page, folder))
    return path


def plain(value: Any) -> Any:
    """A value as JSON has it: dataclasses as objects, numbers that are not finite as null."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, StrEnum):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json_file(path: Path, value: object) -> None:
    """Write a JSON document, indented."""
    write_text_file(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text_file(path: Path, text: str) -> None:
    """Write a text in UTF-8."""
    path.write_text(text, encoding="utf-8")
