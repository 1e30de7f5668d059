"""Expression problems on the CPU by the compiled kernels: all steps of a block in one call."""

import ctypes
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from ayla_spec.metrics import Part
from ayla_spec.optimizers import Optimizer
from ayla_spec.recording import Recording
from ayla_spec.trials import TrialPlan
from torch import Tensor

from ayla_core.devices import threads
from ayla_core.native.library import Kernels
from ayla_core.native.source import LANES
from ayla_core.native.structures import ExpressionBatch
from ayla_core.objectives.expression import ExpressionTrials
from ayla_core.optimizers import Rule, rule_of
from ayla_core.program import ObjectiveProgram
from ayla_core.program.bytecode import assemble
from ayla_core.progress import current
from ayla_core.recorded_steps import RecordedSteps, recorded_steps
from ayla_core.steppers.numbers import numbers_of
from ayla_core.steppers.step_numbers import StepNumbers
from ayla_core.trial_statistics import Floats, Integers, TrialStatistics

_FILLER = -1


class CompiledExpressions:
    """The trials of an expression, in blocks of LANES with one update rule each.

    Args:
        program: the objective.
        drawn: where the trials begin, and the noise of their gradients.
        trials: at least one.
        recording: what is kept of the steps.
        kernels: of the type to compute with.
    """

    def __init__(
        self,
        program: ObjectiveProgram,
        drawn: ExpressionTrials,
        trials: Sequence[TrialPlan],
        recording: Recording,
        kernels: Kernels,
    ) -> None:
        self._kernels = kernels
        self._recording = recording
        self._count = drawn.starts.shape[1]
        self._code = assemble(program.graph, program.inputs, program.results)
        self._rules, lanes = _blocks([rule_of(trial.settings) for trial in trials])
        self.lanes = len(lanes)
        self.places: Integers = np.argsort(lanes, kind="stable")[np.count_nonzero(np.equal(lanes, _FILLER)) :]
        self._used = np.not_equal(lanes, _FILLER).reshape(-1, LANES).sum(1).astype(np.int32)
        self.row_places: Integers = np.argsort(np.argsort(self.places))
        # A lane that only fills a block up repeats its neighbour's settings and is never counted.
        filled = _filled(lanes)
        settings = [trials[trial].settings for trial in filled]
        with_rules = [(self._rules[lane // LANES], item) for lane, item in enumerate(settings)]
        self._step_numbers = StepNumbers(with_rules, recording.budget)
        self._numbers = numbers_of(settings, self._rules, self._step_numbers, kernels.dtype)
        self._x = np.ascontiguousarray(drawn.starts[filled].T, dtype=kernels.dtype)
        self._noise = _noise(drawn, filled)
        self._memory = self._initial_memory(settings)

    @property
    def numbers_per_step(self) -> int:
        """Recorded numbers of one step."""
        return max(1, len(self.places) * len(self._recording.quantities) // self._recording.every)

    def advance(self, first: int, updates: int, statistics: TrialStatistics, *, last: bool) -> RecordedSteps:
        """Make updates and count them (see ``Stepper``)."""
        end = first + updates - (0 if last else 1)
        steps = recorded_steps(self._recording, first, end)
        names = self._recording.quantities
        values = np.empty((len(steps), len(names), len(self.places)), dtype=self._kernels.dtype)
        diverged_rows = np.zeros(values.shape[1:], dtype=self._kernels.dtype)
        step_numbers = np.ascontiguousarray(self._step_numbers.table(first + 1, updates + 1), dtype=self._kernels.dtype)
        batch = self._batch(statistics, {"step_numbers": step_numbers, "rows": values, "diverged_rows": diverged_rows})
        batch.first_step, batch.updates, batch.evaluate_last = first, updates, last
        self._kernels.function("run_expression")(ctypes.byref(batch), ctypes.c_int64(threads()))
        current().check()
        return RecordedSteps(first, end, steps, names, values, diverged_rows)

    def state(self) -> dict[str, Tensor]:
        """Parameters and memory by lane."""
        return {"parameters": torch.from_numpy(self._x), "memory": torch.from_numpy(self._memory)}

    def predictions(self) -> list[dict[str, Floats]] | None:
        """None: an expression has no model."""
        return None

    def metrics(self, parts: Collection[Part]) -> dict[str, Floats]:
        """Nothing: an expression has no dataset."""
        del parts
        return {}

    def _initial_memory(self, settings: Sequence[Optimizer]) -> npt.NDArray[Any]:
        deepest = max(len(rule.memory) for rule in self._rules)
        memory = np.zeros((deepest, self._count, self.lanes), dtype=self._kernels.dtype)
        for block, rule in enumerate(self._rules):
            for lane in range(block * LANES, (block + 1) * LANES):
                for name, value in rule.initial(settings[lane]).items():
                    memory[rule.memory.index(name), :, lane] = value
        return memory

    def _batch(self, statistics: TrialStatistics, arrays: dict[str, npt.NDArray[Any]]) -> ExpressionBatch:
        code = self._code
        batch: ExpressionBatch = ExpressionBatch.of(
            {
                "code": code.instructions,
                "constants": np.array(code.constants, dtype=np.float64),
                "inputs": np.array(code.inputs, dtype=np.int32),
                "slopes": np.array(code.results[1:], dtype=np.int32),
                "x": self._x,
                "memory": self._memory,
                "variant": self._step_numbers.variant,
                "used": self._used,
                "first_trial": np.cumsum(self._used, dtype=np.int32) - self._used,
                "progress": current().marks,
                **self._numbers,
                **self._noise,
                **statistics.arrays(),
                **arrays,
            },
            instructions=len(code.instructions),
            slots=code.slots,
            constant_count=len(code.constants),
            loss=code.results[0],
            parameters=self._count,
            blocks=len(self._rules),
            lanes=self.lanes,
            step_number_count=len(self._step_numbers.names),
            variants=arrays["step_numbers"].shape[2],
            every=self._recording.every,
            last_step=self._recording.budget,
            keep_parameters=int(len(self._recording.parameters) > 0),
            columns=len(self._recording.quantities),
            trials=len(self.places),
        )
        return batch


def _noise(drawn: ExpressionTrials, lanes: Sequence[int]) -> dict[str, npt.NDArray[Any]]:
    """Seeds of the lanes and standard deviation of the noise, for the kernels; nothing where there is none."""
    if drawn.noise is None:
        return {}
    seeds = np.array([drawn.seeds[trial] for trial in lanes], dtype=np.uint32)
    return {"seeds": seeds, "noise": np.array([drawn.noise], dtype=np.float64)}


def _blocks(rules: Sequence[Rule]) -> tuple[list[Rule], list[int]]:
    """The rule of each block, and the trial in each lane, trials of one rule side by side."""
    by_name: dict[str, list[int]] = {}
    for trial, rule in enumerate(rules):
        by_name.setdefault(rule.name, []).append(trial)
    of_block, lanes = [], []
    for members in by_name.values():
        blocks = -(-len(members) // LANES)
        of_block += [rules[members[0]]] * blocks
        lanes += members + [_FILLER] * (blocks * LANES - len(members))
    return of_block, lanes


def _filled(lanes: Sequence[int]) -> list[int]:
    filled: list[int] = []
    for trial in lanes:
        filled.append(filled[-1] if trial == _FILLER else trial)
    return filled
