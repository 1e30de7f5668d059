"""The body of a submission, from a whole spec or from its fields."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict, Unpack

from ayla._json import JSONObject, Settings, to_json, without_none
from ayla.builders.habits import JOB_WORDS, unexpected


class JobFields(TypedDict, total=False):
    """The fields of a job spec, as ``submit`` takes them."""

    problem: Settings | None
    optimizers: Settings | Iterable[Settings] | None
    budget: int | Settings | None
    seeds: int | Iterable[int] | None
    search: Settings | None
    name: str | None
    tags: str | Iterable[str] | None
    record: Settings | None
    device: str | None
    dtype: str | None
    priority: str | None
    limits: Settings | None
    project: str | None
    notes: str | None


def spec(**fields: Unpack[JobFields]) -> JSONObject:
    """A whole job spec from its fields, for ``jobs.submit_many``, a file, or to be submitted later.

    Args:
        **fields: as of ``jobs.submit``: ``spec(problem=expression("x**2", x=1.0), optimizers=adam(0.1), budget=100)``.

    Raises:
        TypeError: there is no problem, or the budget or the seeds are no whole numbers.
        InvalidRequest: a part of it cannot be written as JSON.
    """
    made: JSONObject = spec_body(None, {**fields})
    return made


def spec_body(spec: Settings | None, fields: Settings) -> Any:
    """A job spec as JSON.

    Args:
        spec: the whole spec, or None.
        fields: else its fields; None leaves one out.

    Raises:
        TypeError: both are given, or neither says what to minimize, or the budget or seeds are no whole numbers.
        InvalidRequest: JSON has no form for a part of it.
    """
    unexpected("submit", fields, JobFields.__annotations__, JOB_WORDS)
    known = changed_fields(without_none(**fields))
    if spec is not None and known:
        raise TypeError(f"Give a whole spec or its fields, not both; here also {', '.join(known)}.")
    if spec is None and "problem" not in known:
        raise TypeError(
            "Nothing to minimize: give a spec, or problem=ayla.expression(...), ayla.dataset(...) or ayla.preset(...)."
        )
    return to_json(known if spec is None else spec)


def changed_fields(fields: Settings) -> JSONObject:
    """Fields as the service takes them: a number as budget and as seeds, one optimizer as a list of one.

    Raises:
        TypeError: the budget or the seeds are no whole numbers.
    """
    convert: Mapping[str, Callable[[Any], Any]] = {
        "budget": _budget,
        "seeds": _seeds,
        "optimizers": _several,
        "tags": _several,
    }
    return {name: convert[name](value) if name in convert else value for name, value in fields.items()}


def _several(value: Any) -> Any:
    """One optimizer or tag as a list of one."""
    return [value] if isinstance(value, str | Mapping) else value


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
