"""The report as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ayla._version import __version__
from ayla.reproduce.claims import ClaimResult
from ayla.reproduce.experiment import Experiment, MethodRun
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.seeds import SeedStudy

if TYPE_CHECKING:
    from ayla.reproduce.figures import ReportFigure


def json_report(report: ReproductionReport, figures: Sequence[ReportFigure]) -> dict[str, Any]:
    """The report for ``report.json``; a number that is not finite becomes null."""
    return {
        "created_at": report.created_at.isoformat(timespec="seconds"),
        "client_version": __version__,
        "service": report.service,
        "claims": [_claim(result) for result in report.claims],
        "experiments": [_experiment(experiment, figures) for experiment in report.experiments],
        "beyond_the_paper": [_study(study) for study in report.studies],
        "unfinished_jobs": [
            job.model_dump(mode="json", include={"id", "name", "state", "error"}) for job in report.unfinished
        ],
    }


def _claim(result: ClaimResult) -> dict[str, Any]:
    measured = {name: _finite(value) for name, value in result.measured.items()}
    return asdict(result) | {"measured": measured, "verdict": str(result.verdict)}


def _experiment(experiment: Experiment, figures: Sequence[ReportFigure]) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "job_id": experiment.job.id,
        "spec": experiment.job.resolved,
        "trials": [_trial(run) for run in experiment.runs],
        "figures": [figure.stem for figure in figures if figure.experiment == experiment.name],
    }


def _trial(run: MethodRun) -> dict[str, Any]:
    kept = {"id", "label", "seed", "state", "steps_done", "summary"}
    return run.trial.model_dump(mode="json", include=kept) | {"role": str(run.method)}


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
