"""What can be optimized: as submitted (expression or preset) and as resolved (expression or dataset)."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ayla_spec.expression import RESERVED_NAMES
from ayla_spec.limits import MAX_EXPRESSION_LENGTH, MAX_VARIABLES
from ayla_spec.model import SpecModel

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}", re.ASCII)

PresetName = Literal["poly-sgd", "poly-adam", "curve-a", "curve-b"]


def _variable_name(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        raise ValueError("a variable is a letter followed by at most 31 letters, digits or underscores")
    if value in RESERVED_NAMES:
        raise ValueError(f"'{value}' is the name of a function, a constant or a keyword; choose another")
    return value


VariableName = Annotated[str, AfterValidator(_variable_name)]


class ExpressionProblem(SpecModel):
    """Minimize an expression of named variables from a start point."""

    type: Literal["expression"] = "expression"
    expression: str = Field(
        max_length=MAX_EXPRESSION_LENGTH,
        description="The objective: numbers, variables, + - * / **, parentheses, the catalogue's functions.",
        examples=["x**4 - 3*x**3 + 2"],
    )
    start: dict[VariableName, float] = Field(
        min_length=1,
        max_length=MAX_VARIABLES,
        description="The start value of each variable, finite; its keys are the variables.",
        examples=[{"x": -1.0}],
    )


class PresetProblem(SpecModel):
    """A named experiment of the catalogue; optimizers, budget, seeds and record of the job override its own."""

    type: Literal["preset"] = "preset"
    preset: PresetName


class CurveDataset(SpecModel):
    """Points of a quartic curve with Gaussian noise, evenly spaced with both ends (paper section 3.2).

    The target is the polynomial with ``coefficients`` (highest power first) plus noise of standard deviation
    ``noise``, drawn first from ``numpy.random.RandomState(seed)``.
    """

    name: Literal["curve"] = "curve"
    samples: int = Field(100, ge=2)
    low: float = -1.0
    high: float = 3.0
    coefficients: list[float] = Field([1 / 3, -4 / 3, 1.0, 2 / 3, -2 / 3], min_length=1)
    noise: float = Field(0.2, ge=0)


class MlpModel(SpecModel):
    """A fully connected network; weights N(0, 1)·weight_scale drawn layer by layer, biases 0."""

    name: Literal["mlp"] = "mlp"
    layers: list[int] = Field([1, 128, 1], min_length=2, description="Width of each layer, input and output included.")
    activation: Literal["relu"] = "relu"
    weight_scale: float = Field(0.01, gt=0)


class DatasetProblem(SpecModel):
    """Fit a model to a dataset by minimizing a mean loss over its samples, full batch."""

    type: Literal["dataset"] = "dataset"
    dataset: CurveDataset
    model: MlpModel
    loss: Literal["mse"] = "mse"


SubmittedProblem = Annotated[ExpressionProblem | PresetProblem, Field(discriminator="type")]
ResolvedProblem = Annotated[ExpressionProblem | DatasetProblem, Field(discriminator="type")]
