"""The report as data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ayla._version import __version__
from ayla.reproduce.experiment import Experiment, Run
from ayla.reproduce.finding import Finding
from ayla.reproduce.report import Report
from ayla.reproduce.seeds import SeedStudy

if TYPE_CHECKING:
    from ayla.reproduce.figures import Drawing


def document(report: Report, drawings: Sequence[Drawing]) -> dict[str, Any]:
    """The report for ``report.json``; a number that is not finite becomes null."""
    return {
        "created_at": report.created_at.isoformat(timespec="seconds"),
        "client_version": __version__,
        "service": report.service,
        "claims": [_finding(finding) for finding in report.findings],
        "experiments": [_experiment(experiment, drawings) for experiment in report.experiments],
        "beyond_the_paper": [_study(study) for study in report.studies],
        "unfinished_jobs": [
            job.model_dump(mode="json", include={"id", "name", "state", "error"}) for job in report.unfinished
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    measured = {name: _finite(value) for name, value in finding.measured.items()}
    return asdict(finding) | {"measured": measured, "verdict": str(finding.verdict)}


def _experiment(experiment: Experiment, drawings: Sequence[Drawing]) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "job_id": experiment.job.id,
        "spec": experiment.job.resolved,
        "trials": [_trial(run) for run in experiment.runs],
        "figures": [drawing.stem for drawing in drawings if drawing.experiment == experiment.name],
    }


def _trial(run: Run) -> dict[str, Any]:
    kept = {"id", "label", "seed", "state", "steps_done", "summary"}
    return run.trial.model_dump(mode="json", include=kept) | {"role": str(run.role)}


def _study(study: SeedStudy) -> dict[str, Any]:
    return {
        "name": study.name,
        "job_id": study.job.id,
        "seeds": list(study.seeds),
        "final_losses": [
            {"label": trial.label, "seed": trial.seed, "final_loss": trial.final_loss} for trial in study.trials
        ],
        "comparison": study.comparison.model_dump(mode="json"),
    }


def _finite(value: float | int | None) -> float | int | None:
    return value if value is not None and math.isfinite(value) else None
