"""Classic test functions of optimization, each as an expression with a start point.

To add one: a ``TestFunction`` here; the tests check its minimum.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class TestFunction:
    """A function whose minimum is known.

    Attributes:
        name: identifier in the catalogue.
        title: for people.
        expression: in the language of ``ayla_spec.expression``.
        start: the customary start point.
        minimizers: one or more points of the global minimum.
        minimum: value there.
        description: what makes it hard.
    """

    __test__: ClassVar[bool] = False  # the name is not an invitation to pytest

    name: str
    title: str
    expression: str
    start: dict[str, float]
    minimizers: tuple[dict[str, float], ...]
    minimum: float
    description: str


TEST_FUNCTIONS: tuple[TestFunction, ...] = (
    TestFunction(
        name="saddle-polynomial",
        title="Quartic with a saddle",
        expression="x**4 - 3*x**3 + 2",
        start={"x": -1.0},
        minimizers=({"x": 2.25},),
        minimum=-6.54296875,
        description="The paper's polynomial: a flat saddle point at 0 lies between the start and the minimum.",
    ),
    TestFunction(
        name="sphere",
        title="Sphere",
        expression="x**2 + y**2",
        start={"x": 3.0, "y": -2.0},
        minimizers=({"x": 0.0, "y": 0.0},),
        minimum=0.0,
        description="Convex and perfectly conditioned; anything that fails here is broken.",
    ),
    TestFunction(
        name="rosenbrock",
        title="Rosenbrock",
        expression="(1 - x)**2 + 100*(y - x**2)**2",
        start={"x": -1.2, "y": 1.0},
        minimizers=({"x": 1.0, "y": 1.0},),
        minimum=0.0,
        description="A narrow curved valley: easy to enter, slow to follow.",
    ),
    TestFunction(
        name="himmelblau",
        title="Himmelblau",
        expression="(x**2 + y - 11)**2 + (x + y**2 - 7)**2",
        start={"x": 0.0, "y": 0.0},
        minimizers=({"x": 3.0, "y": 2.0},),
        minimum=0.0,
        description="Four equal minima; which one is found depends on the path.",
    ),
    TestFunction(
        name="beale",
        title="Beale",
        expression="(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2",
        start={"x": 1.0, "y": 1.0},
        minimizers=({"x": 3.0, "y": 0.5},),
        minimum=0.0,
        description="Flat regions with steep walls at the corners.",
    ),
    TestFunction(
        name="booth",
        title="Booth",
        expression="(x + 2*y - 7)**2 + (2*x + y - 5)**2",
        start={"x": -5.0, "y": -5.0},
        minimizers=({"x": 1.0, "y": 3.0},),
        minimum=0.0,
        description="A convex quadratic with correlated variables.",
    ),
    TestFunction(
        name="rastrigin",
        title="Rastrigin",
        expression="20 + x**2 - 10*cos(2*pi*x) + y**2 - 10*cos(2*pi*y)",
        start={"x": 2.3, "y": -1.7},
        minimizers=({"x": 0.0, "y": 0.0},),
        minimum=0.0,
        description="A regular grid of local minima.",
    ),
    TestFunction(
        name="ackley",
        title="Ackley",
        expression="-20*exp(-0.2*sqrt(0.5*(x**2 + y**2))) - exp(0.5*(cos(2*pi*x) + cos(2*pi*y))) + e + 20",
        start={"x": 1.6, "y": -0.9},
        minimizers=({"x": 0.0, "y": 0.0},),
        minimum=0.0,
        description="A nearly flat outer region around a deep, pointed hole.",
    ),
    TestFunction(
        name="styblinski-tang",
        title="Styblinski-Tang",
        expression="0.5*(x**4 - 16*x**2 + 5*x + y**4 - 16*y**2 + 5*y)",
        start={"x": 0.5, "y": -0.5},
        minimizers=({"x": -2.903534027771177, "y": -2.903534027771177},),
        minimum=-78.33233140754282,
        description="Several minima of different, negative depth; the loss changes sign on the way.",
    ),
    TestFunction(
        name="monkey-saddle",
        title="Monkey saddle, bounded",
        expression="x**3 - 3*x*y**2 + 0.1*(x**2 + y**2)**2 + 1",
        start={"x": 0.6, "y": 0.001},
        minimizers=({"x": -7.5, "y": 0.0},),
        minimum=-104.46875,
        description="A degenerate saddle at the origin with three ways down.",
    ),
)
