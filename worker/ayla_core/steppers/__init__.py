"""Steppers of a batch: compiled kernels where there are some, else PyTorch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from ayla_spec.datasets import CurveDataset
from ayla_spec.expression import parse
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.recording import Recording
from ayla_spec.trials import TrialPlan

from ayla_core.datasets import DataSource, LoadedDataset, load_dataset
from ayla_core.layout import Layout
from ayla_core.native.library import kernels
from ayla_core.objectives import ExpressionObjective
from ayla_core.objectives.expression import ExpressionTrials
from ayla_core.objectives.network import NetworkObjective
from ayla_core.objectives.network_data import is_fully_connected, load_network_data
from ayla_core.program import compile_objective
from ayla_core.progress import current
from ayla_core.steppers.base import Stepper
from ayla_core.steppers.compiled import CompiledExpressions
from ayla_core.steppers.networks import CompiledNetworks
from ayla_core.steppers.tensors import TensorStepper, by_rule

__all__ = ["Stepper", "StepperChoice", "choose_stepper"]

_DTYPES = {"float64": torch.float64, "float32": torch.float32}


@dataclass(frozen=True, slots=True)
class StepperChoice:
    """A stepper and the order it wants its trials in.

    Attributes:
        stepper: of the trials in ``order``.
        order: places of the trials as they were given.
        steps_per_epoch: of a dataset.
    """

    stepper: Stepper
    order: list[int]
    steps_per_epoch: int | None = None


def choose_stepper(
    spec: ResolvedJobSpec, trials: Sequence[TrialPlan], device: torch.device, source: DataSource | None
) -> StepperChoice:
    """The stepper for a batch of trials on a device."""
    layout = Layout(_DTYPES[spec.dtype], device)
    if isinstance(spec.problem, DatasetProblem):
        return _network(spec, spec.problem, trials, layout, source)
    return _expression(spec, spec.problem, trials, layout)


def _expression(
    spec: ResolvedJobSpec, problem: ExpressionProblem, trials: Sequence[TrialPlan], layout: Layout
) -> StepperChoice:
    program = compile_objective(parse(problem.expression, problem.shape), list(problem.flat_start))
    recording = Recording.of(problem, spec.budget.steps, spec.record)
    compiled = kernels("expressions", layout.dtype) if layout.device.type == "cpu" else None
    if compiled is not None:
        drawn = ExpressionTrials.of(problem, [trial.seed for trial in trials])
        return StepperChoice(CompiledExpressions(program, drawn, trials, recording, compiled), list(range(len(trials))))
    order = by_rule(trials)
    ordered = [trials[place] for place in order]
    drawn = ExpressionTrials.of(problem, [trial.seed for trial in ordered])
    objective = ExpressionObjective(program, drawn, layout)
    return StepperChoice(TensorStepper(objective, ordered, recording, layout), order)


def _network(
    spec: ResolvedJobSpec,
    problem: DatasetProblem,
    trials: Sequence[TrialPlan],
    layout: Layout,
    source: DataSource | None,
) -> StepperChoice:
    dataset = _load(problem, source)
    recording = Recording.of(problem, spec.budget.steps, spec.record)
    seeds = [trial.seed for trial in trials]
    compiled = kernels("networks", layout.dtype) if layout.device.type == "cpu" else None
    if compiled is not None and compiled.multiplies and is_fully_connected(problem):
        data = load_network_data(problem, dataset, seeds, layout)
        network = CompiledNetworks(data, trials, recording, compiled)
        return StepperChoice(network, list(range(len(trials))), data.order.steps_per_epoch)
    order = by_rule(trials)
    ordered = [trials[place] for place in order]
    objective = NetworkObjective(problem, dataset, [seeds[place] for place in order], layout)
    return StepperChoice(TensorStepper(objective, ordered, recording, layout), order, objective.steps_per_epoch)


def _load(problem: DatasetProblem, source: DataSource | None) -> LoadedDataset | None:
    """The data of a problem; None for the curve, whose data follow from the seeds."""
    if isinstance(problem.dataset, CurveDataset):
        return None
    current().activity = f"Preparing the dataset '{problem.dataset.name}'"
    return load_dataset(problem.dataset, source or DataSource(Path("ayla-data") / "datasets"))
