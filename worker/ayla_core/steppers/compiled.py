"""Expression problems on the CPU by the compiled kernels: all steps of a block in one call."""

import ctypes
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from ayla_spec.metrics import Part
from ayla_spec.recording import Recording
from torch import Tensor

from ayla_core.devices import threads
from ayla_core.native.library import Kernels
from ayla_core.native.source import LANES
from ayla_core.native.structures import ExpressionBatch
from ayla_core.objectives.expression import ExpressionTrials
from ayla_core.program import ObjectiveProgram
from ayla_core.program.bytecode import assemble
from ayla_core.progress import current
from ayla_core.recorded_steps import RecordedSteps, recorded_steps
from ayla_core.steppers.numbers import initial_memory, numbers_of
from ayla_core.steppers.step_numbers import StepNumbers
from ayla_core.trial_settings import TrialSettings
from ayla_core.trial_statistics import Floats, Integers, TrialStatistics


class CompiledExpressions:
    """The trials of an expression, in blocks of LANES with one update rule each.

    Args:
        program: the objective.
        drawn: where the trials begin, and the noise of their gradients.
        settings: of the trials.
        recording: what is kept of the steps.
        kernels: of the type to compute with.
    """

    def __init__(
        self,
        program: ObjectiveProgram,
        drawn: ExpressionTrials,
        settings: TrialSettings,
        recording: Recording,
        kernels: Kernels,
    ) -> None:
        self._kernels = kernels
        self._recording = recording
        self._count = drawn.starts.shape[1]
        self._code = assemble(program.graph, program.inputs, program.results)
        lanes = _Lanes.of(settings.rule)
        self.lanes = len(lanes.trials)
        self.places: Integers = lanes.places
        self.row_places: Integers = lanes.row_places
        self._used = lanes.used
        self._step_numbers = StepNumbers(settings, lanes.trials, recording.budget)
        self._numbers = numbers_of(settings, lanes.trials, len(lanes.used), self._step_numbers, kernels.dtype)
        self._x = np.ascontiguousarray(drawn.starts[lanes.trials].T, dtype=kernels.dtype)
        self._noise = _noise(drawn, lanes.trials)
        self._memory = self._initial_memory(settings, lanes.trials)

    @property
    def numbers_per_step(self) -> int:
        """Recorded numbers of one step."""
        recorded = len(self.places) * len(self._recording.quantities) // self._recording.every
        return self._recording.kept * recorded + self._step_numbers.numbers_per_step

    def advance(self, first: int, updates: int, statistics: TrialStatistics, *, last: bool) -> RecordedSteps:
        """Make updates and count them (see ``Stepper``)."""
        end = first + updates - (0 if last else 1)
        steps = recorded_steps(self._recording, first, end)
        names = self._recording.quantities if self._recording.kept else ()
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

    def _initial_memory(self, settings: TrialSettings, lanes: Integers) -> npt.NDArray[Any]:
        deepest = max(len(rule.memory) for rule in settings.rules)
        by_trial = np.zeros((deepest, len(settings)), dtype=self._kernels.dtype)
        for place, trials, values in initial_memory(settings):
            by_trial[place, trials] = values
        return np.repeat(by_trial[:, None, lanes], self._count, axis=1)

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
            blocks=len(self._used),
            lanes=self.lanes,
            step_columns=arrays["step_numbers"].shape[1],
            step_number_count=len(self._step_numbers.names),
            every=self._recording.every if self._recording.kept else 0,
            last_step=self._recording.budget,
            keep_parameters=int(len(self._recording.parameters) > 0),
            columns=len(arrays["diverged_rows"]),
            trials=len(self.places),
        )
        return batch


def _noise(drawn: ExpressionTrials, lanes: Integers) -> dict[str, npt.NDArray[Any]]:
    """Seeds of the lanes and standard deviation of the noise, for the kernels; nothing where there is none."""
    if drawn.noise is None:
        return {}
    return {"seeds": drawn.seeds[lanes], "noise": np.array([drawn.noise], dtype=np.float64)}


@dataclass(frozen=True, slots=True, eq=False)
class _Lanes:
    """Trials in blocks of LANES, those of one rule side by side.

    Attributes:
        trials: the trial in each lane; one that only fills a block up repeats its neighbour and is never counted.
        places: the lane of each trial.
        row_places: of each trial its place among the lanes that are counted.
        used: how many lanes of each block are counted, int32; those come first.
    """

    trials: Integers
    places: Integers
    row_places: Integers
    used: npt.NDArray[np.int32]

    @classmethod
    def of(cls, rule: Integers) -> "_Lanes":
        """For trials with these rules, given by number."""
        count = len(rule)
        order, members = np.argsort(rule, kind="stable"), np.bincount(rule)
        blocks = -(-members // LANES)
        # How many lanes fill up the blocks of the rules before a trial's.
        filling = np.cumsum(blocks * LANES - members) - (blocks * LANES - members)
        lanes = np.arange(count) + np.repeat(filling, members)
        counted = np.zeros(int(blocks.sum()) * LANES, dtype=np.bool_)
        counted[lanes] = True
        places, row_places = np.empty((2, count), dtype=np.int64)
        places[order], row_places[order] = lanes, np.arange(count)
        used = counted.reshape(-1, LANES).sum(1).astype(np.int32)
        return cls(order[np.cumsum(counted) - 1], places, row_places, used)
