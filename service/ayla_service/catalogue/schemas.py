"""The catalogue as the API answers with it."""

from typing import Any, Literal

from ayla_spec import ResolvedJobSpec
from ayla_spec.networks import Loss
from ayla_spec.problems import ExpressionProblem, PresetName
from pydantic import BaseModel, ConfigDict, Field


class _Described(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    description: str
    json_schema: dict[str, Any] = Field(alias="schema", description="JSON schema of the settings.")


class AylaEntry(_Described):
    """AYLA, which goes on top of any optimizer."""


class SettingsEntry(_Described):
    """Entry that a job can name, with settings of its own."""

    name: str


class OptimizerEntry(SettingsEntry):
    """An optimizer that a job can name."""

    title: str


class LossEntry(BaseModel):
    """Loss that can be averaged over the samples of a dataset."""

    name: Loss
    description: str
    targets: Literal["numbers", "classes"] = Field(description="The targets it is for.")


class FunctionEntry(BaseModel):
    """A test function, as a problem that can be submitted."""

    name: str
    title: str
    description: str
    problem: ExpressionProblem = Field(description="From its customary start point.")
    random_problem: ExpressionProblem = Field(
        description="The same from a random start: each trial draws it with its seed, evenly from the domain."
    )
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
    """Reduction of the terms of a range, or of the elements of a vector, to one value."""

    name: str
    description: str


class ExpressionLanguage(BaseModel):
    """Language of expressions: functions, operators, constants and reductions."""

    operators: list[str]
    comparisons: list[str] = Field(description="Allowed in the condition of 'where'.")
    functions: list[ExpressionFunction]
    reductions: list[ExpressionReduction]
    constants: dict[str, float]


class Catalogue(BaseModel):
    """Names that a job can use, and the limits it must keep."""

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
