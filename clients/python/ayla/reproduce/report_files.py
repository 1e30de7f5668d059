"""Files of a reproduction's report: those of any report, and the specs of its jobs."""

from __future__ import annotations

from pathlib import Path

from ayla._json import to_json
from ayla.reports.files import write_forms, write_json_file
from ayla.reproduce.json_report import json_report
from ayla.reproduce.page import markdown_page
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.sections import JOBS_FOLDER


def write_report(report: ReproductionReport, folder: Path) -> Path:
    """Write the report into a folder, made if need be; returns the path of the HTML page, which needs no other file.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    # Imported here: everything else of a reproduction works without the packages that draw.
    from ayla.reproduce.figures import report_figures

    figures = report_figures(report)
    _write_specs(report, folder / JOBS_FOLDER)
    return write_forms(folder, markdown_page(report, figures), json_report(report, figures), figures)


def _write_specs(report: ReproductionReport, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for item in report.jobs:
        spec = {"name": item.planned.name, **item.planned.spec}
        write_json_file(folder / f"{item.planned.name}.json", to_json(spec))
