"""The power of a loss in the kernels: bounds against exact arithmetic, the ends of the range, neighbours."""

import ctypes
import decimal
import math
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pytest
import torch
from ayla_core import Engine, checkpoint
from ayla_core.devices import threads
from ayla_core.native.library import kernels, pointer
from ayla_core.native.source import LANES
from ayla_spec.trials import plan_trials

from tests.core.batches import CPU, needs_a_compiler, preset

pytestmark = needs_a_compiler

Floats = npt.NDArray[np.float64]
_EXACT = decimal.Context(prec=60, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


def aligned(numbers: npt.ArrayLike) -> Floats:
    """The numbers at an address that the kernels' vectors take."""
    values = np.asarray(numbers, dtype=np.float64)
    room = np.empty(values.nbytes + 64, dtype=np.uint8)
    first = -room.ctypes.data % 64
    array: Floats = room[first : first + values.nbytes].view(np.float64)
    array[:] = values
    return array


def powers(bases: npt.ArrayLike, exponents: npt.ArrayLike) -> Floats:
    """base ** exponent by the kernels, LANES at a time; the last block is filled up with 1 ** 0."""
    library = kernels("expressions", torch.float64)
    assert library is not None
    left, right = np.asarray(bases, dtype=np.float64), np.asarray(exponents, dtype=np.float64)
    missing = -len(left) % LANES
    left, right = np.append(left, np.ones(missing)), np.append(right, np.zeros(missing))
    alive, results = aligned(np.ones(LANES)), np.empty_like(left)
    for first in range(0, len(left), LANES):
        here = slice(first, first + LANES)
        arrays = [aligned(np.zeros(LANES)), aligned(left[here]), aligned(right[here]), alive]
        library.function("raise_sizes")(*(ctypes.c_void_p(pointer(array)) for array in arrays))
        results[here] = arrays[0]
    return results[: len(results) - missing]


def worst_error(bases: Floats, exponents: Floats) -> float:
    """The largest error in units of the last place."""
    found = zip(bases.tolist(), exponents.tolist(), powers(bases, exponents).tolist(), strict=True)
    return max(_error(*each) for each in found)


def _error(base: float, exponent: float, power: float) -> float:
    exact = _EXACT.power(Decimal(base), Decimal(exponent))
    return float(abs(Decimal(power) - exact) / Decimal(math.ulp(float(exact))))


@pytest.mark.parametrize(("least", "most", "bound"), [(0, 32, 1.2), (32, 128, 2.5), (128, 1019, 16)])
def test_errors_are_within_the_bounds_of_the_decision(least: int, most: int, bound: float) -> None:
    random = np.random.default_rng(5)
    sizes = np.exp(np.concatenate([random.uniform(-700, 700, 600), random.uniform(-1, 1, 600)]))
    # the ends of the range of the logarithm's series, where its error is largest
    sizes = np.append(sizes, np.sqrt([0.5, 2] * 200) * (1 + 1e-3 * random.standard_normal(400)))
    results = random.uniform(least, most, len(sizes)) * random.choice([-1, 1], len(sizes))
    assert worst_error(sizes, results / np.log2(sizes)) < bound


def test_near_1_the_logarithm_loses_nothing() -> None:
    random = np.random.default_rng(6)
    sizes = 1 + random.choice([-1, 1], 600) * 10 ** random.uniform(-15, -1, 600)
    assert worst_error(sizes, random.uniform(-1, 1, 600)) < 1
    assert worst_error(sizes, random.uniform(-200, 200, 600)) < 1.2


def test_the_ends_of_the_range() -> None:
    infinity, nan = math.inf, math.nan
    cases = [
        (0.0, 0.5, 0.0), (0.0, -0.5, infinity), (0.0, 0.0, 1.0), (infinity, 0.5, infinity), (infinity, -0.5, 0.0),
        (infinity, 0.0, 1.0), (nan, 0.5, nan), (nan, 0.0, 1.0), (1.0, 1e300, 1.0), (1e300, 2.0, infinity),
        (1e-300, 2.0, 0.0), (3.0, infinity, infinity), (3.0, -infinity, 0.0), (0.5, infinity, 0.0), (3.0, nan, nan),
        (4.0, -537.0, 5e-324), (4.0, 511.5, 2.0**1023), (0.25, 0.5, 0.5), (5e-324, 0.5, 2.0**-537),
        (2.0**-1022, -0.5, 2.0**511), (2.0**-1060, 1.0, 2.0**-1060), (2.0**1023, 1.0, 2.0**1023),
        (2.0, -1030.0, 2.0**-1030),
    ]  # fmt: skip
    bases, exponents, expected = (np.array(column) for column in zip(*cases, strict=True))
    np.testing.assert_array_equal(powers(bases, exponents), expected)


def test_neighbours_change_no_bit() -> None:
    """Neither by their place nor by being rare, so that the whole block is computed in another way too."""
    random = np.random.default_rng(7)
    sizes, exponents = np.exp(random.uniform(-30, 30, 63)), random.uniform(-1, 1, 63)
    alone = powers(sizes, exponents)
    for rare in (0.0, 5e-324, math.inf, math.nan):
        np.testing.assert_array_equal(powers([*sizes, rare], [*exponents, 0.5])[:63], alone)
        np.testing.assert_array_equal(powers([rare, *sizes[::-1]], [0.5, *exponents[::-1]])[1:], alone[::-1])


def test_a_checkpoint_of_the_earlier_power_is_not_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = preset("poly-adam", budget={"steps": 20})
    trials = plan_trials(spec)
    assert threads() == 1
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "_OF_EXPRESSIONS", "")
        earlier = Engine(spec, trials, CPU)
        earlier.advance(5)
        saved = earlier.checkpoint()
    with pytest.raises(checkpoint.CheckpointError, match="another version of the engine"):
        Engine(spec, trials, CPU).restore(saved)
