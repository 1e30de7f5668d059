"""The results of finished jobs: fetched from the service, and put together as experiments, studies and controls."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from ayla._client import Client
from ayla.models import Job, Trial
from ayla.reproduce.controls import RateStudy, best_rate, final_losses
from ayla.reproduce.experiment import CURVES, MNIST, PAPER_SEED, Experiment, MethodRun
from ayla.reproduce.exponents import ExponentMap
from ayla.reproduce.mnist import Arm, Curve, MnistExperiment, MnistRates, SeededCurves
from ayla.reproduce.plan import MNIST_EPOCHS, Role, Scale, own_seeds, tuning_seeds
from ayla.reproduce.seeds import SeedStudy
from ayla.reproduce.submission import SubmittedJob

Found = Mapping[str, SubmittedJob]
"""Jobs that succeeded, by their name in the plan."""


def experiments(client: Client, found: Found) -> list[Experiment]:
    """The paper's experiments of sections 3.1 and 3.2."""
    items = [
        item for item in found.values() if item.planned.role is Role.PAPER and item.planned.experiment not in MNIST
    ]
    return [
        _experiment(item.planned.experiment, item.job, _runs(client, client.jobs.trials(item.job))) for item in items
    ]


def studies(client: Client, found: Found) -> list[SeedStudy]:
    """The curves on other seeds."""
    items = [item for item in found.values() if item.planned.role is Role.SEEDS]
    return [_study(client, item) for item in items]


def _study(client: Client, item: SubmittedJob) -> SeedStudy:
    trials = sorted(client.jobs.trials(item.job), key=lambda trial: (trial.seed, trial.index))
    each = [
        _experiment(item.planned.experiment, item.job, _runs(client, group))
        for _, group in groupby(trials, key=lambda trial: trial.seed)
    ]
    comparison = client.compare(item.job, metric="final_loss")
    return SeedStudy(item.planned.experiment, item.job, tuple(each), comparison)


def _experiment(name: str, job: Job, runs: Iterable[MethodRun]) -> Experiment:
    return Experiment(name=name, job=job, runs=tuple(runs))


def _runs(client: Client, trials: Iterable[Trial]) -> list[MethodRun]:
    return [_run(client, trial) for trial in trials]


def _run(client: Client, trial: Trial) -> MethodRun:
    return MethodRun(trial, client.trials.trajectory(trial), client.trials.predictions(trial))


def rate_studies(client: Client, found: Found, scale: Scale) -> list[RateStudy]:
    """The optimizers of sections 3.1 and 3.2 at other learning rates; the curves share one job."""
    items = [
        item for item in found.values() if item.planned.role is Role.RATES and item.planned.experiment not in MNIST
    ]
    return [study for item in items for study in _rate_studies(client, item, found, scale)]


def _rate_studies(client: Client, item: SubmittedJob, found: Found, scale: Scale) -> list[RateStudy]:
    trials = client.jobs.trials(item.job)
    if item.planned.experiment not in CURVES:
        judged = trials[0].seed
        losses = final_losses(trials, [judged])
        best = _at_rate(trials, best_rate(losses))[judged]
        return [RateStudy(item.planned.experiment, item.job, losses, losses, _run(client, best), ())]
    selected_on, of_paper = tuning_seeds(scale), final_losses(trials, [PAPER_SEED])
    losses = final_losses(trials, selected_on or [PAPER_SEED])
    by_seed = _at_rate(trials, best_rate(losses))
    run, on_seeds = by_seed[PAPER_SEED], own_seeds(scale.curve_seeds)
    runs = {seed: _run(client, by_seed[seed]) for seed in on_seeds if seed in by_seed}
    study = RateStudy("", item.job, losses, of_paper, _run(client, run), tuple(selected_on), runs)
    return [
        replace(study, experiment=preset, statements=_against(client, found.get(f"{preset}-seeds"), item.job, run))
        for preset in CURVES
        if preset in found
    ]


def _at_rate(trials: Sequence[Trial], rate: float) -> dict[int, Trial]:
    """The trials with a learning rate, by seed."""
    return {trial.seed: trial for trial in trials if trial.optimizer["learning_rate"] == rate}


def _against(client: Client, seeds: SubmittedJob | None, rates: Job, best: Trial) -> tuple[str, ...]:
    """The service's verdicts on AYLA at the paper's rate against the best rate without it, on the same seeds."""
    if seeds is None:
        return ()
    compared = client.compare([seeds.job, rates], metric="final_loss", baseline=best.label)
    pairs = [pair for problem in compared.problems for pair in problem.pairs]
    with_ayla = {one.label for problem in compared.problems for one in problem.optimizers if one.optimizer.get("ayla")}
    return tuple(pair.verdict for pair in pairs if pair.base_label == best.label and pair.label in with_ayla)


def exponent_maps(client: Client, found: Found) -> list[ExponentMap]:
    """The heat maps over N1 and N2 of the experiments whose own job is there."""
    items = [
        item for item in found.values() if item.planned.role is Role.EXPONENTS and item.planned.experiment in found
    ]
    return [_map(client, item, found[item.planned.experiment].job) for item in items]


def _map(client: Client, item: SubmittedJob, paper: Job) -> ExponentMap:
    numbers = client.jobs.heatmap(item.job, x="ayla.n1", y="ayla.n2", metric="final_loss").numbers
    plain, ayla = client.jobs.trials(paper)[:2]
    return ExponentMap(item.planned.experiment, item.job.id, numbers, _loss(ayla), _loss(plain))


def _loss(trial: Trial) -> float:
    return math.nan if trial.final_loss is None else trial.final_loss


def mnist_experiments(client: Client, found: Found) -> list[MnistExperiment]:
    """Section 3.3: each optimizer at each rate with each loss."""
    items = [item for item in found.values() if item.planned.experiment in MNIST]
    runs = [item for item in items if item.planned.role in (Role.PAPER, Role.MSE)]
    return [experiment for item in runs for experiment in _mnist(client, item)]


def _mnist(client: Client, item: SubmittedJob) -> list[MnistExperiment]:
    trials, preset = client.jobs.trials(item.job), item.planned.experiment
    loss = "mse-softmax" if item.planned.role is Role.MSE else "cross-entropy"
    by_rate: dict[float, list[Trial]] = {}
    for trial in trials:
        by_rate.setdefault(float(trial.optimizer["learning_rate"]), []).append(trial)
    return [
        MnistExperiment(preset, rate, loss, MNIST_EPOCHS[preset][rate], _arms(client, of_rate), item.job.id)
        for rate, of_rate in by_rate.items()
    ]


def _arms(client: Client, trials: Sequence[Trial]) -> dict[Arm, SeededCurves]:
    return {arm: _curves(client, [trial for trial in trials if Arm.of(trial.optimizer) is arm]) for arm in Arm}


def mnist_rates(client: Client, found: Found) -> list[MnistRates]:
    """The optimizers of section 3.3 at other learning rates, with each loss."""
    items = [item for item in found.values() if item.planned.experiment in MNIST]
    return [_mnist_rates(client, item) for item in items if item.planned.role in (Role.RATES, Role.MSE_RATES)]


def _mnist_rates(client: Client, item: SubmittedJob) -> MnistRates:
    loss = "mse-softmax" if item.planned.role is Role.MSE_RATES else "cross-entropy"
    by_rate: dict[float, list[Trial]] = {}
    for trial in client.jobs.trials(item.job):
        by_rate.setdefault(float(trial.optimizer["learning_rate"]), []).append(trial)
    curves = {rate: _curves(client, trials) for rate, trials in by_rate.items()}
    return MnistRates(item.planned.experiment, loss, curves, item.job.id)


def _curves(client: Client, trials: Sequence[Trial]) -> SeededCurves:
    by_seed = {trial.seed: _curve(client, trial) for trial in trials}
    losses = [trial.value("full_train_loss") for trial in trials]
    known = [math.inf if loss is None else loss for loss in losses]
    notes = tuple(dict.fromkeys(note for trial in trials for note in trial.notes))
    return SeededCurves(trials[0].label, by_seed, statistics.median(known), notes)


def _curve(client: Client, trial: Trial) -> Curve:
    return Curve(tuple(client.trials.metrics(trial, columns=["epoch", "test_accuracy"]).numbers("test_accuracy")))
