"""Test functions of one or two variables. Generated from the job spec's functions by `make client`."""

from ayla._json import JSONObject
from ayla.builders.problems import Start, known_function

__all__ = [
    "beale",
    "bohachevsky",
    "booth",
    "branin",
    "bukin_n6",
    "cross_in_tray",
    "drop_wave",
    "easom",
    "eggholder",
    "goldstein_price",
    "himmelblau",
    "holder_table",
    "matyas",
    "mccormick",
    "monkey_saddle",
    "saddle_polynomial",
    "six_hump_camel",
    "three_hump_camel",
]


def saddle_polynomial(*, x: Start | None = None, noise: float | None = None, random: bool = False) -> JSONObject:
    """Quartic with a saddle: the paper's polynomial: a flat saddle point at 0 lies between the start and the minimum.

    Its minimum is -6.54296875, at x = 2.25.
    """
    return known_function(
        "x**4 - 3*x**3 + 2",
        customary={"x": -1.0},
        domain={"x": (-10.0, 10.0)},
        given={"x": x},
        noise=noise,
        random=random,
    )


def himmelblau(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Himmelblau: four equal minima; which one is found depends on the path.

    Its minimum is 0, at x = 3.0, y = 2.0; or x = -2.805118086952745, y = 3.131312518250573; or x =
    -3.779310253377747, y = -3.28318599128617; or x = 3.584428340330492, y = -1.848126526964404.
    """
    return known_function(
        "(x**2 + y - 11)**2 + (x + y**2 - 7)**2",
        customary={"x": 0.0, "y": 0.0},
        domain={"x": (-5.0, 5.0), "y": (-5.0, 5.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def beale(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Beale: flat regions with steep walls at the corners.

    Its minimum is 0, at x = 3.0, y = 0.5.
    """
    return known_function(
        "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2",
        customary={"x": 1.0, "y": 1.0},
        domain={"x": (-4.5, 4.5), "y": (-4.5, 4.5)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def booth(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Booth: a convex quadratic with correlated variables.

    Its minimum is 0, at x = 1.0, y = 3.0.
    """
    return known_function(
        "(x + 2*y - 7)**2 + (2*x + y - 5)**2",
        customary={"x": -5.0, "y": -5.0},
        domain={"x": (-10.0, 10.0), "y": (-10.0, 10.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def matyas(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Matyas: a convex quadratic, 25 times steeper across its diagonal valley than along it.

    Its minimum is 0, at x = 0.0, y = 0.0.
    """
    return known_function(
        "0.26*(x**2 + y**2) - 0.48*x*y",
        customary={"x": 8.0, "y": -6.0},
        domain={"x": (-10.0, 10.0), "y": (-10.0, 10.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def monkey_saddle(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Monkey saddle, bounded: a degenerate saddle at the origin with three ways down.

    Its minimum is -104.46875, at x = -7.5, y = 0.0.
    """
    return known_function(
        "x**3 - 3*x*y**2 + 0.1*(x**2 + y**2)**2 + 1",
        customary={"x": 0.6, "y": 0.001},
        domain={"x": (-10.0, 10.0), "y": (-10.0, 10.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def mccormick(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """McCormick: a tilted, gently waved plane; lower minima lie outside the domain.

    Its minimum is -1.913222955, at x = -0.5471975511965976, y = -1.5471975511965976.
    """
    return known_function(
        "sin(x + y) + (x - y)**2 - 1.5*x + 2.5*y + 1",
        customary={"x": 3.0, "y": 3.0},
        domain={"x": (-1.5, 4.0), "y": (-3.0, 4.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def three_hump_camel(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Three-hump camel: three minima in a row; the middle one is the lowest.

    Its minimum is 0, at x = 0.0, y = 0.0.
    """
    return known_function(
        "2*x**2 - 1.05*x**4 + x**6/6 + x*y + y**2",
        customary={"x": 2.5, "y": -1.0},
        domain={"x": (-5.0, 5.0), "y": (-5.0, 5.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def six_hump_camel(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Six-hump camel: six minima, two of them lowest.

    Its minimum is -1.031628453, at x = 0.08984201310031807, y = -0.7126564030207396; or x = -0.08984201310031807, y
    = 0.7126564030207396.
    """
    return known_function(
        "(4 - 2.1*x**2 + x**4/3)*x**2 + x*y + (4*y**2 - 4)*y**2",
        customary={"x": 2.0, "y": 1.0},
        domain={"x": (-3.0, 3.0), "y": (-2.0, 2.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def goldstein_price(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Goldstein-Price: values from 3 to a million within a small square; the scale of the gradient changes as much.

    Its minimum is 3, at x = 0.0, y = -1.0.
    """
    return known_function(
        (
            "(1 + (x + y + 1)**2*(19 - 14*x + 3*x**2 - 14*y + 6*x*y + 3*y**2))*(30 + (2*x - 3*y)**2*(18 - "
            "32*x + 12*x**2 + 48*y - 36*x*y + 27*y**2))"
        ),
        customary={"x": -1.0, "y": 1.0},
        domain={"x": (-2.0, 2.0), "y": (-2.0, 2.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def easom(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Easom: a single hole in a plane so flat that a gradient tells nothing a few units away.

    Its minimum is -1, at x = 3.141592653589793, y = 3.141592653589793.
    """
    return known_function(
        "-cos(x)*cos(y)*exp(-((x - pi)**2 + (y - pi)**2))",
        customary={"x": 2.0, "y": 4.0},
        domain={"x": (-100.0, 100.0), "y": (-100.0, 100.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def branin(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Branin: three equal minima in a curved valley.

    Its minimum is 0.3978873577, at x = -3.141592653589793, y = 12.275; or x = 3.141592653589793, y = 2.275; or x =
    9.42477796076938, y = 2.475.
    """
    return known_function(
        "(y - 5.1/(4*pi**2)*x**2 + 5/pi*x - 6)**2 + 10*(1 - 1/(8*pi))*cos(x) + 10",
        customary={"x": 0.0, "y": 0.0},
        domain={"x": (-5.0, 10.0), "y": (0.0, 15.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def bohachevsky(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Bohachevsky No. 1: a bowl with ripples that matter only near its bottom.

    Its minimum is 0, at x = 0.0, y = 0.0.
    """
    return known_function(
        "x**2 + 2*y**2 - 0.3*cos(3*pi*x) - 0.4*cos(4*pi*y) + 0.7",
        customary={"x": 80.0, "y": -60.0},
        domain={"x": (-100.0, 100.0), "y": (-100.0, 100.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def bukin_n6(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Bukin No. 6: a curved ridge of minima in which the derivative is infinite.

    Its minimum is 0, at x = -10.0, y = 1.0.
    """
    return known_function(
        "100*sqrt(abs(y - 0.01*x**2)) + 0.01*abs(x + 10)",
        customary={"x": -7.0, "y": 1.5},
        domain={"x": (-15.0, -5.0), "y": (-3.0, 3.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def cross_in_tray(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Cross-in-tray: four equal minima among many, cut by a cross of kinks; it needs float64.

    Its minimum is -2.062611871, at x = 1.3494066171539107, y = 1.3494066171539107; or x = 1.3494066171539107, y =
    -1.3494066171539107; or x = -1.3494066171539107, y = 1.3494066171539107; or x = -1.3494066171539107, y =
    -1.3494066171539107.
    """
    return known_function(
        "-0.0001*(abs(sin(x)*sin(y)*exp(abs(100 - sqrt(x**2 + y**2)/pi))) + 1)**0.1",
        customary={"x": 4.0, "y": -3.0},
        domain={"x": (-10.0, 10.0), "y": (-10.0, 10.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def eggholder(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Eggholder: deep minima everywhere; the lowest of the domain lies on its border, so a free search leaves it.

    Its minimum is -959.6406627, at x = 512.0, y = 404.2318051137578.
    """
    return known_function(
        "-(y + 47)*sin(sqrt(abs(y + x/2 + 47))) - x*sin(sqrt(abs(x - (y + 47))))",
        customary={"x": 100.0, "y": 100.0},
        domain={"x": (-512.0, 512.0), "y": (-512.0, 512.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def holder_table(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Holder table: many minima; the four lowest are near the corners, and outside the domain it falls further.

    Its minimum is -19.20850257, at x = 8.055023475736563, y = 9.664590019241272; or x = 8.055023475736563, y =
    -9.664590019241272; or x = -8.055023475736563, y = 9.664590019241272; or x = -8.055023475736563, y =
    -9.664590019241272.
    """
    return known_function(
        "-abs(sin(x)*cos(y)*exp(abs(1 - sqrt(x**2 + y**2)/pi)))",
        customary={"x": 5.0, "y": 7.0},
        domain={"x": (-10.0, 10.0), "y": (-10.0, 10.0)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )


def drop_wave(
    *, x: Start | None = None, y: Start | None = None, noise: float | None = None, random: bool = False
) -> JSONObject:
    """Drop-wave: rings of waves around the minimum, each of which holds a search.

    Its minimum is -1, at x = 0.0, y = 0.0.
    """
    return known_function(
        "-(1 + cos(12*sqrt(x**2 + y**2)))/(0.5*(x**2 + y**2) + 2)",
        customary={"x": 1.5, "y": -1.0},
        domain={"x": (-5.12, 5.12), "y": (-5.12, 5.12)},
        given={"x": x, "y": y},
        noise=noise,
        random=random,
    )
