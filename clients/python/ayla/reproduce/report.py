"""What came out, and its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ayla.models import Job
from ayla.reproduce.experiment import Experiment
from ayla.reproduce.finding import Finding
from ayla.reproduce.seeds import SeedStudy


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a reproduction found.

    Attributes:
        created_at: when, in UTC.
        service: address of the service that ran it.
        experiments: those whose job succeeded.
        findings: one per claim of those experiments.
        studies: the same over several seeds, beyond the paper.
        unfinished: jobs that failed or were cancelled; nothing is claimed about them.
    """

    created_at: datetime
    service: str
    experiments: tuple[Experiment, ...]
    findings: tuple[Finding, ...]
    studies: tuple[SeedStudy, ...]
    unfinished: tuple[Job, ...]


def write_report(report: Report, folder: Path) -> Path:
    """Write figures, ``report.json`` and ``report.md`` into a folder, made if need be; returns the latter's path.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    # Only here: everything else of a reproduction works without the packages that draw.
    from ayla.reproduce.document import document
    from ayla.reproduce.figures import draw, save
    from ayla.reproduce.markdown import markdown

    folder.mkdir(parents=True, exist_ok=True)
    drawings = draw(report.experiments, report.studies)
    for drawing in drawings:
        save(drawing, folder)
    data = json.dumps(document(report, drawings), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "report.json").write_text(data + "\n", encoding="utf-8")
    path = folder / "report.md"
    path.write_text(markdown(report, drawings), encoding="utf-8")
    return path
