"""Update rules as C functions: each formula is traced once and written down as straight-line code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ayla_core.optimizers import Rule
from ayla_core.program.graph import CONSTANT, INPUT, Graph, Value
from ayla_core.program.symbols import Symbol

_FORMULAS = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "abs": "ABSOLUTE({0})",
    "sign": "(REAL)(({0} > 0) - ({0} < 0))",
    "sqrt": "ROOT({0})",
    "min": "(({0} < {1}) | ({0} != {0})) ? {0} : {1}",
    "max": "(({0} > {1}) | ({0} != {0})) ? {0} : {1}",
    "lt": "{0} < {1} ? (REAL)1 : (REAL)0",
    "ne": "{0} != {1} ? (REAL)1 : (REAL)0",
    "where": "{0} != 0 ? {1} : {2}",
}

LEARNING_RATE = "lr"


class _RequestedNumbers(Mapping[str, Symbol]):
    """Numbers that come into being when a formula asks for them."""

    def __init__(self, graph: Graph, prefix: str) -> None:
        self._graph = graph
        self._prefix = prefix
        self.names: dict[str, int] = {}

    def __getitem__(self, name: str) -> Symbol:
        return Symbol(self._graph, self.names.setdefault(name, self._graph.input(self._prefix + name)))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class TracedRule:
    """A rule as a program.

    Attributes:
        rule: what was traced.
        numbers: the names it asks ``h`` for, but for the learning rate, in the order the kernels want them.
        graph: its program.
        after: places of the next parameters, then of the next memory in the order of ``rule.memory``.
        weights: places of the averaging weights before they are capped.
    """

    rule: Rule
    numbers: tuple[str, ...]
    graph: Graph
    after: tuple[int, ...]
    weights: tuple[int, ...]


def trace(rule: Rule) -> TracedRule:
    """Run the rule's formula on symbols."""
    graph = Graph()
    h, memory = _RequestedNumbers(graph, "h_"), _RequestedNumbers(graph, "m_")
    x, u, v = (Symbol(graph, graph.input(name)) for name in ("x", "u", "v"))
    h["ceiling"]
    weights = tuple(weight.place for weight in rule.weights(v, h))
    moved, remembered = rule.update(x, u, v, memory, h)
    after = (moved.place, *(remembered[name].place for name in rule.memory))
    return TracedRule(rule, tuple(name for name in h.names if name != LEARNING_RATE), graph, after, weights)


@dataclass(slots=True)
class _Writer:
    """Writes a program as C statements on local variables."""

    graph: Graph
    inputs: Mapping[str, str]
    lines: list[str] = field(default_factory=list)

    def write(self, results: tuple[int, ...]) -> list[str]:
        """Statements that compute the results; returns the expressions that name them."""
        names: dict[int, str] = {}
        for place in self.graph.needed(results):
            names[place] = self._name(self.graph.values[place], place, names)
        return [names[place] for place in results]

    def _name(self, value: Value, place: int, names: Mapping[int, str]) -> str:
        if value.operation == CONSTANT:
            return f"(REAL){value.number!r}"
        if value.operation == INPUT:
            return self.inputs[value.name]
        formula = _FORMULAS[value.operation].format(*(names[operand] for operand in value.operands))
        self.lines.append(f"const REAL t{place} = {formula};")
        return f"t{place}"


def lanes_function(traced: TracedRule) -> str:
    """C of one update of LANES trials, every number with a value of its own for each lane."""
    name, memory = traced.rule.name, traced.rule.memory
    inputs = _inputs(traced, "xs[j][k]", "us[j][k]", "v[k]", "ms[j * {count} + {place}][k]", "[k]")
    writer = _Writer(traced.graph, inputs)
    after = writer.write(traced.after)
    stores = [f"xs[j][k] = {after[0]};"]
    stores += [f"ms[j * {len(memory)} + {place}][k] = {value};" for place, value in enumerate(after[1:])]
    body = "\n      ".join(writer.lines + stores)
    return f"""
static void NAME({name}_lanes)(int64_t P, REAL* const* xs, const REAL* const* us, REAL* const* ms, const REAL* v,
    const REAL* const* h) {{
  for (int64_t j = 0; j < P; j++)
    EACH {{
      {body}
    }}
}}
"""


def over_function(traced: TracedRule) -> str:
    """C that says where an averaging weight is above its ceiling."""
    writer = _Writer(traced.graph, _inputs(traced, "0", "0", "v[k]", "0", "[k]"))
    weights = writer.write(traced.weights)
    ceiling = writer.inputs["h_ceiling"]
    over = " | ".join(f"({weight} > {ceiling})" for weight in weights) or "0"
    body = "\n      ".join([*writer.lines, f"over[k] = ({over}) ? (REAL)1 : (REAL)0;"])
    return f"""
static void NAME({traced.rule.name}_over)(const REAL* v, const REAL* const* h, REAL* over) {{
  (void)v; (void)h;
    EACH {{
      {body}
    }}
}}
"""


def flat_function(traced: TracedRule) -> str:
    """C of one update of consecutive parameters of one trial; says whether one is not finite."""
    memory = traced.rule.memory
    writer = _Writer(traced.graph, _inputs(traced, "x[k]", "u", "v", "m{place}[k]", "[0]"))
    after = writer.write(traced.after)
    stores = [f"x[k] = {after[0]};", f"bad |= ({after[0]}) * 0 != 0;"]
    stores += [f"m{place}[k] = {value};" for place, value in enumerate(after[1:])]
    pointers = "".join(f"  REAL* restrict m{place} = m + {place} * stride;\n" for place in range(len(memory)))
    body = "\n      ".join(writer.lines + stores)
    loops = [
        f"""
    for (int64_t k = first; k < end; k++) {{
      {gradient}
      {body}
    }}"""
        for gradient in ("const REAL u = g[k];", "const REAL u = PREPARED(g[k], x[k], p);")
    ]
    return f"""
static INTEGER NAME({traced.rule.name}_flat)(int64_t first, int64_t end, REAL* restrict x, const REAL* restrict g,
    REAL* restrict m, int64_t stride, REAL v, const REAL* const* h, const NAME(Preparation)* p) {{
{pointers}  (void)m; (void)stride; (void)h;
  INTEGER bad = 0; /* not a sum: the compiler would have to keep the order of its terms */
  if (!p->acts) {{{loops[0]}
  }} else {{{loops[1]}
  }}
  return bad;
}}
"""


def _inputs(traced: TracedRule, x: str, u: str, v: str, memory: str, index: str) -> dict[str, str]:
    names = {"x": x, "u": u, "v": v, f"h_{LEARNING_RATE}": f"h[0]{index}"}
    names |= {f"h_{name}": f"h[{place + 1}]{index}" for place, name in enumerate(traced.numbers)}
    count = len(traced.rule.memory)
    return names | {
        f"m_{name}": memory.format(count=count, place=place) for place, name in enumerate(traced.rule.memory)
    }
