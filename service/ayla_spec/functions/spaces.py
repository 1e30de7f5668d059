"""Test functions of a vector x of any length."""

from collections.abc import Callable
from math import pi

from ayla_spec.functions.model import Family, Interval, Minimum, TestFunction

_SCHWEFEL = 420.968746359982
_STYBLINSKI_TANG, _STYBLINSKI_TANG_VALUE = -2.903534027771177, -39.16616570377142

_MICHALEWICZ = (
    (2.2029055201726093, 0.8013034100985533),
    (pi / 2, 1.0),
    (1.2849915705529242, 0.9590912698960069),
    (1.9230584698663629, 0.9384624184720844),
    (1.720469772565841, 0.9888010806215034),
    (pi / 2, 1.0),
    (1.4544139713623792, 0.9932271353558826),
    (1.7560865209450265, 0.98287203627221),
    (1.655717416821029, 0.9963943649251024),
    (pi / 2, 1.0),
)
"""Its terms do not depend on each other: the best value of each element, and what that takes off the sum."""


def _everywhere(coordinate: float, domain: Interval, value: float = 0.0) -> Callable[[int], Minimum]:
    """The minimum of a function that is least where every element of x is ``coordinate``; ``value`` per element."""
    return lambda dimension: Minimum(([coordinate] * dimension,), value * dimension, domain)


def _dixon_price(dimension: int) -> Minimum:
    point = [2.0 ** -(1 - 2.0**-index) for index in range(dimension)]
    mirrored = [*point[:-1], -point[-1]]
    return Minimum((point,) if dimension == 1 else (point, mirrored), 0.0, (-10.0, 10.0))


def _trid(dimension: int) -> Minimum:
    point = [float((index + 1) * (dimension - index)) for index in range(dimension)]
    value = -dimension * (dimension + 4) * (dimension - 1) / 6
    return Minimum((point,), value, (-float(dimension**2), float(dimension**2)))


def _michalewicz(dimension: int) -> Minimum:
    known = _MICHALEWICZ[:dimension]
    return Minimum(([best for best, _ in known],), -sum(depth for _, depth in known), (0.0, pi))


def any_dimension(name: str, title: str, expression: str, description: str, family: Family) -> TestFunction:
    """A function of a vector x, in two dimensions or the lowest that is possible."""
    bare = TestFunction(name, title, expression, {}, (), 0.0, (0.0, 0.0), description, "any", family)
    return bare.in_dimension(max(2, family.least))


SPACES: tuple[TestFunction, ...] = (
    any_dimension(
        "sphere",
        "Sphere",
        "sum(x[i]**2 for i in range(len(x)))",
        "Convex and perfectly conditioned; anything that fails here is broken.",
        Family((3.0, -2.0), _everywhere(0.0, (-5.12, 5.12))),
    ),
    any_dimension(
        "rosenbrock",
        "Rosenbrock",
        "sum(100*(x[i + 1] - x[i]**2)**2 + (1 - x[i])**2 for i in range(len(x) - 1))",
        "A narrow curved valley: easy to enter, slow to follow.",
        Family((-1.2, 1.0), _everywhere(1.0, (-5.0, 10.0)), least=2),
    ),
    any_dimension(
        "rastrigin",
        "Rastrigin",
        "10*len(x) + sum(x[i]**2 - 10*cos(2*pi*x[i]) for i in range(len(x)))",
        "A regular grid of local minima.",
        Family((2.3, -1.7), _everywhere(0.0, (-5.12, 5.12))),
    ),
    any_dimension(
        "ackley",
        "Ackley",
        "-20*exp(-0.2*sqrt(mean(x[i]**2 for i in range(len(x)))))"
        " - exp(mean(cos(2*pi*x[i]) for i in range(len(x)))) + e + 20",
        "A nearly flat outer region around a deep, pointed hole.",
        Family((1.6, -0.9), _everywhere(0.0, (-32.768, 32.768))),
    ),
    any_dimension(
        "styblinski-tang",
        "Styblinski-Tang",
        "0.5*sum(x[i]**4 - 16*x[i]**2 + 5*x[i] for i in range(len(x)))",
        "Several minima of different, negative depth; the loss changes sign on the way.",
        Family((0.5, -0.5), _everywhere(_STYBLINSKI_TANG, (-5.0, 5.0), _STYBLINSKI_TANG_VALUE)),
    ),
    any_dimension(
        "griewank",
        "Griewank",
        "1 + sum(x[i]**2 for i in range(len(x)))/4000 - prod(cos(x[i]/sqrt(i + 1)) for i in range(len(x)))",
        "Thousands of shallow minima on a wide bowl; coarse steps see only the bowl.",
        Family((100.0, -200.0), _everywhere(0.0, (-600.0, 600.0))),
    ),
    any_dimension(
        "levy",
        "Levy",
        "sin(pi*(3 + x[0])/4)**2"
        " + sum(((x[i] - 1)/4)**2*(1 + 10*sin(pi*(3 + x[i])/4 + 1)**2) for i in range(len(x) - 1))"
        " + ((x[len(x) - 1] - 1)/4)**2*(1 + sin(2*pi*(3 + x[len(x) - 1])/4)**2)",
        "Waves along every axis on top of a bowl.",
        Family((-6.0, 7.0), _everywhere(1.0, (-10.0, 10.0))),
    ),
    any_dimension(
        "schwefel",
        "Schwefel",
        "418.9828872724338*len(x) - sum(x[i]*sin(sqrt(abs(x[i]))) for i in range(len(x)))",
        "The lowest minimum is far from the second lowest, near a corner of the domain.",
        Family((300.0, -350.0), _everywhere(_SCHWEFEL, (-500.0, 500.0))),
    ),
    any_dimension(
        "zakharov",
        "Zakharov",
        "sum(x[i]**2 for i in range(len(x))) + (sum((i + 1)*x[i] for i in range(len(x)))/2)**2"
        " + (sum((i + 1)*x[i] for i in range(len(x)))/2)**4",
        "One minimum in a plate-shaped valley that is very steep across.",
        Family((3.0, -2.0), _everywhere(0.0, (-5.0, 10.0))),
    ),
    any_dimension(
        "dixon-price",
        "Dixon-Price",
        "(x[0] - 1)**2 + sum((i + 1)*(2*x[i]**2 - x[i - 1])**2 for i in range(1, len(x)))",
        "A valley in which each variable must follow the one before it.",
        Family((-3.0, 4.0), _dixon_price),
    ),
    any_dimension(
        "sum-squares",
        "Sum of squares",
        "sum((i + 1)*x[i]**2 for i in range(len(x)))",
        "Convex, along the axes, conditioned as badly as the dimension is high.",
        Family((8.0, -6.0), _everywhere(0.0, (-10.0, 10.0))),
    ),
    any_dimension(
        "sum-different-powers",
        "Sum of different powers",
        "sum(abs(x[i])**(i + 2) for i in range(len(x)))",
        "Each variable flattens towards the minimum faster than the one before it.",
        Family((0.9, -0.8), _everywhere(0.0, (-1.0, 1.0)), most=99),  # the exponents of the language end at 100
    ),
    any_dimension(
        "rotated-hyper-ellipsoid",
        "Rotated hyper-ellipsoid",
        "sum((len(x) - i)*x[i]**2 for i in range(len(x)))",  # = sum over i of the first i + 1 squares
        "Convex: the sum of the spheres of the first one, two, … variables.",
        Family((40.0, -30.0), _everywhere(0.0, (-65.536, 65.536))),
    ),
    any_dimension(
        "trid",
        "Trid",
        "sum((x[i] - 1)**2 for i in range(len(x))) - sum(x[i]*x[i - 1] for i in range(1, len(x)))",
        "A convex quadratic whose minimum moves away from the origin as the dimension grows.",
        Family((0.0,), _trid, least=2),
    ),
    any_dimension(
        "powell",
        "Powell singular",
        "sum((x[4*i] + 10*x[4*i + 1])**2 + 5*(x[4*i + 2] - x[4*i + 3])**2 + (x[4*i + 1] - 2*x[4*i + 2])**4"
        " + 10*(x[4*i] - x[4*i + 3])**4 for i in range(len(x)//4))",
        "The matrix of second derivatives is singular at the minimum, which makes the end of the way slow. "
        "The dimension is a multiple of 4.",
        Family((3.0, -1.0, 0.0, 1.0), _everywhere(0.0, (-4.0, 5.0)), least=4, multiple=4),
    ),
    any_dimension(
        "michalewicz",
        "Michalewicz",
        "-sum(sin(x[i])*sin((i + 1)*x[i]**2/pi)**20 for i in range(len(x)))",
        "Steep, narrow valleys in a plane; away from them the gradient tells nothing.",
        Family((2.0, 1.5), _michalewicz, most=len(_MICHALEWICZ)),
    ),
    any_dimension(
        "salomon",
        "Salomon",
        "1 - cos(2*pi*sqrt(sum(x[i]**2 for i in range(len(x))))) + 0.1*sqrt(sum(x[i]**2 for i in range(len(x))))",
        "Rings around the minimum, higher with the distance; with a kink at the minimum itself.",
        Family((40.0, -30.0), _everywhere(0.0, (-100.0, 100.0))),
    ),
    any_dimension(
        "alpine-n1",
        "Alpine No. 1",
        "sum(abs(x[i]*sin(x[i]) + 0.1*x[i]) for i in range(len(x)))",
        "Kinks along lines in every direction, the minimum on one of the crossings.",
        Family((6.0, -4.0), _everywhere(0.0, (-10.0, 10.0))),
    ),
)
