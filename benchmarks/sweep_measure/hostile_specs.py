"""Specs of up to 1 MiB that are as much work as can be to validate: valid ones, and ones that are refused."""

import json
from collections.abc import Iterator
from typing import Any

MOST_BYTES = 1_048_576
"""Of the body of a request."""

_PLAIN: dict[str, Any] = {
    "problem": {"type": "expression", "expression": "x**2", "start": {"x": 1.0}},
    "optimizers": [{"name": "adam", "learning_rate": 0.1}],
    "budget": {"steps": 100},
}
_NUMBERS = ("learning_rate", "beta1", "beta2", "epsilon", "weight_decay", "clip_norm", "clip_value")
_DIGITS = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "mlp"}}
_VECTOR = "sum(x[i]**2 for i in range(len(x)))"
_DRAWN = {"low": 0.1, "high": 0.9}
_COUNTED = {"low": 0.1, "high": 0.9, "count": 10_000}


def bodies() -> Iterator[tuple[str, bytes]]:
    """Each shape by its name, as it is sent."""
    yield from ((name, json.dumps(spec).encode()) for name, spec in _valid())
    yield from ((name, json.dumps(spec).encode()) for name, spec in _refused())
    yield from _no_specs()


def _valid() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "a grid of a million, 1 kB", _PLAIN | {"optimizers": [_arm(_COUNTED | {"count": 1000}, 2)]}
    yield "100 arms with 7 tied lists", _PLAIN | _tied([_listed(160, 7)] * 100)
    # With a backslash and a colon that is no field's the body is parsed again, to see whether a field stands twice.
    for text, name in (("a colon", ":"), ("a colon and a backslash", ":\\")):
        yield (
            f"the same in float32, with {text}",
            _PLAIN | _tied([_listed(160, 7)] * 100) | {"dtype": "float32", "name": name},
        )
    yield "15 arms with a list of 7,000", _PLAIN | {"optimizers": [_listed(7000, 1)] * 15}
    yield "100 arms with tied counts, shuffled", _PLAIN | _tied([_arm(_COUNTED, 7)] * 100, order="shuffled")
    for design in ("random", "sobol"):
        search = {"design": design, "settings": 10_000}
        yield f"100 arms of a million counted points, {design}", _PLAIN | _searched([_arm(_COUNTED, 7)] * 100, search)
        yield f"100 arms of a million drawn points, {design}", _PLAIN | _searched([_arm(_DRAWN, 2)] * 100, search)
    problem = _DIGITS | {"model": {"name": "mlp", "hidden": [{"low": 1, "high": 64}]}}
    batches = {"batch_size": {"low": 1, "high": 15}}
    yield (
        "a million points with widths and batch sizes, sobol",
        _PLAIN | _searched([_arm(_DRAWN, 1)], {"design": "sobol", "settings": 1_000_000}, problem=problem | batches),
    )
    counted = {"batch_size": {"low": 1, "high": 15, "count": 15}}
    widths = {"model": {"name": "mlp", "hidden": [{"low": 1, "high": 64, "count": 64}]}}
    yield (
        "960 problems in a grid",
        _PLAIN
        | {
            "problem": _DIGITS | widths | counted,
            "optimizers": [_arm(_COUNTED | {"count": 1000}, 1)],
        },
    )
    yield "100 arms on a start of 1,000 with 20 axes", _vector([{"values": [i / 10 for i in range(1, 50)]}] * 20, 100)
    yield "a start of 11 lists of 10,000, tied", _vector([{"values": [i / 1e5 for i in range(1, 10_001)]}] * 11, 1)
    yield (
        "100 optimizers with everything",
        _PLAIN
        | {
            "optimizers": [_arm(0.1 + place / 1e3, 7) | {"ayla": {"n1": 0.5}} for place in range(100)],
            "seeds": list(range(1000)),
            "tags": [f"{place:02}" + "é" * 48 for place in range(20)],
            "notes": "é" * 10_000,
        },
    )
    yield (
        "an expression at its bounds",
        _PLAIN
        | {
            "problem": {
                "type": "expression",
                "expression": "+".join(["sum(sin(x[i])*cos(x[i])**2 for i in range(len(x)))"] * 8),
                "start": {"x": [0.5] * 150},
            }
        },
    )


def _refused() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "21 lists of 9,000 texts", _PLAIN | {"optimizers": [_arm({"values": ["a"] * 9000}, 7)] * 3}
    yield "one list of 250,000 texts", _PLAIN | {"optimizers": [_arm({"values": ["a"] * 200_000}, 1)]}
    yield "one list of 250,000 numbers", _PLAIN | {"optimizers": [_arm({"values": [0.1] * 200_000}, 1)]}
    yield "lists of numbers out of range", _PLAIN | {"optimizers": [_arm({"values": [-1.0] * 1400}, 7)] * 17}
    yield (
        "100 arms with 100 wrong values in each of 7 axes",
        _PLAIN | {"optimizers": [_arm({"values": [-1.0] * 100}, 7)] * 100},
    )
    yield "100 arms with objects for numbers", _PLAIN | {"optimizers": [_arm({"low": "a", "high": []}, 7)] * 100}
    yield "30,000 optimizers", _PLAIN | {"optimizers": [{"name": "sgd", "learning_rate": 1}] * 2400}
    yield "140,000 optimizers that are texts", _PLAIN | {"optimizers": ["adam"] * 120_000}
    yield "340,000 seeds", _PLAIN | {"seeds": list(range(140_000))}
    yield "the same seed 500,000 times", _PLAIN | {"seeds": [0] * 340_000}
    yield "unknown fields", _PLAIN | {"optimizers": [_arm(0.1, 1) | {f"k{i}": 1 for i in range(45)}] * 100}
    yield "90,000 fields", _PLAIN | {f"k{place}": 1 for place in range(75_000)}
    yield (
        "paths that are none",
        _PLAIN
        | {
            "search": {"share": ["q" * 100] * 20, "together": [["w" * 100] * 20] * 20},
            "optimizers": [_arm({"values": [0.1]}, 1)] * 100,
        },
    )
    yield "50,000 paths", _PLAIN | {"search": {"together": [["beta1"] * 5000] * 20}}
    yield "a start of 200,000", _vector([0.5] * 200_000, 1)
    yield "an expression of 1 MiB", _PLAIN | {"problem": {"type": "expression", "expression": "x+" * 520_000 + "x"}}
    yield (
        "an expression that is expanded too far",
        _PLAIN
        | {
            "problem": {
                "type": "expression",
                "expression": "sum(sum(x[i]*x[j] for j in range(len(x))) for i in range(len(x)))",
                "start": {"x": [0.5] * 1000},
            }
        },
    )
    yield "brackets in brackets", _PLAIN | {"problem": {"type": "expression", "expression": "(" * 2000 + ")" * 2000}}


def _no_specs() -> Iterator[tuple[str, bytes]]:
    """Bodies that are no specs, or hardly JSON."""
    marks = '"name": "' + "\u0301\u0323" * 260_000 + '"'
    yield "a name of 500,000 marks", ("{" + marks + "," + json.dumps(_PLAIN)[1:]).encode()
    yield (
        "a number of a million digits",
        b'{"optimizers": [{"name": "adam", "learning_rate": 0.' + b"1" * 1_040_000 + b"}]}",
    )
    yield "integers of 4,000 digits", b'{"seeds": [' + b",".join([b"9" * 4000] * 260) + b"]}"
    yield "lists in lists", b"[" * 500_000 + b"]" * 500_000
    yield "objects in lists", b"[" + b",".join([b"{}"] * 340_000) + b"]"
    yield (
        "lists in lists in a field",
        b'{"optimizers": ' + b"[" * 400 + b"]" * 400 + b', "x": [' + b",".join([b"[]"] * 340_000) + b"]}",
    )
    yield "escapes", b'{"notes": "' + b"\\u00e9" * 170_000 + b'"}'
    yield "not closed", b'{"notes": "' + b"a" * 1_000_000
    yield "a field 80,000 times", b"{" + b",".join([b'"name": "a"'] * 80_000) + b"}"


def _arm(value: Any, numbers: int) -> dict[str, Any]:
    """Adam with the same for its first so many numbers."""
    return {"name": "adam", "learning_rate": 0.1} | dict.fromkeys(_NUMBERS[:numbers], value)


def _listed(values: int, numbers: int) -> dict[str, Any]:
    """Adam with lists of other values for its first so many numbers."""
    lists = ([round(0.1 + (place + axis) * 7e-5, 6) for place in range(values)] for axis in range(numbers))
    return {"name": "adam", "learning_rate": 0.1} | dict(
        zip(_NUMBERS, ({"values": one} for one in lists), strict=False)
    )


def _tied(arms: list[dict[str, Any]], **search: Any) -> dict[str, Any]:
    return _searched(arms, {"together": [list(_NUMBERS)]} | search)


def _searched(arms: list[dict[str, Any]], search: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"optimizers": arms, "search": search} | more


def _vector(start: list[Any], arms: int) -> dict[str, Any]:
    """A start of many numbers, of which some are axes that move together."""
    axes = [f"problem.start.x.{place}" for place, value in enumerate(start) if isinstance(value, dict)]
    start = start + [1.0] * (1000 - len(start))
    problem = {"type": "expression", "expression": _VECTOR, "start": {"x": start}}
    search = {"search": {"together": [axes]}} if axes else {}
    return _PLAIN | {"problem": problem, "optimizers": [_arm(0.1, 1)] * arms} | search
