"""Options that several calls share, as types: what ``compare`` takes, ``job.comparison`` takes too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from ayla._json import JSONObject
from ayla._transport import Params


class ComparisonOptions(TypedDict, total=False):
    """What a comparison is by; ``compare`` says what each is."""

    metric: str | None
    target: float | None
    confidence: float | None
    baseline: str | None
    target_metric: str | None
    minimum: float | None
    targets: Sequence[float] | None
    cost: str | None
    values: bool | None


class TrialChoice(TypedDict, total=False):
    """Which trials of a job are meant.

    Attributes:
        where: conditions such as "learning_rate>0.01", all of which trials have to meet.
        arm: only trials of this arm.
        states: only trials in these states, such as ``["completed", "diverged"]``.
        trials: places in the job, such as ``[0, 3]``, ``range(100)`` or "0-99,200".
        optimizer: place of a setting in the job's optimizers.
    """

    where: str | Iterable[str] | None
    arm: str | None
    states: str | Iterable[str] | None
    trials: str | Iterable[int] | None
    optimizer: int | None


class Thinning(TypedDict, total=False):
    """Which rows of a trajectory or of metrics are wanted.

    Attributes:
        columns: only these, such as ``["step", "loss"]`` or ``"loss"``; default: all.
        max_points: thin to about so many rows of a trial, keeping the lowest and highest value of each stretch.
        scale: with ``max_points``: stretches of equally many rows ("linear", the default), or "log" in the steps.
        from_step: from this step on.
        to_step: up to this step.
    """

    columns: str | Iterable[str] | None
    max_points: int | None
    scale: str | None
    from_step: int | None
    to_step: int | None


class SweepOptions(TypedDict, total=False):
    """By what settings of a sweep are judged.

    Attributes:
        metric: default: ``test_loss`` where there is a test part, ``full_train_loss`` of other datasets,
            ``final_loss`` of expressions.
        over_seeds: how values on several seeds become one: "median" (default), "mean" or "worst".
        minimum: the least possible loss, for ``gap``.
    """

    metric: str | None
    over_seeds: str | None
    minimum: float | None


def choice_params(choice: TrialChoice) -> Params:
    """The choice of trials as query parameters."""
    return {
        "where": names(choice.get("where")),
        "arm": choice.get("arm"),
        "states": joined(choice.get("states")),
        "trials": _places(choice.get("trials")),
        "optimizer": choice.get("optimizer"),
    }


def thinning_params(thinning: Thinning) -> Params:
    """The choice of rows as query parameters."""
    return {
        "columns": joined(thinning.get("columns")),
        "max_points": thinning.get("max_points"),
        "scale": thinning.get("scale"),
        "from_step": thinning.get("from_step"),
        "to_step": thinning.get("to_step"),
    }


def names(wanted: str | Iterable[str] | None) -> list[str] | None:
    """One name or several as a list."""
    return None if wanted is None else [wanted] if isinstance(wanted, str) else [*wanted]


def joined(wanted: str | Iterable[str] | None) -> str | None:
    """One name or several, separated by commas."""
    return wanted if wanted is None or isinstance(wanted, str) else ",".join(wanted)


def unknown_options(call: str, given: JSONObject, allowed: type) -> None:
    """Refuse keywords that a call does not take; type checkers see them before.

    Raises:
        TypeError: there is one.
    """
    for name in given:
        if name not in allowed.__annotations__:
            raise TypeError(f"{call}() got an unexpected keyword argument {name!r}")


def _places(trials: str | Iterable[int] | None) -> str | None:
    if isinstance(trials, range) and trials.step == 1 and len(trials):
        return f"{trials[0]}-{trials[-1]}"
    return trials if isinstance(trials, str) else listed(trials)


def listed(numbers: Iterable[object] | None) -> str | None:
    """Numbers as a query parameter has them."""
    return None if numbers is None else ",".join(map(str, numbers))
