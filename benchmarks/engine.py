"""What batching gains, side by side in one run: the engine against a plain ``torch.optim`` loop for one trial.

    .venv/bin/python benchmarks/engine.py

The engine records every step and computes AYLA's scale and moments; the plain loop is Adam and records nothing. Both
use one CPU thread and float64. The ratio is trials times steps per second of the engine over that of the loop;
absolute times are this machine's.
"""

import time
from collections.abc import Callable
from typing import Any

import torch
from ayla_core.engine import Engine
from ayla_spec import JobSpec, resolve
from ayla_spec.trials import plan_trials

STEPS = 300
BATCHES = (1, 16, 256)
REPEATS = 3
POLYNOMIAL = {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}}
CURVE = {"type": "preset", "preset": "curve-a"}


def engine_seconds(problem: dict[str, Any], trials: int) -> float:
    """Seconds that one step of a batch of AYLA-Adam trials takes."""
    adam = {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": 1.5, "n2": 0.57}}
    submitted = {"problem": problem, "optimizers": [adam], "budget": {"steps": STEPS}, "seeds": list(range(trials))}
    spec = resolve(JobSpec.model_validate(submitted))

    def run() -> None:
        engine = Engine(spec, plan_trials(spec), torch.device("cpu"))
        while not engine.finished:
            engine.advance(100)

    return best(run) / STEPS


def polynomial_seconds() -> float:
    """Seconds that one step of a plain loop on the polynomial takes."""
    x = torch.tensor([-1.0], dtype=torch.float64, requires_grad=True)

    def loss() -> torch.Tensor:
        return (x**4 - 3 * x**3 + 2).sum()

    return loop_seconds([x], loss)


def curve_seconds() -> float:
    """Seconds that one step of a plain loop on the curve takes."""
    model = torch.nn.Sequential(torch.nn.Linear(1, 128), torch.nn.ReLU(), torch.nn.Linear(128, 1)).double()
    inputs, targets = torch.linspace(-1, 3, 100, dtype=torch.float64)[:, None], torch.randn(100, 1).double()
    return loop_seconds(list(model.parameters()), lambda: (model(inputs) - targets).square().mean())


def loop_seconds(parameters: list[torch.Tensor], loss: Callable[[], torch.Tensor]) -> float:
    """Seconds per step of ``torch.optim.Adam``."""
    optimizer = torch.optim.Adam(parameters, lr=0.01)

    def run() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()

    return best(run) / STEPS


def best(run: Callable[[], None]) -> float:
    """The shortest of some runs, after one to warm up."""
    run()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    for name, problem, plain in (("polynomial", POLYNOMIAL, polynomial_seconds), ("curve", CURVE, curve_seconds)):
        alone = plain()
        print(f"{name}: plain loop, one trial: {alone * 1e6:.0f} µs per step")
        for trials in BATCHES:
            batch = engine_seconds(problem, trials)
            ratio = alone * trials / batch
            print(f"  engine, {trials:>3} trials: {batch * 1e6:>6.0f} µs per step, {ratio:6.2f} times the loop")


if __name__ == "__main__":
    main()
