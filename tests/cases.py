"""Many cases of one test, where each takes a moment."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any


def each(
    names: str | tuple[str, ...], cases: Iterable[Any], ids: Iterable[str] | Callable[[Any], object] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """``pytest.mark.parametrize`` in one test, with a subtest for each case: all are tried, each that fails is told.

    To set a test up, run it and report it takes longer than a case that compares a few numbers. The cases share their
    fixtures, so they must leave these as they were.

    Args:
        names: arguments that a case has a value for.
        cases: a value each, or as many as there are names.
        ids: what to call the cases, or how; default: their values.
    """
    named = [names] if isinstance(names, str) else list(names)
    values = list(cases)
    called = [ids(value) for value in values] if callable(ids) else values if ids is None else list(ids)

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def every_case(**fixtures: Any) -> None:
            subtests = fixtures["subtests"] if wants_subtests else fixtures.pop("subtests")
            for name, value in zip(called, values, strict=True):
                with subtests.test(str(name)[:80]):
                    test(**fixtures, **dict(zip(named, [value] if len(named) == 1 else value, strict=True)))

        parameters = inspect.signature(test).parameters
        wants_subtests = "subtests" in parameters
        needed = [parameter for name, parameter in parameters.items() if name not in {*named, "subtests"}]
        needed.append(inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY))
        every_case.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # where pytest looks for fixtures
            [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in needed]
        )
        return every_case

    return decorate
