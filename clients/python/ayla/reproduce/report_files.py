"""Files of a report: figures, report.json and report.md."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from ayla.errors import MissingDependency
from ayla.reproduce.json_report import json_report
from ayla.reproduce.markdown_report import markdown_report
from ayla.reproduce.report import ReproductionReport


def require_plotting() -> None:
    """Check for the packages that draw, before anything is submitted.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    for package in ("matplotlib", "numpy"):
        if find_spec(package) is None:
            raise MissingDependency(package, "A report with figures", "./clients/python[plot]")


def write_report(report: ReproductionReport, folder: Path) -> Path:
    """Write figures, ``report.json`` and ``report.md`` into a folder, made if need be; returns the latter's path.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    # Imported here: everything else of a reproduction works without the packages that draw.
    from ayla.reproduce.figures import report_figures, save

    folder.mkdir(parents=True, exist_ok=True)
    figures = report_figures(report.experiments, report.studies)
    for figure in figures:
        save(figure, folder)
    data = json.dumps(json_report(report, figures), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "report.json").write_text(data + "\n", encoding="utf-8")
    path = folder / "report.md"
    path.write_text(markdown_report(report, figures), encoding="utf-8")
    return path
