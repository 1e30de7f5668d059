"""The catalogue: everything a job can name, collected from the contract."""

import inspect
from functools import cache
from typing import Any

from ayla_spec import JobSpec, ResolvedJobSpec, resolve
from ayla_spec.expression import CONSTANTS, FUNCTIONS
from ayla_spec.expression.grammar import OPERATORS
from ayla_spec.functions import TEST_FUNCTIONS
from ayla_spec.limits import published
from ayla_spec.optimizers import OPTIMIZERS, Ayla
from ayla_spec.presets import PRESETS
from ayla_spec.problems import ExpressionProblem, PresetName, PresetProblem
from pydantic import BaseModel, ConfigDict, Field


class _Described(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    description: str
    json_schema: dict[str, Any] = Field(alias="schema", description="JSON schema of the settings.")


class AylaEntry(_Described):
    """AYLA, which goes on top of any optimizer."""


class OptimizerEntry(_Described):
    """An optimizer that a job can name."""

    name: str
    title: str


class FunctionEntry(BaseModel):
    """A test function, as a problem that can be submitted."""

    name: str
    title: str
    description: str
    problem: ExpressionProblem
    minimizers: list[dict[str, float]] = Field(description="One or more points of the global minimum.")
    minimum: float = Field(description="Value at the minimizers.")


class PresetEntry(BaseModel):
    """An experiment of the paper."""

    name: PresetName
    title: str
    paper_section: str
    spec: ResolvedJobSpec = Field(description="What is run if the job overrides nothing.")


class ExpressionFunction(BaseModel):
    """A function that expressions can call."""

    name: str
    arity: int
    description: str


class ExpressionLanguage(BaseModel):
    """What expressions are made of."""

    operators: list[str]
    functions: list[ExpressionFunction]
    constants: dict[str, float]


class Catalogue(BaseModel):
    """What a job can name, and the limits it must keep."""

    optimizers: list[OptimizerEntry]
    ayla: AylaEntry
    functions: list[FunctionEntry]
    presets: list[PresetEntry]
    expression: ExpressionLanguage
    limits: dict[str, float]
    job_schema: dict[str, Any] = Field(description="JSON schema of a job spec.")


@cache
def catalogue() -> Catalogue:
    """The catalogue; the same object every time, since nothing in it changes while the process runs."""
    return Catalogue(
        optimizers=_optimizers(),
        ayla=AylaEntry(description=_text(Ayla), json_schema=Ayla.model_json_schema()),
        functions=_functions(),
        presets=_presets(),
        expression=_language(),
        limits=published(),
        job_schema=JobSpec.model_json_schema(),
    )


def _optimizers() -> list[OptimizerEntry]:
    return [
        OptimizerEntry(
            name=settings.model_fields["name"].default,
            title=settings.title,
            description=_text(settings),
            json_schema=settings.model_json_schema(),
        )
        for settings in OPTIMIZERS
    ]


def _functions() -> list[FunctionEntry]:
    return [
        FunctionEntry(
            name=function.name,
            title=function.title,
            description=function.description,
            problem=ExpressionProblem(expression=function.expression, start=function.start),
            minimizers=list(function.minimizers),
            minimum=function.minimum,
        )
        for function in TEST_FUNCTIONS
    ]


def _presets() -> list[PresetEntry]:
    return [
        PresetEntry(
            name=name,
            title=preset.title,
            paper_section=preset.paper_section,
            spec=resolve(JobSpec(problem=PresetProblem(preset=name))),
        )
        for name, preset in PRESETS.items()
    ]


def _language() -> ExpressionLanguage:
    functions = [
        ExpressionFunction(name=name, arity=function.arity, description=function.description)
        for name, function in FUNCTIONS.items()
    ]
    return ExpressionLanguage(operators=list(OPERATORS.values()), functions=functions, constants=CONSTANTS)


def _text(documented: type) -> str:
    return inspect.cleandoc(documented.__doc__ or "")
