"""Training of the network in JAX, with batches, bookkeeping and evaluation of the engine: one ``jit(scan)`` over steps.

Needs the extra ``benchmark``. JAX takes its threads from the processors that the process may use when it is imported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from ayla_core.objectives.batches import SampleOrder

from measure.images import BATCH, WIDTHS
from measure.plain import LEARNING_RATES

BETA1, BETA2, EPSILON, CEILING = 0.9, 0.999, 1e-8, float(np.nextafter(np.float32(1), np.float32(0)))
_AT_ONCE = 250

Pair = tuple[Any, Any]
"""Inputs and labels."""


@dataclass(frozen=True, slots=True)
class Run:
    """What distinguishes one kind of run: its optimizer, 'sgd' or 'adam', and N1 and N2, both 1 without AYLA."""

    optimizer: str
    n1: float
    n2: float


def begin(seed: int) -> tuple[Any, ...]:
    """W1, b1, W2, b2."""
    generator, (before, hidden, after) = np.random.RandomState(seed), WIDTHS
    shapes = (before, hidden), (hidden,), (hidden, after), (after,)
    return tuple(generator.uniform(-1, 1, shape).astype(np.float32) / np.sqrt(shape[0]) for shape in shapes)


def losses(weights: Any, inputs: Any, labels: Any) -> tuple[Any, Any]:
    """The mean loss of some samples, and how many answers are right."""
    w1, b1, w2, b2 = weights
    outputs = jax.nn.relu(inputs @ w1 + b1) @ w2 + b2
    logarithms = jax.nn.log_softmax(outputs)
    loss = -jnp.take_along_axis(logarithms, labels[:, None], 1).mean()
    return loss, (outputs.argmax(-1) == labels).sum()


def make_step(kind: Run, data: Pair, carry: Any, now: Any) -> tuple[Any, Any]:
    """One step: what is carried on, and what is recorded of it."""
    x, m, s, best, best_step, below, above, capped, diverged, loss_sum, right_sum = carry
    places, t = now
    (loss, right), u = jax.value_and_grad(losses, has_aux=True)(x, data[0][places], data[1][places])
    a = jnp.abs(loss)
    n = jnp.where((a == 0) | (a == 1), 1.0, jnp.where(a < 1, kind.n1, kind.n2))
    power = a ** (n - 1)
    v = n * power
    rate = LEARNING_RATES[kind.optimizer]
    norm = jnp.sqrt(sum((each * each).sum() for each in u))
    w1, w2 = v * (1 - BETA1), v * v * (1 - BETA2)
    if kind.optimizer == "sgd":
        is_over = False
        x = jax.tree.map(lambda old, slope: old - rate * v * slope, x, u)
    else:
        is_over = (w1 > CEILING) | (w2 > CEILING)
        w1, w2 = jnp.minimum(w1, CEILING), jnp.minimum(w2, CEILING)
        gain1, gain2 = rate / (1 - BETA1 ** (t + 1.0)), 1 / jnp.sqrt(1 - BETA2 ** (t + 1.0))
        m = jax.tree.map(lambda old, new: old * (1 - w1) + new * w1, m, u)
        s = jax.tree.map(lambda old, new: old * (1 - w2) + new * new * w2, s, u)
        x = jax.tree.map(
            lambda old, mean, square: old - mean * gain1 / (jnp.sqrt(square) * gain2 + EPSILON * v), x, m, s
        )
    is_finite = jnp.isfinite(loss) & jnp.isfinite(norm)
    better = is_finite & (loss < best)
    diverged = jnp.where((diverged < 0) & ~is_finite, t, diverged)
    best, best_step = jnp.where(better, loss, best), jnp.where(better, t, best_step)
    below, above, capped = below + ((a > 0) & (a < 1)), above + (a > 1), capped + is_over
    sums = loss_sum + loss * len(places), right_sum + right
    return (x, m, s, best, best_step, below, above, capped, diverged, *sums), (
        loss,
        loss * power,
        v,
        rate * v * norm,
        norm,
    )


class Training:
    """Some runs of one kind that differ in their seeds; each call goes on.

    Args:
        kind: of the runs.
        seeds: of the runs.
        train: inputs and labels.
        test: likewise, or None.
        batched: several runs in one ``vmap`` rather than one after the other, which is faster on one thread.
    """

    def __init__(self, kind: Run, seeds: Sequence[int], train: Pair, test: Pair | None, *, batched: bool) -> None:
        self._order = SampleOrder(seeds, len(train[0]), BATCH)
        self._train = tuple(map(jnp.asarray, train))
        self._test = None if test is None else tuple(map(jnp.asarray, test))
        starts = [begin(seed) for seed in seeds]
        x = tuple(jnp.stack(parts) for parts in zip(*starts, strict=True))
        memory = jax.tree.map(jnp.zeros_like, x) if kind.optimizer == "adam" else ()
        real, whole = jnp.float32, jnp.int32
        numbers = [
            jnp.full(len(seeds), value, kind)
            for value, kind in (
                (jnp.inf, real),
                (-1, whole),
                (0, whole),
                (0, whole),
                (0, whole),
                (-1, whole),
                (0, real),
                (0, whole),
            )
        ]
        self._carry = (x, memory, jax.tree.map(jnp.copy, memory), *numbers)
        self._advance = jax.jit(partial(_advance, kind, batched), donate_argnums=1)
        self._evaluate = jax.jit(_evaluate)
        self._step = 0

    def advance(self, steps: int) -> list[npt.NDArray[Any]]:
        """Make some full steps; gives the columns of every step, shape [runs, steps] each."""
        places, _ = self._order.of_steps(self._step, steps)
        assert places is not None
        times = jnp.arange(self._step, self._step + steps)
        self._carry, columns = self._advance(self._train, self._carry, places, times)
        self._step += steps
        jax.block_until_ready(self._carry)
        return [np.asarray(column) for column in columns]

    def evaluate(self) -> list[npt.NDArray[Any]]:
        """Mean loss and right answers of each model on the test part."""
        return [np.asarray(found) for found in self._evaluate(self._test, self._carry[0])]


def _advance(kind: Run, batched: bool, data: Pair, carry: Any, places: Any, times: Any) -> Any:  # noqa: FBT001
    def run(one: Any, order: Any) -> Any:
        return jax.lax.scan(partial(make_step, kind, data), one, (order, times))

    if len(places) == 1:
        found = run(jax.tree.map(lambda item: item[0], carry), places[0])
        return jax.tree.map(lambda item: item[None], found)
    return jax.vmap(run)(carry, places) if batched else jax.lax.map(lambda each: run(*each), (carry, places))


def _evaluate(data: Pair, x: Any) -> Any:
    pieces = jax.tree.map(lambda item: item.reshape(-1, _AT_ONCE, *item.shape[1:]), data)

    def of_one(weights: Any) -> Any:
        found = jax.lax.map(lambda piece: losses(weights, *piece), pieces)
        return found[0].mean(), found[1].sum()

    return jax.lax.map(of_one, x)
