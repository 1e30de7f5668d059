"""The body of a submission, from a whole spec or from its fields."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from ayla._json import Settings, to_json, without_none


class JobFields(TypedDict, total=False):
    """The fields of a job spec, as ``submit`` takes them."""

    problem: Settings | None
    optimizers: Iterable[Settings] | None
    budget: int | Settings | None
    seeds: int | Iterable[int] | None
    search: Settings | None
    name: str | None
    tags: Iterable[str] | None
    record: Settings | None
    device: str | None
    dtype: str | None
    priority: str | None
    limits: Settings | None
    project: str | None
    notes: str | None


def spec_body(spec: Settings | None, fields: Settings) -> Any:
    """A job spec as JSON.

    Args:
        spec: the whole spec, or None.
        fields: else its fields; None leaves one out.

    Raises:
        TypeError: both are given, or neither says what to minimize, or the budget or seeds are no whole numbers.
        InvalidRequest: JSON has no form for a part of it.
    """
    unknown = [name for name in fields if name not in JobFields.__annotations__]
    if unknown:
        raise TypeError(f"submit() got an unexpected keyword argument {unknown[0]!r}")
    known = without_none(**fields)
    known |= without_none(budget=_budget(known.get("budget")), seeds=_seeds(known.get("seeds")))
    if spec is not None and known:
        raise TypeError(f"Give a whole spec or its fields, not both; here also {', '.join(known)}.")
    if spec is None and "problem" not in known:
        raise TypeError(
            "Nothing to minimize: give a spec, or problem=ayla.expression(...), ayla.dataset(...) or ayla.preset(...)."
        )
    return to_json(known if spec is None else spec)


def changed_fields(fields: Settings) -> Settings:
    """Fields that replace those of another spec; None takes one away."""
    changed = dict(fields)
    if "budget" in changed:
        changed["budget"] = _budget(changed["budget"])
    if "seeds" in changed:
        changed["seeds"] = _seeds(changed["seeds"])
    return changed


def _budget(budget: int | Settings | None) -> Settings | None:
    """A number of any integer type, NumPy's too, as the service takes it."""
    if budget is None or isinstance(budget, Mapping):
        return budget
    return {"steps": _whole(budget, "/budget", "a whole number of steps")}


def _seeds(seeds: int | Iterable[int] | None) -> Iterable[int] | None:
    """A number of seeds as the first ones: 5 is 0, 1, 2, 3, 4."""
    if seeds is None or isinstance(seeds, Iterable):
        return seeds
    count = _whole(seeds, "/seeds", "a number of seeds, nor a list of them")
    if count < 1:
        raise TypeError(f"/seeds: {seeds!r} is not a number of seeds: at least 1. The seed 0 alone is seeds=[0].")
    return range(count)


def _whole(number: object, pointer: str, wanted: str) -> int:
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise TypeError(f"{pointer}: {number!r} is not {wanted}.")
    return operator.index(number)
