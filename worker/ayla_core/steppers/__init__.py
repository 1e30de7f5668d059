"""Steppers of a batch: compiled kernels where there are some, else PyTorch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from ayla_spec.batch import TrialBatch
from ayla_spec.datasets import CurveDataset
from ayla_spec.expression import parse
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.recording import Recording

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
from ayla_core.trial_settings import TrialSettings
from ayla_core.trial_statistics import Integers

__all__ = ["Stepper", "StepperChoice", "choose_stepper"]

_DTYPES = {"float64": torch.float64, "float32": torch.float32}


@dataclass(frozen=True, slots=True)
class StepperChoice:
    """A stepper and the order it wants its trials in.

    Attributes:
        stepper: of the trials in ``order``.
        order: places of the trials as they were given, int64.
        steps_per_epoch: of a dataset.
    """

    stepper: Stepper
    order: Integers
    steps_per_epoch: int | None = None


def choose_stepper(
    spec: ResolvedJobSpec,
    trials: TrialBatch,
    device: torch.device,
    source: DataSource | None,
    *,
    shares_products: bool = True,
) -> StepperChoice:
    """The stepper for a batch of trials on a device (see ``Engine``)."""
    layout = Layout(_DTYPES[spec.dtype], device)
    if isinstance(trials.problem, DatasetProblem):
        return _network(spec, trials.problem, trials, layout, source, shares_products=shares_products)
    return _expression(spec, trials.problem, trials, layout)


def _expression(spec: ResolvedJobSpec, problem: ExpressionProblem, trials: TrialBatch, layout: Layout) -> StepperChoice:
    program = compile_objective(parse(problem.expression, problem.shape), list(problem.flat_start))
    recording = Recording.of(problem, spec.budget.steps, spec.record)
    compiled = kernels("expressions", layout.dtype) if layout.device.type == "cpu" else None
    settings, drawn = TrialSettings(trials), ExpressionTrials.of(problem, trials)
    if compiled is not None:
        stepper = CompiledExpressions(program, drawn, settings, recording, compiled)
        return StepperChoice(stepper, np.arange(len(trials)))
    order = by_rule(settings)
    objective = ExpressionObjective(program, drawn.take(order), layout)
    return StepperChoice(TensorStepper(objective, settings, recording, layout), order)


def _network(
    spec: ResolvedJobSpec,
    problem: DatasetProblem,
    trials: TrialBatch,
    layout: Layout,
    source: DataSource | None,
    *,
    shares_products: bool,
) -> StepperChoice:
    dataset = _load(problem, source)
    recording = Recording.of(problem, spec.budget.steps, spec.record)
    settings = TrialSettings(trials)
    compiled = kernels("networks", layout.dtype) if layout.device.type == "cpu" else None
    if compiled is not None and compiled.multiplies and is_fully_connected(problem):
        data = load_network_data(problem, dataset, trials.seeds, layout)
        network = CompiledNetworks(data, settings, recording, compiled, shares_products=shares_products)
        return StepperChoice(network, np.arange(len(trials)), data.order.steps_per_epoch)
    order = by_rule(settings)
    objective = NetworkObjective(problem, dataset, trials.seeds[order], layout)
    return StepperChoice(TensorStepper(objective, settings, recording, layout), order, objective.steps_per_epoch)


def _load(problem: DatasetProblem, source: DataSource | None) -> LoadedDataset | None:
    """The data of a problem; None for the curve, whose data follow from the seeds."""
    if isinstance(problem.dataset, CurveDataset):
        return None
    current().activity = f"Preparing the dataset '{problem.dataset.name}'"
    return load_dataset(problem.dataset, source or DataSource(Path("ayla-data") / "datasets"))
