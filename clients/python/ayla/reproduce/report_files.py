"""Files of a report: figures, the specs of its jobs, and report.html, report.md, report.tex and report.json."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from ayla._json import to_json
from ayla.errors import MissingDependency
from ayla.reproduce.json_report import json_report
from ayla.reproduce.page import markdown_page
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.sections import JOBS_FOLDER


def require_plotting() -> None:
    """Check for the packages that draw and typeset, before anything is submitted.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    for package, name in (("matplotlib", "matplotlib"), ("numpy", "numpy"), ("markdown_it", "markdown-it-py")):
        if find_spec(package) is None:
            raise MissingDependency(name, "A report with figures", "./clients/python[plot]")


def write_report(report: ReproductionReport, folder: Path) -> Path:
    """Write the report into a folder, made if need be; returns the path of the HTML page, which needs no other file.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    # Imported here: everything else of a reproduction works without the packages that draw.
    from ayla.reproduce.figures import report_figures, save
    from ayla.reproduce.html_page import html_page
    from ayla.reproduce.latex_page import latex_page

    folder.mkdir(parents=True, exist_ok=True)
    figures = report_figures(report)
    for figure in figures:
        save(figure, folder)
    _write_specs(report, folder / JOBS_FOLDER)
    page = markdown_page(report, figures)
    _write(folder / "report.json", _json(json_report(report, figures)))
    _write(folder / "report.md", page)
    _write(folder / "report.tex", latex_page(page))
    path = folder / "report.html"
    _write(path, html_page(page, folder))
    return path


def _write_specs(report: ReproductionReport, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for item in report.jobs:
        spec = {"name": item.planned.name, **item.planned.spec}
        _write(folder / f"{item.planned.name}.json", _json(to_json(spec)))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
