"""The report as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ayla._version import __version__
from ayla.reports.files import plain
from ayla.reproduce.controls import RateStudy
from ayla.reproduce.experiment import Experiment, MethodRun
from ayla.reproduce.exponents import ExponentMap
from ayla.reproduce.mnist import MnistExperiment, MnistRates, SeededCurves
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.seeds import SeedStudy

if TYPE_CHECKING:
    from ayla.reports.figures import ReportFigure


def json_report(report: ReproductionReport, figures: Sequence[ReportFigure]) -> Any:
    """The report for ``report.json``; a number that is not finite becomes null."""
    return plain(
        {
            "created_at": report.created_at.isoformat(timespec="seconds"),
            "client_version": __version__,
            "service": report.service,
            "names": report.names,
            "scale": report.scale,
            "claims": [*report.claims],
            "experiments": [_experiment(experiment) for experiment in report.experiments],
            "mnist": [_mnist(experiment) for experiment in report.mnist],
            "mnist_missing": report.mnist_missing,
            "other_seeds": [_study(study) for study in report.studies],
            "controls": [*map(_rates, report.rates), *map(_mnist_rates, report.mnist_rates)],
            "exponents": [_map(found) for found in report.maps],
            "figures": [{"file": f.stem, "experiment": f.section, "title": f.title} for f in figures],
            "jobs": [
                {"name": item.planned.name, "role": item.planned.role, "id": item.job.id, "state": item.job.state}
                for item in report.jobs
            ],
            "unfinished_jobs": [
                job.model_dump(mode="json", include={"id", "name", "state", "error"}) for job in report.unfinished
            ],
        }
    )


def _experiment(experiment: Experiment) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "job_id": experiment.job.id,
        "spec": experiment.job.resolved,
        "trials": [_trial(run) for run in experiment.runs],
    }


def _trial(run: MethodRun) -> dict[str, Any]:
    kept = {"id", "label", "seed", "state", "steps_done", "summary"}
    return run.trial.model_dump(mode="json", include=kept) | {"role": run.method}


def _study(study: SeedStudy) -> dict[str, Any]:
    trials = [run.trial for experiment in study.experiments for run in experiment.runs]
    return {
        "name": study.name,
        "job_id": study.job.id,
        "seeds": study.seeds,
        "final_losses": [
            {"label": trial.label, "seed": trial.seed, "final_loss": trial.final_loss} for trial in trials
        ],
        "comparison": study.comparison.model_dump(mode="json"),
    }


def _mnist(experiment: MnistExperiment) -> dict[str, Any]:
    arms = {arm: _curves(curves) for arm, curves in experiment.arms.items()}
    return {
        "name": experiment.preset,
        "learning_rate": experiment.rate,
        "loss": experiment.loss,
        "job_id": experiment.job_id,
        "arms": arms,
    }


def _curves(curves: SeededCurves) -> dict[str, Any]:
    by_seed = {seed: curve.accuracies for seed, curve in curves.by_seed.items()}
    return {"label": curves.label, "training_loss": curves.training_loss, "test_accuracy_by_epoch": by_seed}


def _rates(study: RateStudy) -> dict[str, Any]:
    best = {"label": study.best.trial.label, "trial_id": study.best.trial.id}
    return {
        "name": study.experiment,
        "job_id": study.job.id,
        "selected_by": study.losses,
        "final_losses": study.judged,
        "best": best,
        "selected_on": study.seeds,
        "against_ayla": study.statements,
    }


def _mnist_rates(study: MnistRates) -> dict[str, Any]:
    curves = {f"{rate:g}": _curves(of_rate) for rate, of_rate in study.curves.items()}
    best = {"label": study.best.label}
    return {"name": study.preset, "loss": study.loss, "job_id": study.job_id, "curves": curves, "best": best}


def _map(found: ExponentMap) -> dict[str, Any]:
    return {
        "name": found.preset,
        "job_id": found.job_id,
        "n1": found.numbers.x.values,
        "n2": found.numbers.y.values,
        "final_loss": found.numbers.panels[0].cells,
    }
