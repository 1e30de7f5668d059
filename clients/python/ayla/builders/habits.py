"""Words that users of other libraries know: some work, others are answered with ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ayla._json import JSONObject, without_none
from ayla.builders.axes import Number

Betas = tuple[Number, Number]
"""Decay rates of the first and of the second moment, as torch takes them."""

_NOT_NEEDED = "it is not needed: the service computes all trials of a job at once"
_WARM_UP = "a warm-up is part of a schedule: schedule=ayla.schedules.cosine(warmup_steps=100)"

WORDS: Mapping[str, str] = {
    "eps": "it is epsilon here",
    "beta_1": "it is beta1 here, or betas=(0.9, 0.999) for both",
    "beta_2": "it is beta2 here, or betas=(0.9, 0.999) for both",
    "b1": "it is beta1 here",
    "b2": "it is beta2 here",
    "lr_decay": "it is learning_rate_decay here, of adagrad; other optimizers take schedule=ayla.schedules.…",
    "initial_accumulator_value": "it is initial_accumulator here",
    "clipnorm": "it is clip_norm here",
    "global_clipnorm": "it is clip_norm here",
    "max_norm": "it is clip_norm here",
    "max_grad_norm": "it is clip_norm here",
    "clipvalue": "it is clip_value here",
    "l2": "it is weight_decay here",
    "wd": "it is weight_decay here",
    "decoupled_weight_decay": "ayla.adamw has a decoupled weight_decay",
    "decay": "the decay rate of rmsprop is alpha here; that of a learning rate is schedule=ayla.schedules.…",
    "rho": "the decay rate of rmsprop is alpha here; rho is one of adadelta",
    "amsgrad": "it is an optimizer of its own: ayla.amsgrad(0.001)",
    "use_nesterov": "it is nesterov here",
    "scheduler": "it is schedule here, from ayla.schedules",
    "lr_scheduler": "it is schedule here, from ayla.schedules",
    "warmup": _WARM_UP,
    "warmup_steps": _WARM_UP,
    "n1": "the exponents of AYLA are ayla=ayla.transform(n1=…, n2=…)",
    "n2": "the exponents of AYLA are ayla=ayla.transform(n1=…, n2=…)",
    "name": "a name for tables is label here",
    "maximize": "losses are minimized; to maximize an expression write a minus before it",
    "params": "there are no parameters to give: the service makes those of the problem itself",
    "foreach": _NOT_NEEDED,
    "fused": _NOT_NEEDED,
    "capturable": _NOT_NEEDED,
    "differentiable": _NOT_NEEDED,
}
"""What to write instead of a word that an optimizer has in another library."""

JOB_WORDS: Mapping[str, str] = {
    "optimizer": "it is optimizers here, a list: optimizers=[ayla.adam(0.01)]",
    "steps": "it is budget here: budget=1000",
    "max_steps": "it is budget here: budget=1000",
    "iterations": "it is budget here: budget=1000",
    "epochs": 'it is part of the budget: budget={"epochs": 20}',
    "num_epochs": 'it is part of the budget: budget={"epochs": 20}',
    "seed": "it is seeds here: seeds=[0], or seeds=5 for five of them",
    "n_seeds": "it is seeds here: seeds=5",
    "num_seeds": "it is seeds here: seeds=5",
    "n_trials": "it is a design here: search=ayla.random(64), with axes such as ayla.log(1e-4, 0.1)",
    "batch_size": "it belongs to the problem: ayla.dataset(…, batch_size=32)",
    "model": "it belongs to the problem: ayla.dataset(…, model=ayla.mlp(128))",
    "dataset": "it is a problem: problem=ayla.dataset(…)",
    "expression": "it is a problem: problem=ayla.expression(…)",
    "preset": 'it is a problem: problem=ayla.preset("poly-sgd")',
    "function": "it is a problem: problem=ayla.functions.rosenbrock()",
    "objective": 'it is a problem: problem=ayla.expression("x**2", x=1.0)',
    "metric": "it is asked for afterwards: client.compare(job, metric=…)",
    "timeout": 'it is a limit: limits={"seconds": 600}',
    "grid": "it is search here: search=ayla.grid()",
}
"""What to write instead of a word that a job has in another library."""


def unexpected(call: str, given: Iterable[str], allowed: Iterable[str], words: Mapping[str, str] = WORDS) -> None:
    """Refuse keywords that a call does not take, and say what to write instead.

    Raises:
        TypeError: there is one.
    """
    known = {*allowed}
    for word in given:
        if word not in known:
            instead = f"; {words[word]}" if word in words else ""
            raise TypeError(f"{call}() got an unexpected keyword argument {word!r}{instead}")


def one_learning_rate(call: str, learning_rate: Any, lr: Number | None) -> Number:
    """The learning rate, as ``learning_rate`` or as ``lr``.

    Raises:
        TypeError: there is none, or there are two; also where the first argument is a text, or
            a list of parameters, as in torch.
    """
    if isinstance(learning_rate, str):
        raise TypeError(f"{call}() takes a number as learning rate, not {learning_rate!r}")
    if learning_rate is not None and not isinstance(learning_rate, Mapping) and isinstance(learning_rate, Iterable):
        several = "Several rates: ayla.values(0.01, 0.1)."
        raise TypeError(f"{call}() takes the learning rate first; {WORDS['params']}. {several}")
    if learning_rate is not None and lr is not None:
        raise TypeError(f"{call}() got the learning rate twice, as learning_rate and as lr")
    found: Any = lr if learning_rate is None else learning_rate
    if found is None:
        raise TypeError(f"{call}() needs a learning rate: {call}(0.01), or {call}(lr=0.01)")
    rate: Number = found
    return rate


def two_betas(call: str, beta1: Number | None, beta2: Number | None, betas: Betas | None) -> JSONObject:
    """The decay rates, by themselves or as a pair.

    Raises:
        TypeError: both are given, or the pair is none.
    """
    if betas is None:
        return without_none(beta1=beta1, beta2=beta2)
    if beta1 is not None or beta2 is not None:
        raise TypeError(f"{call}() got betas, and beta1 or beta2 too")
    pair: Any = betas
    if isinstance(pair, str | Mapping) or not isinstance(pair, Iterable) or len([*pair]) != 2:
        raise TypeError(f"{call}() takes two betas, as in betas=(0.9, 0.999), not {betas!r}")
    return dict(zip(("beta1", "beta2"), betas, strict=True))
