"""Optuna with a study in SQLite: what it takes to ask for a trial, tell its result and have both on the disk."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import optuna

VERSION = optuna.__version__


def seconds_per_trial(trials: int) -> float:
    """Seconds of one trial of a study of so many, whose objective costs nothing.

    The sampler draws at random, which is the cheapest there is; the default one (TPE) takes longer with each result.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with TemporaryDirectory(prefix="ayla-optuna-") as folder:
        storage = f"sqlite:///{Path(folder) / 'study.db'}"
        study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
        study.optimize(_objective, n_trials=5)  # tables, connections
        begun = time.perf_counter()
        study.optimize(_objective, n_trials=trials)
        return (time.perf_counter() - begun) / trials


def _objective(trial: optuna.Trial) -> float:
    return trial.suggest_float("n1", 0.5, 1.5) + trial.suggest_float("n2", 0.5, 1.5)
