"""The whole method in plain Python floats, one trial, to run beside the engine."""

from collections.abc import Callable
from dataclasses import dataclass

from ayla_core import transform_reference
from ayla_core.optimizers import reference_of
from ayla_core.optimizers.reference import learning_rate
from ayla_spec.optimizers import Ayla, Optimizer

Point = list[float]

Noise = Callable[[int, int], float]

FAR = 30.0


def quiet(step: int, component: int) -> float:
    """No noise."""
    del step, component
    return 0.0


@dataclass(frozen=True, slots=True)
class PlainFunction:
    """A function with its gradient worked out by hand."""

    expression: str
    start: dict[str, float]
    value: Callable[[Point], float]
    gradient: Callable[[Point], Point]


def _rosenbrock_gradient(point: Point) -> Point:
    x, y = point
    return [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]


FUNCTIONS = {
    "parabola": PlainFunction("x**2", {"x": 3.0}, lambda p: p[0] ** 2, lambda p: [2 * p[0]]),
    "saddle": PlainFunction(
        "x**4 - 3*x**3 + 2",
        {"x": -1.0},
        lambda p: p[0] ** 4 - 3 * p[0] ** 3 + 2,
        lambda p: [4 * p[0] ** 3 - 9 * p[0] ** 2],
    ),
    "rosenbrock": PlainFunction(
        "(1 - x)**2 + 100*(y - x**2)**2",
        {"x": -1.2, "y": 1.0},
        lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2,
        _rosenbrock_gradient,
    ),
}


def bowl(dimensions: int) -> PlainFunction:
    """A quadratic with another curvature along each axis, in up to five variables."""
    names = "uvwxy"[:dimensions]
    return PlainFunction(
        " + ".join(f"{i + 1}*({name} - {i})**2" for i, name in enumerate(names)) + " + 0.25",
        {name: 1.5 - i for i, name in enumerate(names)},
        lambda p: sum((i + 1) * (x - i) ** 2 for i, x in enumerate(p)) + 0.25,
        lambda p: [2 * (i + 1) * (x - i) for i, x in enumerate(p)],
    )


@dataclass(frozen=True, slots=True)
class PlainStep:
    """The state before one update."""

    x: Point
    loss: float
    scale: float
    gradient: Point
    learning_rate: float


def trajectory(
    function: PlainFunction, settings: Optimizer, steps: int, start: Point | None = None, noise: Noise = quiet
) -> list[PlainStep]:
    """Steps 0 to ``steps`` of one trial, or to where it runs away: from there on rounding decides.

    Args:
        function: to minimize.
        settings: of the optimizer.
        steps: updates.
        start: in place of the function's own.
        noise: of each component of the gradient, by step and component.
    """
    ayla = settings.ayla or Ayla()
    x = list(function.start.values()) if start is None else start
    rule = reference_of(settings, len(x), steps)
    states = []
    for step in range(steps + 1):
        loss = function.value(x)
        v = transform_reference.scale(loss, ayla.n1, ayla.n2, ayla.max_scale)
        slope = [u + noise(step, place) for place, u in enumerate(function.gradient(x))]
        states.append(PlainStep(x, loss, v, [v * u for u in slope], learning_rate(settings, step + 1, steps)))
        try:
            x = rule.update(x, slope, v)
        except (ArithmeticError, ValueError):
            break
        if max(map(abs, x)) > FAR:
            break
    return states
