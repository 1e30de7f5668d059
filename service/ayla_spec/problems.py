"""Problems that can be optimized: as submitted (expression or preset) and as resolved (expression or dataset)."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ayla_spec.axes import OR_AXIS
from ayla_spec.datasets import DatasetSettings
from ayla_spec.expression import RESERVED_NAMES, flattened, shape_of
from ayla_spec.limits import MAX_DIMENSIONS, MAX_EXPRESSION_LENGTH, MAX_NOISE, MAX_SAMPLES, MAX_VARIABLES
from ayla_spec.model import SpecModel, is_none
from ayla_spec.networks import Loss, MlpModel, ModelSettings
from ayla_spec.starts import Scalar, Start, distributions, expanded, within_dimensions

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}", re.ASCII)

BatchSize = Annotated[int, Field(ge=1, le=MAX_SAMPLES), OR_AXIS]

PresetName = Literal["poly-sgd", "poly-adam", "curve-a", "curve-b", "mnist-sgd", "mnist-adam"]


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
        description="The objective: numbers, variables, elements x[0] of vectors, + - * / **, parentheses, the "
        "catalogue's functions, where(x < 0, a, b), and sum, prod and mean over a range, as in "
        "sum(x[i]**2 for i in range(len(x))).",
        examples=["x**4 - 3*x**3 + 2"],
    )
    start: Annotated[dict[VariableName, Start], AfterValidator(within_dimensions)] = Field(
        min_length=1,
        max_length=MAX_VARIABLES,
        description="The start value of each variable: a finite number or a distribution that each trial draws it "
        "from with its seed, or a list of them for a vector; a distribution with a dimension is a vector too. "
        f"{MAX_DIMENSIONS} numbers in all at most. Its keys are the variables.",
        examples=[{"x": -1.0}, {"x": {"uniform": [-5, 5]}}],
    )
    noise: float | None = Field(
        None,
        gt=0,
        le=MAX_NOISE,
        exclude_if=is_none,
        description="Standard deviation of Gaussian noise in the gradient, drawn with the seed of the trial: each "
        "step adds an independent draw to every component, before clipping and AYLA, which sees the exact loss. "
        "Null: none.",
    )

    @property
    def shape(self) -> dict[str, int | None]:
        """For each variable None if it is a scalar, else the length of the vector."""
        return shape_of(expanded(self.start))

    @property
    def flat_start(self) -> dict[str, Scalar]:
        """The scalars of the start point in its order; the elements of a vector x are ``x[0]``, ``x[1]`` and so on."""
        return flattened(expanded(self.start))

    @property
    def parameters(self) -> int:
        """Numbers that one trial optimizes."""
        return len(self.flat_start)

    @property
    def has_random_start(self) -> bool:
        """Whether any number of the start point is drawn."""
        return any(True for _ in distributions(self.start))

    @property
    def randomness(self) -> list[str]:
        """What of the problem is drawn with the seed of a trial, in words; nothing where every seed is the same run."""
        start = ["random start"] if self.has_random_start else []
        return start if self.noise is None else [*start, f"noise {self.noise:g}"]


class PresetProblem(SpecModel):
    """A named experiment of the catalogue; optimizers, budget, seeds and record of the job override its own."""

    type: Literal["preset"] = "preset"
    preset: PresetName = Field(description="Which experiment.")
    start: Literal["random"] | None = Field(
        None,
        description="'random' draws the start point of an expression with each trial's seed, evenly from the preset's "
        "domain: x from -1 to 3 on the polynomial, from where all its optimizers converge. Null: the preset's own.",
    )


class DatasetProblem(SpecModel):
    """Fit a model to a dataset by minimizing a mean loss over its samples, in mini-batches or all at once."""

    type: Literal["dataset"] = "dataset"
    dataset: DatasetSettings = Field(description="What the model is fitted to.")
    model: ModelSettings = Field(
        default_factory=MlpModel, description="What is fitted; by default 'mlp' with its defaults."
    )
    loss: Loss | None = Field(
        None,
        description="What is averaged: 'mse' and 'huber' (delta 1) for numbers; 'cross-entropy' on the softmax and "
        "'mse-softmax', the mean squared error of the softmax, for classes. Default: 'cross-entropy' for classes, "
        "else 'mse'.",
    )
    batch_size: BatchSize | None = Field(
        None,
        description="Samples of one step, drawn without replacement in an order of each trial's own seed; the last "
        "batch of an epoch may be smaller. Null: all samples in every step.",
    )

    @property
    def steps_per_epoch(self) -> int | None:
        """Steps that pass over the training samples once; None where only the data tell."""
        samples = self.dataset.training_samples
        if self.batch_size is None:
            return 1
        return None if samples is None else -(-samples // self.batch_size)

    @property
    def parameters(self) -> int:
        """Numbers that one trial optimizes; the least possible where only the data tell the width of the inputs."""
        return self.model.parameters(self.dataset.features or 1, self.dataset.classes or 1, self.dataset.image_side)


SubmittedProblem = Annotated[ExpressionProblem | DatasetProblem | PresetProblem, Field(discriminator="type")]
ResolvedProblem = Annotated[ExpressionProblem | DatasetProblem, Field(discriminator="type")]
