"""The examples of the API's documentation in the three forms in which a job can be written: YAML, JSON and Python."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from ayla_service.http.examples import JOB_EXAMPLES

_LINE = 120

Spec = Mapping[str, Any]

_WIDTH = 120
"""Letters of a line, as in pyproject.toml: ruff looks at the page as well."""


def examples() -> Iterator[str]:
    """A section for each example."""
    for example in JOB_EXAMPLES.values():
        spec = example["value"]
        blocks = (_block("yaml", as_yaml(spec)), _block("json", as_json(spec)), _block("python", as_python(spec)))
        yield "\n\n".join([f"### {example['summary']}", *blocks])


def as_yaml(spec: Spec) -> str:
    """The spec as a job file in YAML."""
    text: str = yaml.safe_dump(dict(spec), sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)
    return text


def as_json(spec: Spec) -> str:
    """The spec as the body of a request: a line for each field."""
    fields = [f"  {json.dumps(name)}: {_json(value)}" for name, value in spec.items()]
    return "{\n" + ",\n".join(fields) + "\n}\n"


def as_python(spec: Spec) -> str:
    """A program that submits the spec and waits for the job; by the client's functions, as people write it."""
    keywords = [_keyword(name, _argument(name, value)) for name, value in spec.items()]
    lines = ["import ayla", "", "with ayla.Client() as client:", "    job = client.jobs.submit(", *keywords, "    )"]
    answer = "jobs.best" if '"low"' in json.dumps(spec.get("optimizers")) else "compare"
    return "\n".join([*lines, f"    print(client.{answer}(client.jobs.wait(job)))"]) + "\n"


def _keyword(name: str, text: str) -> str:
    """An argument on a line of its own; that of a call that is too long for it goes on the next, as ruff has it."""
    line = f"        {name}={text},"
    if max(map(len, line.splitlines())) <= _WIDTH:
        return line
    function, _, rest = text.partition("(")
    return f"        {name}={function}(\n            {rest.removesuffix(')')}\n        ),"


def _json(value: object) -> str:
    """On one line where that is short, else a line for each item of the list or the object."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= 90 or not isinstance(value, list | dict):
        return text
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"    {json.dumps(item)}" for item in value) + "\n  ]"
    return "{\n" + ",\n".join(f"    {json.dumps(name)}: {json.dumps(item)}" for name, item in value.items()) + "\n  }"


def _argument(name: str, value: Any) -> str:
    match name, value:
        case "problem", _:
            return _broken(_problem(value))
        case "search", dict():
            rest = {key: item for key, item in value.items() if key not in {"design", "settings"}}
            return _call(value["design"], _value(value["settings"]), _keywords(rest))
        case "optimizers", list():
            return "[\n" + "".join(f"            {_optimizer(item)},\n" for item in value) + "        ]"
        case _:
            return _value(value)


def _broken(call: str) -> str:
    """A call as ruff, which formats the page too, breaks it: its arguments on a line of their own if it is long."""
    function, _, arguments = call.partition("(")
    short = len(call) <= _LINE - len("        problem=,")
    return call if short else f"{function}(\n            {arguments.removesuffix(')')}\n        )"


def _problem(problem: Spec) -> str:
    match problem["type"]:
        case "expression":
            own = {name: problem[name] for name in ("noise",) if name in problem}
            start = {name: _start(value) for name, value in problem["start"].items()}
            return _call("expression", _value(problem["expression"]), _joined(start), _keywords(own))
        case "preset":
            return _call("preset", _value(problem["preset"]))
        case _:
            rest = {name: value for name, value in problem.items() if name not in {"type", "dataset", "model"}}
            settings = {name: value for name, value in problem["dataset"].items() if name != "name"}
            model = {"model": _model(problem["model"])} if "model" in problem else {}
            given = {**model, **_represented({**rest, **settings})}
            return _call("dataset", _value(problem["dataset"]["name"]), _joined(given))


def _start(value: Any) -> str:
    """A number, a list, or a distribution by the client's function of its name."""
    if not isinstance(value, dict):
        return _value(value)
    (name, numbers), *rest = value.items()
    return _call(name, ", ".join(map(_value, numbers)), _keywords(dict(rest)))


def _model(model: Spec) -> str:
    rest = {name: value for name, value in model.items() if name not in {"name", "hidden", "channels"}}
    widths = ", ".join(map(str, model.get("hidden", model.get("channels", []))))
    return _call(model["name"], widths, _keywords(rest))


def _optimizer(settings: Spec) -> str:
    rest = _represented({k: v for k, v in settings.items() if k not in {"name", "learning_rate", "ayla", "schedule"}})
    if "schedule" in settings:
        schedule = settings["schedule"]
        own = {name: value for name, value in schedule.items() if name != "name"}
        rest["schedule"] = _call(f"schedules.{schedule['name']}", _keywords(own))
    if "ayla" in settings:
        rest["ayla"] = _call("transform", _keywords(settings["ayla"]))
    return _call(settings["name"], _value(settings["learning_rate"]), _joined(rest))


def _call(function: str, *arguments: str) -> str:
    return f"ayla.{function}({', '.join(filter(None, arguments))})"


def _keywords(values: Spec) -> str:
    return _joined(_represented(values))


def _represented(values: Spec) -> dict[str, str]:
    return {name: _value(value) for name, value in values.items()}


def _joined(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={text}" for name, text in values.items())


def _value(value: object) -> str:
    """A value as Python writes it, texts in double quotes; no text of the examples has a quote in it.

    An axis is written by the client's function of its scale.
    """
    if isinstance(value, dict) and "low" in value:
        ends = [value[name] for name in ("low", "high", "count") if name in value]
        return _call(value.get("scale", "linear").replace("-", "_"), ", ".join(map(_value, ends)))
    return repr(value).replace("'", '"')


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text}```"
