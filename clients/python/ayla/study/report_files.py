"""Files of a study's report: those of any report, the study's own file, and every trial."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ayla._client import Client
from ayla._version import __version__
from ayla.reports.files import write_forms, write_text_file
from ayla.study.page import markdown_page
from ayla.study.report import StudyReport
from ayla.study.trial_table import write_trials

STUDY_FILE = "study.yaml"
TRIALS_FILE = "trials.csv"


def write_report(client: Client, report: StudyReport, source: str, folder: Path) -> Path:
    """Write the report into a folder, made if need be; returns the path of the HTML page, which needs no other file.

    Args:
        client: of the service, for the trials.
        report: what is written.
        source: the study's file, as it was read.
        folder: of the report.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    # Imported here: everything else of a study works without the packages that draw.
    from ayla.study.figures import study_figures

    figures = study_figures(report)
    path = write_forms(folder, markdown_page(report, figures), _document(report), figures)
    write_text_file(folder / STUDY_FILE, source)
    write_trials(client, report.result, folder / TRIALS_FILE)
    return path


def _document(report: StudyReport) -> Any:
    """The report for ``report.json``."""
    result = report.result
    return {
        "client_version": __version__,
        "service": result.service,
        "study": result.study.model_dump(mode="json"),
        "headline": report.headline,
        "problems": [
            {"name": one.problem.name, "complete": one.is_complete, "jobs": [job.id for job in one.jobs]}
            for one in result.problems
        ],
        "detectable": report.power,
        "leaderboard": [*report.leaderboard],
        # Settings one by one are in the table of trials.
        "comparison": report.comparison.model_dump(mode="json", exclude={"problems": {"__all__": {"optimizers"}}}),
    }
