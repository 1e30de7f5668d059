"""Test functions of a vector without waves. Generated from the job spec's functions by `make client`."""

from collections.abc import Iterable

from ayla._json import JSONObject
from ayla.builders.problems import Start, known_function

__all__ = [
    "dixon_price",
    "powell",
    "rosenbrock",
    "rotated_hyper_ellipsoid",
    "sphere",
    "styblinski_tang",
    "sum_different_powers",
    "sum_squares",
    "trid",
    "zakharov",
]


def sphere(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Sphere: convex and perfectly conditioned; anything that fails here is broken.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        "sum(x[i]**2 for i in range(len(x)))",
        customary={"x": [3.0, -2.0]},
        domain={"x": (-5.12, 5.12)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def rosenbrock(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Rosenbrock: a narrow curved valley: easy to enter, slow to follow.

    Its minimum is 0, at x = [1.0, 1.0], in 2 dimensions.
    """
    return known_function(
        "sum(100*(x[i + 1] - x[i]**2)**2 + (1 - x[i])**2 for i in range(len(x) - 1))",
        customary={"x": [-1.2, 1.0]},
        domain={"x": (-5.0, 10.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def styblinski_tang(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Styblinski-Tang: several minima of different, negative depth; the loss changes sign on the way.

    Its minimum is -78.33233141, at x = [-2.903534027771177, -2.903534027771177], in 2 dimensions.
    """
    return known_function(
        "0.5*sum(x[i]**4 - 16*x[i]**2 + 5*x[i] for i in range(len(x)))",
        customary={"x": [0.5, -0.5]},
        domain={"x": (-5.0, 5.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def zakharov(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Zakharov: one minimum in a plate-shaped valley that is very steep across.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        (
            "sum(x[i]**2 for i in range(len(x))) + (sum((i + 1)*x[i] for i in range(len(x)))/2)**2 + (sum((i "
            "+ 1)*x[i] for i in range(len(x)))/2)**4"
        ),
        customary={"x": [3.0, -2.0]},
        domain={"x": (-5.0, 10.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def dixon_price(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Dixon-Price: a valley in which each variable must follow the one before it.

    Its minimum is 0, at x = [1.0, 0.7071067811865476]; or x = [1.0, -0.7071067811865476], in 2 dimensions.
    """
    return known_function(
        "(x[0] - 1)**2 + sum((i + 1)*(2*x[i]**2 - x[i - 1])**2 for i in range(1, len(x)))",
        customary={"x": [-3.0, 4.0]},
        domain={"x": (-10.0, 10.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def sum_squares(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Sum of squares: convex, along the axes, conditioned as badly as the dimension is high.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        "sum((i + 1)*x[i]**2 for i in range(len(x)))",
        customary={"x": [8.0, -6.0]},
        domain={"x": (-10.0, 10.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def sum_different_powers(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Sum of different powers: each variable flattens towards the minimum faster than the one before it.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        "sum(abs(x[i])**(i + 2) for i in range(len(x)))",
        customary={"x": [0.9, -0.8]},
        domain={"x": (-1.0, 1.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def rotated_hyper_ellipsoid(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Rotated hyper-ellipsoid: convex: the sum of the spheres of the first one, two, … variables.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        "sum((len(x) - i)*x[i]**2 for i in range(len(x)))",
        customary={"x": [40.0, -30.0]},
        domain={"x": (-65.536, 65.536)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def trid(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Trid: a convex quadratic whose minimum moves away from the origin as the dimension grows.

    Its minimum is -2, at x = [2.0, 2.0], in 2 dimensions.
    """
    return known_function(
        "sum((x[i] - 1)**2 for i in range(len(x))) - sum(x[i]*x[i - 1] for i in range(1, len(x)))",
        customary={"x": [0.0, 0.0]},
        domain={"x": (-4.0, 4.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
        same_domain=False,
    )


def powell(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Powell singular.

    The matrix of second derivatives is singular at the minimum, which makes the end of the way slow. The dimension
    is a multiple of 4.

    Its minimum is 0, at x = [0.0, 0.0, 0.0, 0.0], in 4 dimensions.
    """
    return known_function(
        (
            "sum((x[4*i] + 10*x[4*i + 1])**2 + 5*(x[4*i + 2] - x[4*i + 3])**2 + (x[4*i + 1] - 2*x[4*i + "
            "2])**4 + 10*(x[4*i] - x[4*i + 3])**4 for i in range(len(x)//4))"
        ),
        customary={"x": [3.0, -1.0, 0.0, 1.0]},
        domain={"x": (-4.0, 5.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
        multiple=4,
    )
