"""The C source of the kernels, put together for one library."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import resources

import torch

from ayla_core import draws
from ayla_core.native import rules
from ayla_core.native.rules import TracedRule
from ayla_core.norms import SPANS
from ayla_core.program.bytecode import CODES
from ayla_core.progress import COUNT, STOP

LANES = 64
MOST_NUMBERS = 16
MOST_STEP_NUMBERS = 16

FUNCTIONS = ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf")
"""Sleef's functions of one argument, in the order the kernels get their addresses; ``pow`` comes after them."""


def _span(dtype: torch.dtype) -> dict[str, str]:
    """The numbers of ``norms.SPANS`` as C."""
    return {name.upper(): f"((REAL){value.hex()})" for name, value in asdict(SPANS[dtype]).items()}


def _draws() -> str:
    """The numbers of ``draws`` as C."""
    ratios = {"CENTRE": draws.CENTRE, "TAIL": draws.TAIL, "FAR_TAIL": draws.FAR_TAIL}
    tables = {"LOG_EVEN": draws.LOG_EVEN, "LOG_ODD": draws.LOG_ODD}
    for name, ratio in ratios.items():
        tables |= {f"{name}_{part.upper()}": numbers for part, numbers in asdict(ratio).items()}
    lines = [f"static const double DRAWS_{name}[] = {{ {_listed(table)} }};" for name, table in tables.items()]
    lines += [f"#define DRAWS_{name} {value.hex()}" for name, value in (("LN2", draws.LN2), ("ROOT2", draws.ROOT2))]
    words = {"MULTIPLIERS": draws.MULTIPLIERS, "KEY_STEPS": draws.KEY_STEPS}
    lines += [f"static const uint32_t PHILOX_{name}[] = {{ {pair[0]}u, {pair[1]}u }};" for name, pair in words.items()]
    streams = ", ".join(f"STREAM_{stream.name} = {stream.value}" for stream in draws.Stream)
    return "\n".join([*lines, f"enum {{ PHILOX_ROUNDS = {draws.ROUNDS}, {streams} }};\n"])


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(number.hex() for number in numbers)


_EACH = """/* No lane reads what another one writes, so nothing has to be checked before a loop whose result takes the
   place of an operand. */
#define EACH _Pragma("GCC ivdep") for (int k = 0; k < LANES; k++)
"""

_TYPES = {
    "f64": {"REAL": "double", "INTEGER": "int64_t", "ABSOLUTE": "fabs", "ROOT": "sqrt"} | _span(torch.float64),
    "f32": {"REAL": "float", "INTEGER": "int32_t", "ABSOLUTE": "fabsf", "ROOT": "sqrtf"} | _span(torch.float32),
}


@dataclass(frozen=True, slots=True)
class _Kind:
    """Parts of a library's source, in order.

    Attributes:
        before: files that the rules need.
        rules: how each rule is written.
        after: files that need the rules.
    """

    before: tuple[str, ...]
    rules: tuple[Callable[[TracedRule], str], ...]
    after: tuple[str, ...]


_KINDS = {
    "expressions": _Kind(
        ("functions.c", "norms.c", "power.c", "draws.c", "interpreter.c"),
        (rules.over_function, rules.lanes_function),
        ("expressions.c",),
    ),
    "networks": _Kind(
        ("functions.c", "norms.c", "gradients.c"),
        (rules.over_function, rules.flat_function),
        ("layers.c", "products.c", "zeros.c", "forward.c", "losses.c", "networks.c"),
    ),
}


def library(kind: str, suffix: str, traced: Sequence[TracedRule]) -> str:
    """The C source of the kernels of a kind, for the floating-point type with this suffix."""
    parts_of = _KINDS[kind]
    words = "".join(f"#define {name} {word}\n" for name, word in _TYPES[suffix].items())
    parts = [
        _head(traced),
        words,
        f"#define NAME(x) x##_{suffix}\n",
        "typedef REAL NAME(Vector) __attribute__((vector_size(VECTOR_BYTES)));\n#define VECTOR NAME(Vector)\n",
        _EACH,
        _draws() if "draws.c" in parts_of.before else "",
        *(_text(name) for name in parts_of.before),
        *(function(rule) for rule in traced for function in parts_of.rules),
        *(
            _table(kind_of_function, traced)
            for kind_of_function in _SIGNATURES
            if _is_written(kind_of_function, parts_of.rules)
        ),
        *(_text(name) for name in parts_of.after),
    ]
    return "\n".join(parts)


def _head(traced: Sequence[TracedRule]) -> str:
    for item in traced:
        if len(item.numbers) > MOST_NUMBERS:
            raise ValueError(f"{item.rule.name} asks for {len(item.numbers)} numbers; the kernels hold {MOST_NUMBERS}.")
    operations = ", ".join(f"OP_{name} = {code}" for name, code in CODES.items())
    sleef = ", ".join(f"SLEEF_{name}" for name in FUNCTIONS)
    memory = ", ".join(str(len(item.rule.memory)) for item in traced)
    numbers = ", ".join(str(len(item.numbers)) for item in traced)
    return f"""
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
enum {{ LANES = {LANES}, MOST_NUMBERS = {MOST_NUMBERS}, MOST_STEP_NUMBERS = {MOST_STEP_NUMBERS} }};
enum {{ {operations} }};
enum {{ {sleef}, SLEEF_UNARY }};
static const int RULE_MEMORY[] = {{ {memory} }};
static const int RULE_NUMBERS[] = {{ {numbers} }};
int vector_bytes(void) {{ return VECTOR_BYTES; }}
/* Counts a progress report; returns whether the computation is to go on. Any thread may call it. */
static int report_progress(int64_t* progress) {{
  __atomic_fetch_add(&progress[{COUNT}], 1, __ATOMIC_RELAXED);
  return !__atomic_load_n(&progress[{STOP}], __ATOMIC_RELAXED);
}}
"""


_SIGNATURES = {
    "lanes": "void (*const NAME(RULE_LANES)[])(int64_t, REAL* const*, const REAL* const*, REAL* const*, const REAL*, "
    "const REAL* const*)",
    "over": "void (*const NAME(RULE_OVER)[])(const REAL*, const REAL* const*, REAL*)",
    "flat": "INTEGER (*const NAME(RULE_FLAT)[])(int64_t, int64_t, REAL*, const REAL*, REAL*, int64_t, REAL, "
    "const REAL* const*, const NAME(Preparation)*)",
}


def _is_written(function: str, write: Sequence[Callable[[TracedRule], str]]) -> bool:
    return any(item.__name__ == f"{function}_function" for item in write)


def _table(function: str, traced: Sequence[TracedRule]) -> str:
    """The functions of one kind by the number of their rule."""
    names = ", ".join(f"NAME({item.rule.name}_{function})" for item in traced)
    return f"static {_SIGNATURES[function]} = {{ {names} }};\n"


def _text(name: str) -> str:
    return resources.files("ayla_core.native").joinpath(name).read_text(encoding="utf-8")
