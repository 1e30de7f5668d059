"""Examples of docs/sweeps.md: runs the sweeps, draws their pictures and writes the numbers that the page tells.

    .venv/bin/ayla-service run .venv/bin/python benchmarks/sweep_examples.py           # some minutes
    .venv/bin/ayla-service run .venv/bin/python benchmarks/sweep_examples.py digits    # one example

Everything goes through a service, by the client: the pictures are the service's, to ``docs/figures/``; the numbers go
to ``benchmarks/results/sweep_examples.json``.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ayla

ROOT = Path(__file__).parents[1]
FIGURES, RESULTS = ROOT / "docs" / "figures", ROOT / "benchmarks" / "results" / "sweep_examples.json"

MINIMUM = -6.54296875
"""Of x⁴ - 3x³ + 2, at 9/4; the expression is no function of the catalogue."""

REACHED = 0.01
"""Gap below which a trial counts as having reached the minimum; the saddle point is 8.5 above it."""

EXPONENTS = {"low": 0.5, "high": 2.0, "count": 31}
STARTS, FRESH_STARTS = range(21), range(100, 121)
SELECTED, FRESH = range(9), range(100, 120)
SIZE = {"width": 7.0, "height": 4.4, "dpi": 110}

OPTIMIZERS = ("sgd", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "amsgrad", "nadam", "radam", "adamax", "lion")
RATES = {"sgd": (1e-3, 10.0), "adagrad": (1e-3, 10.0), "adadelta": (1e-2, 100.0), "lion": (1e-5, 0.1)}
"""Ends of the learning rates; all others from 1e-4 to 1."""


def ran(client: ayla.Client, name: str, problem: Any, optimizers: Sequence[Any], budget: Any, seeds: Any) -> ayla.Job:
    job = client.jobs.submit(name=name, problem=problem, optimizers=list(optimizers), budget=budget, seeds=list(seeds))
    print(f"{name}: {job.id}", flush=True)
    return client.jobs.wait(job, timeout=3600)


def log(low: float, high: float, count: int) -> dict[str, Any]:
    return {"low": low, "high": high, "scale": "log", "count": count}


def polynomial(client: ayla.Client) -> dict[str, Any]:
    """N1 × N2 on the paper's polynomial, with SGD and with Adam: from the paper's start, and from drawn ones."""
    found: dict[str, Any] = {}
    for name, rate, steps, paper in (("sgd", 0.03, 50, (1.0, 1.4)), ("adam", 0.01, 800, (1.0, 0.57))):
        plain = {"name": name, "learning_rate": rate, "label": "plain"}
        grid = plain | {"ayla": {"n1": EXPONENTS, "n2": EXPONENTS}, "label": "AYLA"}
        one, drawn = ayla.preset(f"poly-{name}"), ayla.preset(f"poly-{name}", start="random")
        title = f"AYLA-{name.upper() if name == 'sgd' else name.title()} on the paper's polynomial"
        from_paper = ran(client, f"{title}, from its start", one, [plain, grid], steps, [0])
        from_drawn = ran(client, f"{title}, from 21 drawn starts", drawn, [plain, grid], steps, STARTS)
        own = _cells(client, from_paper, f"sweep-poly-{name}", "median")
        means = _cells(client, from_drawn, f"sweep-poly-{name}-starts", "mean")
        best = client.jobs.best(from_drawn, metric="gap", minimum=MINIMUM, over_seeds="mean")["AYLA"].setting
        assert best is not None
        as_in_paper = plain | {"ayla": {"n1": paper[0], "n2": paper[1]}, "label": "as in the paper"}
        judged = [plain, as_in_paper, plain | {"ayla": _exponents(best), "label": "best of the grid"}]
        fresh = ran(client, f"{title}, fresh starts", drawn, judged, steps, FRESH_STARTS)
        found[name] = {
            "paper_start": own,
            "drawn_starts": means,
            "best_by_mean": _exponents(best),
            "fresh_starts": _reached(client, fresh),
            "verdicts": _verdicts(client.compare(fresh, metric="gap", minimum=MINIMUM, baseline="plain").pairs),
        }
    return found


def _exponents(setting: ayla.SweepSetting) -> dict[str, float]:
    return {name: setting.axes[f"ayla.{name}"] for name in ("n1", "n2")}


def _cells(client: ayla.Client, job: ayla.Job, file: str, over_seeds: str) -> dict[str, Any]:
    """Draw the heat map, and count the cells that reach the minimum and the values of N2 at which all do."""
    asked = client.jobs.heatmap(
        job, "ayla.n1", "ayla.n2", metric="gap", minimum=MINIMUM, over_seeds=over_seeds, arms=["AYLA"]
    )
    asked.save(FIGURES / f"{file}.png", **SIZE)
    (panel,) = asked.numbers.panels
    rows = {n2: [cell < REACHED for cell in row] for n2, row in zip(asked.numbers.y.values, panel.cells, strict=True)}
    diverged = sum(cell != cell for row in panel.cells for cell in row)
    return {
        "cells": sum(map(len, rows.values())),
        "reached": sum(map(sum, rows.values())),
        "diverged": diverged,
        "n2_at_which_all_reach": [n2 for n2, row in rows.items() if all(row)],
        "n2_at_which_some_reach": [n2 for n2, row in rows.items() if any(row)],
        "notes": list(asked.numbers.notes),
    }


def _reached(client: ayla.Client, job: ayla.Job) -> dict[str, str]:
    """Of how many starts each setting has reached the minimum."""
    frame = client.jobs.table(job)
    gaps = (frame["final_loss"] - MINIMUM) < REACHED
    return {str(label): f"{int(gaps[own].sum())} of {len(own)}" for label, own in frame.groupby("label").groups.items()}


def _verdicts(pairs: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": pair.label,
            "base": pair.base_label,
            "wins": pair.wins,
            "losses": pair.losses,
            "ties": pair.ties,
            "p": None if pair.sign_test is None else pair.sign_test.adjusted,
            "outcome": pair.outcome,
            "verdict": pair.verdict,
        }
        for pair in pairs
    ]


def curve(client: ayla.Client) -> dict[str, Any]:
    """N1 × N2 on curve-a beside a tuned Adam, selected on some seeds and judged on others."""
    plain = {"name": "adam", "learning_rate": log(1e-3, 0.1, 16), "label": "Adam"}
    exponents = {"low": 0.5, "high": 2.0, "count": 16}
    grid = {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": exponents, "n2": exponents}, "label": "AYLA-Adam"}
    problem, steps = ayla.preset("curve-a"), 400
    job = ran(client, "curve-a, median over 9 seeds", problem, [plain, grid], steps, SELECTED)
    asked = client.jobs.heatmap(job, "ayla.n1", "ayla.n2", arms=["AYLA-Adam"])
    asked.save(FIGURES / "sweep-curve-a.png", **SIZE)
    best = client.jobs.best(job)
    paper = {"name": "adam", "learning_rate": 0.01, "label": "Adam, rate of the paper"}
    judged = [
        paper,
        paper | {"ayla": {"n1": 1.5, "n2": 1.0}, "label": "AYLA-Adam, as in the paper"},
        *(_named(best[arm].setting, f"{arm}, best") for arm in ("Adam", "AYLA-Adam")),
    ]
    fresh = ran(client, "curve-a, fresh seeds", problem, judged, steps, FRESH)
    compared = client.compare(fresh, baseline="Adam, best")
    return {
        "best": {
            one.arm: {"axes": one.setting.axes, "value": one.value, "of": one.different}
            for one in best.best
            if one.setting
        },
        "notes": list(asked.numbers.notes),
        "fresh": {one.label: None if one.value is None else one.value.median for one in compared.optimizers},
        "verdicts": _verdicts(compared.pairs),
    }


def _named(setting: ayla.SweepSetting | None, label: str) -> dict[str, Any]:
    assert setting is not None
    return {name: value for name, value in setting.optimizer.items() if name != "arm"} | {"label": label}


def digits(client: ayla.Client) -> dict[str, Any]:
    """Nine learning rates of eleven optimizers, plain and with the paper's N1 = 1.5, N2 = 1; judged on fresh seeds."""
    arms = [
        {"name": name, "learning_rate": log(*RATES.get(name, (1e-4, 1.0)), 9), "ayla": exponents, "label": label}
        for name in OPTIMIZERS
        for exponents, label in ((None, name), ({"n1": 1.5, "n2": 1.0}, f"AYLA-{name}"))
    ]
    problem = ayla.dataset("digits", model=ayla.mlp(64), batch_size=32)
    budget = {"epochs": 10}
    job = ran(client, "digits, 10 epochs, median over 9 seeds", problem, arms, budget, SELECTED)
    client.jobs.sensitivity(job, "learning_rate").save(FIGURES / "sweep-digits.png", dpi=110)
    best = client.jobs.best(job)
    judged = [one.setting.optimizer for one in best.best if one.setting is not None]
    fresh = ran(client, "digits, fresh seeds", problem, judged, budget, FRESH)
    compared = client.compare([job, fresh], protocol=ayla.protocol(SELECTED, FRESH))
    assert compared.protocol is not None
    (tuned,) = compared.protocol.problems
    return {
        "best": {one.arm: {"axes": one.setting.axes, "value": one.value} for one in best.best if one.setting},
        "fresh": {
            one.arm: one.confirmation.value.median for one in tuned.arms if one.confirmation and one.confirmation.value
        },
        "verdicts": _verdicts(tuned.pairs),
    }


EXAMPLES: Mapping[str, Callable[[ayla.Client], dict[str, Any]]] = {
    "polynomial": polynomial,
    "curve": curve,
    "digits": digits,
}


def main(names: Sequence[str]) -> None:
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    with ayla.Client(timeout=300) as client:
        for name in names or EXAMPLES:
            found[name] = EXAMPLES[name](client)
            RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
