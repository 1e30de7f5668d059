"""Writes docs/job-spec.md from the models that check job specs: ``make job-spec``.

A test compares the committed page with this one.
"""

import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from ayla_service.http.examples import JOB_EXAMPLES
from ayla_spec import JobSpec
from ayla_spec.axes import RangeAxis, ValuesAxis
from ayla_spec.datasets import AnyDataset
from ayla_spec.expression import COMPARISONS, CONSTANTS, FUNCTIONS, OPERATORS, REDUCTIONS
from ayla_spec.jobspec import Limits, RecordOverride, SubmittedBudget
from ayla_spec.limits import MAX_EXPRESSION_LENGTH, MAX_TRIAL_STEPS, MAX_TRIALS
from ayla_spec.networks import LOSSES_OF_CLASSES, LOSSES_OF_NUMBERS, AnyInitialization, AnyModel
from ayla_spec.optimizers import OPTIMIZERS, AnySchedule, Ayla
from ayla_spec.optimizers.base import Optimizer
from ayla_spec.presets import PRESETS
from ayla_spec.problems import DatasetProblem, ExpressionProblem, PresetProblem
from ayla_spec.search import SubmittedSearch
from ayla_spec.starts import DISTRIBUTIONS, Normal, Uniform
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tests.docs.job_spec_examples import as_yaml, examples

Model = type[BaseModel]
Schema = Mapping[str, Any]

_TOLD = "Says which it is."
_COMMON = tuple(Optimizer.model_fields)

GROUPS: dict[str, tuple[str, tuple[Model, ...]]] = {
    "Problems": ("One of these, told apart by `type`.", (ExpressionProblem, DatasetProblem, PresetProblem)),
    "Random starts": (
        "In `start` of an expression, what each trial draws with its seed; [randomness.md](randomness.md) says how.",
        DISTRIBUTIONS,
    ),
    "Axes": (
        (
            "In place of a number of which a job tries several: any number of an optimizer, its schedule and AYLA, the "
            "batch size and the widths of a model, the numbers of a start. An optimizer has a setting for each point "
            "of its axes, and a trial for each setting and seed."
        ),
        (ValuesAxis, RangeAxis),
    ),
    "Search": ("In `search` of a job whose numbers are axes.", (SubmittedSearch,)),
    "Budget, record and limits": (
        "A budget has `steps` or `epochs`, not both.",
        (SubmittedBudget, RecordOverride, Limits),
    ),
    "AYLA": ("", (Ayla,)),
    "Schedules": ("In `schedule` of an optimizer, told apart by `name`.", get_args(AnySchedule)),
    "Datasets": ("In `dataset` of a problem, told apart by `name`.", get_args(AnyDataset)),
    "Models": ("In `model` of a problem, told apart by `name`.", get_args(AnyModel)),
    "Initializations": ("In `initialization` of a model, told apart by `name`.", get_args(AnyInitialization)),
}

INTRODUCTION = """\
# The job spec

A job spec says what to optimize, with which optimizers, for how long, and with which seeds. It is one document, written
as YAML or JSON; each optimizer is run once with each seed, and each such run is a *trial*. Numbers can be
[axes](#axes): then there is a run for each of their points. Three fields are needed: `problem`, `optimizers` and
`budget`. A whole job file:

```yaml
{first}```

Save it as `job.yaml`. With a service running (`make serve`, <http://127.0.0.1:8642>) this submits it, follows the job
and prints how the optimizers compare:

    .venv/bin/ayla submit -f job.yaml --watch

From Python it is `client.jobs.submit(...)`, and over HTTP the same document as JSON is the body of `POST /v1/jobs`:

    curl http://127.0.0.1:8642/v1/jobs -H 'Content-Type: application/json' -d @job.json

[Examples in all three forms](#examples) are below. `POST /v1/jobs:validate` says what a spec would be without running
it. What is wrong with a spec is told field by field: `/optimizers/0/learning_rate` is the first optimizer's learning
rate.

Fields that are not listed here are refused, and so are numbers in quotes. A field that is left out has its default. A
job has at most {trials} trials and {steps} steps in all. This page is written by
`make job-spec` from the models that check the specs; the catalogue (`GET /v1/catalogue`) has the same for programs.
"""


def page() -> str:
    """The whole page."""
    whole = JOB_EXAMPLES["comparison"]["value"]
    first = as_yaml({name: whole[name] for name in ("name", "problem", "optimizers", "budget", "seeds")})
    introduction = INTRODUCTION.format(first=first, trials=_grouped(MAX_TRIALS), steps=_grouped(MAX_TRIAL_STEPS))
    parts = [introduction, "## Fields of a job", _table(JobSpec), "## Optimizers", *_optimizers()]
    for title, (note, models) in GROUPS.items():
        parts += [f"## {title}", *filter(None, [note]), *(part for model in models for part in _section(model, title))]
    parts += ["## Losses", *_losses(), "## Expressions", *_expressions(), "## Presets", *_presets()]
    return "\n\n".join(part.strip("\n") for part in [*parts, "## Examples", *examples()]) + "\n"


def _optimizers() -> Iterator[str]:
    yield "A list of them, told apart by `name`. All have these fields:"
    yield _table(Optimizer, leave_out=("name",))
    for settings in OPTIMIZERS:
        yield f"### `{_name(settings)}`: {settings.title}"
        yield _text(settings)
        yield _table(settings, leave_out=tuple(name for name in _COMMON if name != "name"))


def _section(model: Model, group: str) -> Iterator[str]:
    if model.__name__ != group and model is not Ayla:
        yield f"### `{_name(model)}`"
    yield _text(model)
    yield _table(model)


def _losses() -> Iterator[str]:
    lines = [f"| `{name}` | numbers | {text} |" for name, text in LOSSES_OF_NUMBERS.items()]
    lines += [f"| `{name}` | classes | {text} |" for name, text in LOSSES_OF_CLASSES.items()]
    yield "\n".join(["| loss | targets | what it is |", "|---|---|---|", *lines])


def _expressions() -> Iterator[str]:
    yield (
        f"Text of at most {MAX_EXPRESSION_LENGTH} characters on one line, in plain letters: numbers, the variables of "
        f"`start`, `{' '.join(OPERATORS.values())}`, parentheses, and the functions below. Every variable of "
        "`start` is used. Multiplication is always written: `2*x`, never `2x`. Decimals have a point. "
        f"Constants: {', '.join(f'`{name}`' for name in CONSTANTS)}. A variable whose start is a list, or a "
        "distribution with a dimension, is a vector: `x[0]` is its first number, `len(x)` their count. Conditions, in "
        "`where` only, compare with "
        f"`{' '.join(COMPARISONS.values())}`."
    )
    lines = [f"| `{name}` | {_cell(function.description)} |" for name, function in FUNCTIONS.items()]
    lines += [f"| `{name}` | {_cell(text)} |" for name, text in REDUCTIONS.items()]
    yield "\n".join(["| function | what it is |", "|---|---|", *lines])


def _presets() -> Iterator[str]:
    lines = [f"| `{name}` | {preset.title} | {preset.paper_section} |" for name, preset in PRESETS.items()]
    yield "\n".join(["| preset | experiment | section of the paper |", "|---|---|---|", *lines])


def _table(model: Model, leave_out: tuple[str, ...] = ()) -> str:
    """A row for each field."""
    schemas = model.model_json_schema()["properties"]
    fields = {name: field for name, field in model.model_fields.items() if name not in leave_out}
    rows = [_row(name, field, schemas[name]) for name, field in fields.items()]
    rows.sort(key=lambda row: _TOLD not in row)  # what a model is told by comes first
    return "\n".join(["| field | value | default | meaning |", "|---|---|---|---|", *rows])


def _row(name: str, field: FieldInfo, schema: Schema) -> str:
    if "const" in schema:
        return f"| `{name}` | `{schema['const']}` | **required** | {_TOLD} |"
    return f"| `{name}` | {_kind(schema)} | {_default(field)} | {_cell(field.description or '')} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return f"`{_name(type(value))}`" if _tag(type(value)) else "its defaults"
    if value is None:
        return "none"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _kind(schema: Schema) -> str:
    """What a value can be, in words."""
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    if options:
        return " or ".join(dict.fromkeys(_kind(option) for option in options))
    if "$ref" in schema:
        return _link(schema["$ref"])
    if "oneOf" in schema:
        return _choice(schema)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`".replace('"', "")
    match schema.get("type"):
        case "array":
            return f"list{_count(schema)} of {_plural(_kind(schema['items']))}"
        case "object":
            return _link(schema["title"]) if "properties" in schema else f"object: name → {_values(schema)}"
        case "string":
            return f"text, at most {schema['maxLength']} characters" if "maxLength" in schema else "text"
        case "boolean":
            return "`true` or `false`"
        case kind:
            return ("whole number" if kind == "integer" else "number") + _range(schema)


def _values(schema: Schema) -> str:
    return _kind(schema["additionalProperties"])


def _choice(schema: Schema) -> str:
    """A link to the group whose members a union has."""
    names = {option["$ref"].rpartition("/")[2] for option in schema["oneOf"]}
    if names == {settings.__name__ for settings in OPTIMIZERS}:
        return "[optimizers](#optimizers)"
    group = next(title for title, (_, models) in GROUPS.items() if names == {model.__name__ for model in models})
    return f"one of the [{group.lower()}](#{_anchor(group)})"


def _link(reference: str) -> str:
    name = reference.rpartition("/")[2]
    group = next(title for title, (_, models) in GROUPS.items() if name in {model.__name__ for model in models})
    kind = {"Random starts": "distribution", "Axes": "axis"}.get(group, "object")
    return f"[{kind}](#{_anchor(group)})"


def _count(schema: Schema) -> str:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if low == high:
        return f" ({low})"
    return f" ({low} to {_grouped(high)})" if high is not None else ""


def _plural(kind: str) -> str:
    for one, many in (("whole number", "whole numbers"), ("number", "numbers"), ("text", "texts")):
        if kind.startswith(one):
            return many + kind.removeprefix(one)
    return kind


def _range(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f", {_grouped(low)} to {_grouped(high)}"
    bounds = [(" ≥ ", low), (" > ", above), (" ≤ ", high), (" < ", below)]
    return " and".join(f"{sign}{_grouped(bound)}" for sign, bound in bounds if bound is not None)


def _grouped(value: float) -> str:
    return f"{value:,}".replace(",", "\N{NO-BREAK SPACE}").removesuffix(".0")


def _tag(model: Model) -> str | None:
    """The value of ``name`` or ``type`` that tells a model apart; None where nothing has to."""
    field = model.model_fields.get("type", model.model_fields.get("name"))
    return field.default if field is not None and isinstance(field.default, str) else None


_UNTAGGED = {
    SubmittedBudget: "budget", RecordOverride: "record", Limits: "limits", Uniform: "uniform", Normal: "normal",
    ValuesAxis: "values", RangeAxis: "range", SubmittedSearch: "search",
}  # fmt: skip


def _name(model: Model) -> str:
    return _tag(model) or _UNTAGGED[model]


def _text(model: Model) -> str:
    return inspect.cleandoc(model.__doc__ or "").replace("``", "`")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _anchor(title: str) -> str:
    return title.lower().replace(",", "").replace(" ", "-")


if __name__ == "__main__":
    sys.stdout.write(page())
