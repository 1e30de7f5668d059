"""The catalogue: everything a job can name, collected from ``ayla_spec``."""

import inspect
from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import get_args

from ayla_spec import JobSpec, resolve
from ayla_spec.datasets import AnyDataset
from ayla_spec.expression import COMPARISONS, CONSTANTS, FUNCTIONS, OPERATORS, REDUCTIONS
from ayla_spec.functions import TEST_FUNCTIONS, TestFunction
from ayla_spec.limits import published
from ayla_spec.model import SpecModel
from ayla_spec.networks import LOSSES_OF_CLASSES, LOSSES_OF_NUMBERS, AnyInitialization, AnyModel
from ayla_spec.optimizers import OPTIMIZERS, AnySchedule, Ayla
from ayla_spec.presets import PRESETS
from ayla_spec.problems import ExpressionProblem, PresetProblem

from ayla_service.catalogue.schemas import (
    AylaEntry,
    Catalogue,
    ExpressionFunction,
    ExpressionLanguage,
    ExpressionReduction,
    FunctionEntry,
    LossEntry,
    OptimizerEntry,
    PresetEntry,
    SettingsEntry,
)


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
            problem=_problem(function, function.start),
            random_problem=_problem(function, function.random_start),
            dimensions=function.dimensions,
            minimizers=list(function.minimizers),
            minimum=function.minimum,
            domain={name: function.domain_of(name) for name in function.start},
        )
        for function in TEST_FUNCTIONS
    ]


def _problem(function: TestFunction, start: Mapping[str, object]) -> ExpressionProblem:
    return ExpressionProblem.model_validate({"expression": function.expression, "start": dict(start)})


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
