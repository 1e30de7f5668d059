"""Adam with AYLA on an expression in JAX, with the bookkeeping of the engine: one ``jit(vmap(scan))``.

Needs the extra ``benchmark``. JAX takes its threads from the processors that the process may use when it is imported.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

Step = tuple[Any, ...]
BETA1, BETA2, EPSILON, CEILING = 0.9, 0.999, 1e-8, 1 - 1e-12


def polynomial(x: Any) -> Any:
    """Of the paper."""
    return x**4 - 3 * x**3 + 2


def rosenbrock(x: Any, y: Any) -> Any:
    """In two variables."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def ackley(x: Any) -> Any:
    """In any number of variables."""
    near = -20 * jnp.exp(-0.2 * jnp.sqrt((x**2).mean()))
    return near - jnp.exp(jnp.cos(2 * jnp.pi * x).mean()) + 20 + jnp.e


def styblinski_tang(x: Any) -> Any:
    """In any number of variables."""
    return (x**4 - 16 * x**2 + 5 * x).sum() / 2


LOSSES: dict[str, Callable[..., Any]] = {
    "polynomial": polynomial,
    "rosenbrock": rosenbrock,
    "ackley": ackley,
    "styblinski-tang": styblinski_tang,
}


def begin(start: tuple[Any, ...]) -> Step:
    """What a trial carries from step to step: x, moments, best loss and its step, steps below and above 1, capped
    ones, the step at which it diverged. x is a tuple of the loss's arguments."""
    x = tuple(jnp.array(value, dtype=jnp.float64) for value in start)
    zero = tuple(0 * value for value in x)
    return x, zero, zero, jnp.inf, -1, 0, 0, 0, -1


def make_step(
    loss: Callable[..., Any], rate: float, n1: Any, n2: Any, most: Any, carry: Step, t: Any
) -> tuple[Step, Any]:
    """One step of one trial."""
    x, m, s, best, best_step, below, above, capped, diverged = carry
    value, u = jax.value_and_grad(loss, argnums=tuple(range(len(x))))(*x)
    a = jnp.abs(value)
    n = jnp.where((a == 0) | (a == 1), 1.0, jnp.where(a < 1, n1, n2))
    raw = n * a ** (n - 1)
    v = jnp.minimum(raw, most)
    w1, w2 = v * (1 - BETA1), v * v * (1 - BETA2)
    is_over = (w1 > CEILING) | (w2 > CEILING) | (raw > most)
    w1, w2 = jnp.minimum(w1, CEILING), jnp.minimum(w2, CEILING)
    is_finite = jnp.isfinite(value)
    for place in x:
        is_finite &= jnp.isfinite(place).all()
    diverged = jnp.where((diverged < 0) & ~is_finite, t, diverged)
    lives = diverged < 0
    better = lives & (value < best)
    gain1, gain2 = rate / (1 - BETA1 ** (t + 1.0)), 1 / jnp.sqrt(1 - BETA2 ** (t + 1.0))
    m = jax.tree.map(lambda old, new: old * (1 - w1) + new * w1, m, u)
    s = jax.tree.map(lambda old, new: old * (1 - w2) + new * new * w2, s, u)
    roots = jax.tree.map(lambda square: jnp.sqrt(square) * gain2 + EPSILON * v, s)
    x = jax.tree.map(lambda old, mean, root: old - mean * gain1 / jnp.where(root == 0, 1.0, root), x, m, roots)
    return (
        x, m, s, jnp.where(better, value, best), jnp.where(better, t, best_step), below + (lives & (a > 0) & (a < 1)),
        above + (lives & (a > 1)), capped + (lives & is_over), diverged,
    ), None  # fmt: skip


def sweep(name: str, start: tuple[Any, ...], exponents: Any, rate: float, most: float, block: int) -> Callable[[], Any]:
    """A function that makes the next ``block`` steps of all trials and waits for them; each call goes on.

    Args:
        name: of ``LOSSES``.
        start: of every trial, one number or vector for each argument of the loss.
        exponents: N1 and N2, shape [2, trials].
        rate: the learning rate.
        most: the largest scale.
        block: steps of a call.
    """
    n1, n2 = jnp.asarray(exponents)

    def run(carry: Step, one: Any, two: Any, first: Any) -> Step:
        step = partial(make_step, LOSSES[name], rate, one, two, most)
        return jax.lax.scan(step, carry, first + jnp.arange(block))[0]

    # The trials lie side by side in memory, as in the engine: vectors of 10 one after the other are slower.
    last = (-1, -1, -1, *[0] * 6)
    advance = jax.jit(jax.vmap(run, in_axes=(last, 0, 0, None), out_axes=last))
    carry = jax.vmap(begin, in_axes=None, out_axes=last, axis_size=len(n1))(start)
    first = 0

    def call() -> Any:
        nonlocal carry, first
        carry = jax.block_until_ready(advance(carry, n1, n2, first))
        first += block
        return carry

    return call
