"""The fixed texts of the report: how to read it, and a description of each experiment."""

from dataclasses import dataclass

HOW_TO_READ = (
    "Every measured number is computed from what the service has recorded of each run: its trajectory, its "
    "predictions, its metrics by epoch and its summary. The paper's numbers are mostly read off its figures, and its "
    "statements are given in short. Each verdict follows a criterion with explicit thresholds, given with the claim; a "
    "claim that does not reproduce is a result and stands here like the others. Where AYLA with some exponents is the "
    "optimizer alone, to the last bit, a claim about it is *not applicable* and counted nowhere."
)

ON_READINGS = (
    "Where the paper leaves something open, each of these *readings* is checked by itself: on the curves the exponent "
    "on the mean loss and on each sample; on MNIST both losses and both orders of the exponents, always on the mean "
    "loss of a batch. Not run are MNIST per sample, and other readings of AYLA on Adam than its equations with their "
    "bias correction as written."
)

ON_CONTROLS = (
    "The *control* is the optimizer without AYLA at its own best learning rate, put in the place of what the claim is "
    "about and held against the same criterion: of a claim about AYLA it tells whether the optimizer alone does the "
    "same, of a claim about the optimizer whether it still holds at a better rate. The controls are tuned and AYLA is "
    "not: it runs at the paper's rates and exponents only. Nothing here says what AYLA would do at a better rate."
)

ON_SEEDS = (
    "The polynomial draws nothing: there is one run and no interval. The curves have the paper's run, seed 42, by "
    "which the verdict goes, and apart from it other seeds. MNIST goes by the medians over its seeds. Brackets are the "
    "interval of the median, exact order statistics: of 98 % from ten seeds (97.9 % in the service's sentences), of "
    "75 % from three, of one none."
)

ON_EXPONENTS = (
    "Heat maps answer it for sections 3.1 and 3.2, not for MNIST: every pair of N1 and N2 from 0.2 to 2.2, with "
    "learning rate, length and seed of the paper. If no search were needed, almost any pair would end where the best "
    "does. The best pair of a curve is the best of many on the one seed it is judged on: part of its value is luck."
)

ON_MNIST = (
    "A network 784-128-10 with ReLU on MNIST in batches of 32, weights N(0, 1)·0.01, biases 0. The paper says that it "
    "used the mean squared error, and its text has N1 = 1.5 and N2 = 1. Run are that and cross-entropy, each with the "
    "exponents as written and the other way round; which of it gives which figure is told below the claims. While the "
    "loss of a batch is above 1, N1 = 1.5 with N2 = 1 changes nothing, and while it is below 1, N1 = 1 with N2 = 1.5: "
    "there AYLA is the optimizer alone, to the last bit."
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
    "The paper leaves open what the exponent is applied to: the mean loss, as its equations read, or the residual "
    "|ŷ - y| of each sample, as its author's script does it. Both readings are run."
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
    "mnist-sgd": ExperimentDescription(
        "mnist-sgd: digits by a small network with SGD",
        "3.3",
        f"{ON_MNIST} SGD with learning rates 0.0001 and 0.0002, 100 epochs.",
    ),
    "mnist-adam": ExperimentDescription(
        "mnist-adam: digits by a small network with Adam",
        "3.3",
        f"{ON_MNIST} Adam with learning rate 0.0001 for 10 epochs and 0.0002 for 30.",
    ),
}
