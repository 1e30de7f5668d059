"""The fixed texts of the report: how to read it, and a description of each experiment."""

from dataclasses import dataclass

HOW_TO_READ = (
    "Every measured number is computed from trajectories fetched from the service. The paper's numbers are mostly read "
    "off its figures. Each verdict follows a criterion with explicit thresholds, given with the claim; a claim that "
    "does not reproduce is a result and stands here like the others."
)


@dataclass(frozen=True, slots=True)
class ExperimentDescription:
    """Title and description of an experiment."""

    title: str
    section: str
    description: str


_POLYNOMIAL = (
    "f(x) = x⁴ - 3x³ + 2 has a flat saddle point at x = 0 between the start x = -1 and the minimum at x = 2.25. "
    "AYLA transforms the loss as L = sgn(l)·|l|^n, with n = N1 where |l| < 1 and N2 where |l| > 1, "
    "which scales each step by v = n·|l|^(n-1)."
)
_CURVE = (
    "A network with one hidden layer of 128 ReLU units is fitted to 100 noisy points of a quartic, full batch. "
    "The paper leaves open what the exponent is applied to: the mean loss, as its equations read, or the loss of each "
    "sample, as its author's script does it. Both readings are run."
)

EXPERIMENTS = {
    "poly-sgd": ExperimentDescription(
        "poly-sgd: leaving a saddle point with SGD",
        "3.1.a",
        f"{_POLYNOMIAL} Learning rate 0.03, 50 steps; AYLA with N1 = 1, N2 = 1.4.",
    ),
    "poly-adam": ExperimentDescription(
        "poly-adam: leaving a saddle point with Adam",
        "3.1.b",
        f"{_POLYNOMIAL} With Adam it also scales the weights of the moving averages. "
        "Learning rate 0.01, 800 steps; AYLA with N1 = 1, N2 = 0.57.",
    ),
    "curve-a": ExperimentDescription(
        "curve-a: fitting a curve at learning rate 0.01",
        "3.2",
        f"{_CURVE} Adam with learning rate 0.01, 400 epochs; AYLA with N1 = 1.5, N2 = 1.",
    ),
    "curve-b": ExperimentDescription(
        "curve-b: fitting a curve at learning rate 0.005",
        "3.2",
        f"{_CURVE} Adam with learning rate 0.005, 400 epochs; AYLA with N1 = 1.8, N2 = 0.9.",
    ),
}
