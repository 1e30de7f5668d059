"""The builders of the catalogue's test functions, from those of the job spec."""

import re
import textwrap
from collections.abc import Iterable, Iterator

from ayla_spec.functions import TEST_FUNCTIONS, TestFunction
from ayla_spec.functions.model import Family

_MODULE = '''"""{title}. Generated from the job spec's functions by `make client`."""

from collections.abc import Iterable

from ayla._json import JSONObject
from ayla.builders.problems import Start, known_function

__all__ = [{names}]
'''

_INIT = '''"""Test functions of optimization whose minimum is known, each as a problem: ``functions.rosenbrock(10)``.

Generated from the job spec's functions by `make client`.
"""

{imports}

__all__ = [{names}]
'''


_TITLES = {
    "plane": "Test functions of one or two variables",
    "polynomials": "Test functions of a vector without waves",
    "waves": "Test functions of a vector with waves",
}


def texts() -> dict[str, str]:
    """The modules, and the one that offers all."""
    modules: dict[str, list[TestFunction]] = {name: [] for name in _TITLES}
    for one in TEST_FUNCTIONS:
        modules["plane" if one.family is None else "waves" if _has_waves(one) else "polynomials"].append(one)
    imports = "\n".join(
        f"from ayla.builders.functions.{name} import {', '.join(map(_name, functions))}"
        for name, functions in modules.items()
    )
    offered = _INIT.format(imports=imports, names=_quoted(TEST_FUNCTIONS))
    return {name: _module(_TITLES[name], functions) for name, functions in modules.items()} | {"__init__": offered}


def _has_waves(function: TestFunction) -> bool:
    return any(wave in function.expression for wave in ("sin(", "cos("))


def _module(title: str, functions: list[TestFunction]) -> str:
    bodies = ["\n".join(_function(one)) for one in functions]
    return "\n\n".join([_MODULE.format(title=title, names=_quoted(functions)), *bodies]) + "\n"


def _quoted(functions: Iterable[TestFunction]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(map(_name, functions)))


def _name(function: TestFunction) -> str:
    return function.name.replace("-", "_")


def _function(function: TestFunction) -> Iterator[str]:
    family = function.family
    kind = "Start | Iterable[Start]" if family else "Start"
    parameters = ["dimension: int | None = None"] if family else []
    parameters += ["*", *(f"{variable}: {kind} | None = None" for variable in function.start)]
    parameters += ["noise: float | None = None", "random: bool = False"]
    yield f"def {_name(function)}({', '.join(parameters)}) -> JSONObject:"
    said = f"{function.title}: {function.description[:1].lower()}{function.description[1:]}"
    lines = [said] if len(said) <= 112 else [f"{function.title}.", "", *textwrap.wrap(function.description, 112)]
    told = [*lines, "", *_minimum(function)]
    yield textwrap.indent('"""' + "\n".join(told) + '\n"""', "    ")
    domain = {name: tuple(function.domain_of(name)) for name in function.start}
    given = ", ".join(f'"{name}": {name}' for name in function.start)
    passed = [_in_pieces(function.expression), f"customary={_written(function.start)}", f"domain={domain!r}"]
    passed += [f"given={{{given}}}", "noise=noise", "random=random"]
    if family is not None:
        passed.append("dimension=dimension")
        passed += [] if family.multiple == 1 else [f"multiple={family.multiple}"]
        passed += [] if _same_domain(family) else ["same_domain=False"]
    yield f"    return known_function({', '.join(passed)})\n"


def _in_pieces(expression: str) -> str:
    """A text as literals that fit a line."""
    if len(expression) < 100:
        return repr(expression)
    pieces = re.findall(r".{1,95}(?: |$)", expression)
    return f"({' '.join(map(repr, pieces))})"


def _written(start: object) -> str:
    return repr({name: list(value) if isinstance(value, tuple) else value for name, value in dict(start).items()})  # type: ignore[call-overload]


def _minimum(function: TestFunction) -> Iterator[str]:
    points = "; or ".join(
        ", ".join(f"{name} = {value}" for name, value in point.items()) for point in function.minimizers
    )
    where = f"Its minimum is {function.minimum:.10g}, at {points}"
    of = f", in {len(next(iter(function.minimizers[0].values())))} dimensions" if function.family else ""  # type: ignore[arg-type]
    yield from textwrap.wrap(f"{where}{of}.", 112)


def _same_domain(family: Family) -> bool:
    """Whether the customary domain is the same in all dimensions."""
    dimensions = [one * family.multiple for one in range(1, 6) if one * family.multiple >= family.least]
    return len({family.minimum(dimension).domain for dimension in dimensions if dimension <= family.most}) == 1
