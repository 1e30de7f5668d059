"""Test functions of a vector with waves. Generated from the job spec's functions by `make client`."""

from collections.abc import Iterable

from ayla._json import JSONObject
from ayla.builders.problems import Start, known_function

__all__ = ["ackley", "alpine_n1", "griewank", "levy", "michalewicz", "rastrigin", "salomon", "schwefel"]


def rastrigin(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Rastrigin: a regular grid of local minima.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        "10*len(x) + sum(x[i]**2 - 10*cos(2*pi*x[i]) for i in range(len(x)))",
        customary={"x": [2.3, -1.7]},
        domain={"x": (-5.12, 5.12)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def ackley(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Ackley: a nearly flat outer region around a deep, pointed hole.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        (
            "-20*exp(-0.2*sqrt(mean(x[i]**2 for i in range(len(x))))) - exp(mean(cos(2*pi*x[i]) for i in "
            "range(len(x)))) + e + 20"
        ),
        customary={"x": [1.6, -0.9]},
        domain={"x": (-32.768, 32.768)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def griewank(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Griewank: thousands of shallow minima on a wide bowl; coarse steps see only the bowl.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        "1 + sum(x[i]**2 for i in range(len(x)))/4000 - prod(cos(x[i]/sqrt(i + 1)) for i in range(len(x)))",
        customary={"x": [100.0, -200.0]},
        domain={"x": (-600.0, 600.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def levy(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Levy: waves along every axis on top of a bowl.

    Its minimum is 0, at x = [1.0, 1.0], in 2 dimensions.
    """
    return known_function(
        (
            "sin(pi*(3 + x[0])/4)**2 + sum(((x[i] - 1)/4)**2*(1 + 10*sin(pi*(3 + x[i])/4 + 1)**2) for i in "
            "range(len(x) - 1)) + ((x[len(x) - 1] - 1)/4)**2*(1 + sin(2*pi*(3 + x[len(x) - 1])/4)**2)"
        ),
        customary={"x": [-6.0, 7.0]},
        domain={"x": (-10.0, 10.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def schwefel(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Schwefel: the lowest minimum is far from the second lowest, near a corner of the domain.

    Its minimum is 0, at x = [420.968746359982, 420.968746359982], in 2 dimensions.
    """
    return known_function(
        "418.9828872724338*len(x) - sum(x[i]*sin(sqrt(abs(x[i]))) for i in range(len(x)))",
        customary={"x": [300.0, -350.0]},
        domain={"x": (-500.0, 500.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def michalewicz(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Michalewicz: steep, narrow valleys in a plane; away from them the gradient tells nothing.

    Its minimum is -1.80130341, at x = [2.2029055201726093, 1.5707963267948966], in 2 dimensions.
    """
    return known_function(
        "-sum(sin(x[i])*sin((i + 1)*x[i]**2/pi)**20 for i in range(len(x)))",
        customary={"x": [2.0, 1.5]},
        domain={"x": (0.0, 3.141592653589793)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def salomon(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Salomon: rings around the minimum, higher with the distance; with a kink at the minimum itself.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        ("1 - cos(2*pi*sqrt(sum(x[i]**2 for i in range(len(x))))) + 0.1*sqrt(sum(x[i]**2 for i in range(len(x))))"),
        customary={"x": [40.0, -30.0]},
        domain={"x": (-100.0, 100.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )


def alpine_n1(
    dimension: int | None = None,
    *,
    x: Start | Iterable[Start] | None = None,
    noise: float | None = None,
    random: bool = False,
) -> JSONObject:
    """Alpine No. 1: kinks along lines in every direction, the minimum on one of the crossings.

    Its minimum is 0, at x = [0.0, 0.0], in 2 dimensions.
    """
    return known_function(
        "sum(abs(x[i]*sin(x[i]) + 0.1*x[i]) for i in range(len(x)))",
        customary={"x": [6.0, -4.0]},
        domain={"x": (-10.0, 10.0)},
        given={"x": x},
        noise=noise,
        random=random,
        dimension=dimension,
    )
