"""The catalogue: everything a job can name, collected from ``ayla_spec``."""

import inspect
from functools import cache
from types import UnionType
from typing import Any, Literal, get_args

from ayla_spec import JobSpec, ResolvedJobSpec, resolve
from ayla_spec.datasets import AnyDataset
from ayla_spec.expression import COMPARISONS, CONSTANTS, FUNCTIONS, OPERATORS, REDUCTIONS
from ayla_spec.functions import TEST_FUNCTIONS, Interval, TestFunction
from ayla_spec.limits import published
from ayla_spec.model import SpecModel
from ayla_spec.networks import LOSSES_OF_CLASSES, LOSSES_OF_NUMBERS, AnyInitialization, AnyModel, Loss
from ayla_spec.optimizers import OPTIMIZERS, AnySchedule, Ayla
from ayla_spec.presets import PRESETS
from ayla_spec.problems import ExpressionProblem, PresetName, PresetProblem
from pydantic import BaseModel, ConfigDict, Field


class _Described(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    description: str
    json_schema: dict[str, Any] = Field(alias="schema", description="JSON schema of the settings.")


class AylaEntry(_Described):
    """AYLA, which goes on top of any optimizer."""


class SettingsEntry(_Described):
    """Something a job can name, with settings of its own."""

    name: str


class OptimizerEntry(SettingsEntry):
    """An optimizer that a job can name."""

    title: str


class LossEntry(BaseModel):
    """What can be averaged over the samples of a dataset."""

    name: Loss
    description: str
    targets: Literal["numbers", "classes"] = Field(description="The targets it is for.")


class FunctionEntry(BaseModel):
    """A test function, as a problem that can be submitted."""

    name: str
    title: str
    description: str
    problem: ExpressionProblem
    dimensions: Literal["any"] | int = Field(
        description="How many numbers it takes. 'any': a vector of any length; all else here is then for the length "
        "of the start point."
    )
    minimizers: list[dict[str, float | list[float]]] = Field(description="One or more points of the global minimum.")
    minimum: float = Field(description="Value at the minimizers.")
    domain: dict[str, tuple[float, float]] = Field(
        description="Lowest and highest value of each variable, or of every element of a vector, within which this is "
        "the minimum."
    )


class PresetEntry(BaseModel):
    """An experiment of the paper."""

    name: PresetName
    title: str
    paper_section: str
    spec: ResolvedJobSpec = Field(description="What is run if the job overrides nothing.")


class ExpressionFunction(BaseModel):
    """A function that expressions can call."""

    name: str
    arity: int = Field(description="Number of arguments; the least number where it is variadic.")
    variadic: bool = Field(description="Whether it takes more arguments than that.")
    description: str


class ExpressionReduction(BaseModel):
    """What puts the terms of a range or the elements of a vector together."""

    name: str
    description: str


class ExpressionLanguage(BaseModel):
    """What expressions are made of."""

    operators: list[str]
    comparisons: list[str] = Field(description="Allowed in the condition of 'where'.")
    functions: list[ExpressionFunction]
    reductions: list[ExpressionReduction]
    constants: dict[str, float]


class Catalogue(BaseModel):
    """What a job can name, and the limits it must keep."""

    optimizers: list[OptimizerEntry]
    ayla: AylaEntry
    schedules: list[SettingsEntry] = Field(description="How a learning rate can change.")
    datasets: list[SettingsEntry]
    models: list[SettingsEntry] = Field(description="What can be fitted to a dataset.")
    initializations: list[SettingsEntry] = Field(description="How the weights of a model can start.")
    losses: list[LossEntry]
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
        schedules=_settings(AnySchedule),
        datasets=_settings(AnyDataset),
        models=_settings(AnyModel),
        initializations=_settings(AnyInitialization),
        losses=_losses(),
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


def _settings(union: UnionType) -> list[SettingsEntry]:
    """The members of a union that ``name`` tells apart."""
    members: tuple[type[SpecModel], ...] = get_args(union)
    return [
        SettingsEntry(
            name=member.model_fields["name"].default, description=_text(member), json_schema=member.model_json_schema()
        )
        for member in members
    ]


def _losses() -> list[LossEntry]:
    numbers = [LossEntry(name=name, description=text, targets="numbers") for name, text in LOSSES_OF_NUMBERS.items()]
    classes = [LossEntry(name=name, description=text, targets="classes") for name, text in LOSSES_OF_CLASSES.items()]
    return numbers + classes


def _functions() -> list[FunctionEntry]:
    return [
        FunctionEntry(
            name=function.name,
            title=function.title,
            description=function.description,
            problem=ExpressionProblem(expression=function.expression, start=function.start),
            dimensions=function.dimensions,
            minimizers=list(function.minimizers),
            minimum=function.minimum,
            domain=_domain(function),
        )
        for function in TEST_FUNCTIONS
    ]


def _domain(function: TestFunction) -> dict[str, Interval]:
    """The interval of each variable, also where one stands for all."""
    return function.domain if isinstance(function.domain, dict) else dict.fromkeys(function.start, function.domain)


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
    return ExpressionLanguage(
        operators=list(OPERATORS.values()),
        comparisons=list(COMPARISONS.values()),
        functions=[
            ExpressionFunction(
                name=name, arity=function.arity, variadic=function.variadic, description=function.description
            )
            for name, function in FUNCTIONS.items()
        ],
        reductions=[ExpressionReduction(name=name, description=text) for name, text in REDUCTIONS.items()],
        constants=CONSTANTS,
    )


def _text(documented: type) -> str:
    return inspect.cleandoc(documented.__doc__ or "")
