"""Fully connected networks on the CPU by the compiled kernels: all steps of a block in one call."""

import ctypes
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from ayla_spec.metrics import Part
from ayla_spec.recording import Recording
from torch import Tensor

from ayla_core.devices import threads
from ayla_core.native.library import Kernels
from ayla_core.native.structures import ACTIVATIONS, LOSSES, NetworkBatch
from ayla_core.objectives.network_data import HostSamples, NetworkData
from ayla_core.objectives.scores import chosen_parts
from ayla_core.progress import current
from ayla_core.recorded_steps import RecordedSteps, recorded_steps
from ayla_core.steppers.layouts import PaddedLayout, aligned
from ayla_core.steppers.numbers import initial_memory, numbers_of
from ayla_core.steppers.step_numbers import StepNumbers
from ayla_core.trial_settings import TrialSettings
from ayla_core.trial_statistics import Floats, Integers, TrialStatistics

_Array = npt.NDArray[Any]

_EVALUATED_AT_ONCE = 256
"""HostSamples of one piece when a whole set is evaluated."""

MULTIPLIED_AT_ONCE = 2**28
"""Multiplications of one piece of a matrix product: some hundredths of a second."""


class CompiledNetworks:
    """The trials of a network, one after the other or side by side on several threads.

    With several trials each is computed by one thread, so it does not depend on the others, bit for bit. A trial alone
    has its matrix products shared out over all threads, which can change the last bits of sums.

    Args:
        data: data, model and start.
        settings: of the trials.
        recording: what is kept of the steps.
        kernels: of the type to compute with.
        shares_products: whether a trial alone has its products shared out.

    Raises:
        ayla_core.native.cache.NoKernels: where this build of PyTorch lacks what they call.
    """

    def __init__(
        self,
        data: NetworkData,
        settings: TrialSettings,
        recording: Recording,
        kernels: Kernels,
        *,
        shares_products: bool = True,
    ) -> None:
        self._kernels = kernels
        self._data = data
        self._recording = recording
        self._layout = PaddedLayout(data.widths, kernels.dtype.itemsize)
        self.lanes = len(settings)
        self._most_threads = None if shares_products or self.lanes > 1 else 1
        every = np.arange(self.lanes)
        self._step_numbers = StepNumbers(settings, every, recording.budget)
        self._fixed = numbers_of(settings, every, self.lanes, self._step_numbers, kernels.dtype) | {
            "per_sample": settings.ayla.on_samples.astype(np.int32),
            "widths": np.array(data.widths, dtype=np.int64),
            "offsets": self._layout.offsets,
        }
        self._parameters = self._layout.spread(data.initial.astype(kernels.dtype))
        deepest = max(len(rule.memory) for rule in settings.rules)
        self._memory = aligned((self.lanes, deepest, self._layout.size), kernels.dtype)
        for place, trials, values in initial_memory(settings):
            self._memory[trials, place] = values[:, None]
        self._sums = {name: np.zeros(self.lanes) for name in ("loss_sum", "correct_sum", "seen")}
        self._addresses = {"gemm": kernels.matrix_product, "set_threads": kernels.set_threads}

    @property
    def places(self) -> Integers:
        """Trials stand in the order given."""
        return np.arange(self.lanes)

    @property
    def row_places(self) -> Integers:
        """The same."""
        return self.places

    @property
    def numbers_per_step(self) -> int:
        """Recorded numbers of one step, and the places of its samples."""
        recorded = self._recording.kept * self.lanes * len(self._recording.quantities) // self._recording.every
        return recorded + self._data.order.numbers_per_step + self._step_numbers.numbers_per_step

    def advance(self, first: int, updates: int, statistics: TrialStatistics, *, last: bool) -> RecordedSteps:
        """Make updates and count them (see ``Stepper``)."""
        end = first + updates - (0 if last else 1)
        steps = recorded_steps(self._recording, first, end)
        names = self._recording.quantities if self._recording.kept else ()
        values = np.empty((len(steps), len(names), self.lanes), dtype=self._kernels.dtype)
        diverged_rows = np.zeros(values.shape[1:], dtype=self._kernels.dtype)
        step_numbers = np.ascontiguousarray(self._step_numbers.table(first + 1, updates + 1), dtype=self._kernels.dtype)
        order, sizes = self._data.order.of_steps(first, updates + last)
        arrays = {
            "step_numbers": step_numbers,
            "rows": values,
            "diverged_rows": diverged_rows,
            "sizes": sizes,
            **statistics.arrays(),
        }
        if order is not None:
            arrays |= {"order": order, "order_of": self._data.order.of_trial}
        network = self._network(self._data.training, self._fixed | self._sums | arrays)
        network.largest_batch = self._data.order.largest_batch
        network.step_number_count, network.step_columns = len(self._step_numbers.names), step_numbers.shape[1]
        network.first_step, network.updates, network.evaluate_last = first, updates, last
        network.every = self._recording.every if self._recording.kept else 0
        network.last_step = self._recording.budget
        self._kernels.function("run_network")(ctypes.byref(network))
        current().check()
        return RecordedSteps(first, end, steps, names, values, diverged_rows)

    def state(self) -> dict[str, Tensor]:
        """Parameters and memory of each trial, and the running sums of the metrics."""
        arrays = {"parameters": self._parameters, "memory": self._memory, **self._sums}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def predictions(self) -> list[dict[str, Floats]] | None:
        """Predictions of each trial's model now."""
        grid = self._data.grid
        if grid is None:
            return None
        outputs = np.empty((self.lanes, len(grid.inputs)), dtype=self._kernels.dtype)
        network = self._network(grid, self._fixed)
        self._evaluate(network, outputs.ctypes.data, None, None)
        return self._data.prediction_columns(outputs.astype(np.float64))

    def metrics(self, parts: Collection[Part]) -> dict[str, Floats]:
        """Metrics of the models since the last call."""
        sums = self._sums
        with np.errstate(invalid="ignore"):
            found = self._columns("train", sums["loss_sum"] / sums["seen"], sums["correct_sum"] / sums["seen"])
        for total in sums.values():
            total[:] = 0
        evaluated, blank = chosen_parts(parts, self._data.parts), np.full(self.lanes, np.nan)
        for part, samples in self._data.parts.items():
            scores = self._scores(samples) if part in evaluated else (blank, blank)
            found |= self._columns(part, *scores)
        return found

    def _columns(self, part: str, loss: Floats, accuracy: Floats) -> dict[str, Floats]:
        return {f"{part}_loss": loss} | ({f"{part}_accuracy": accuracy} if self._data.has_classes else {})

    def _scores(self, samples: HostSamples) -> tuple[Floats, Floats]:
        """Mean loss and share of right answers of each model on a whole part."""
        pieces = -(-len(samples.inputs) // _EVALUATED_AT_ONCE)
        losses, correct = np.zeros((2, self.lanes, pieces))
        self._evaluate(self._network(samples, self._fixed), None, losses.ctypes.data, correct.ctypes.data)
        return losses.sum(1) / len(samples.inputs), correct.sum(1) / len(samples.inputs)

    def _evaluate(self, network: NetworkBatch, outputs: int | None, losses: int | None, correct: int | None) -> None:
        network.largest_batch = _EVALUATED_AT_ONCE
        pointers = (ctypes.c_void_p(item) for item in (outputs, losses, correct))
        self._kernels.function("evaluate_network")(ctypes.byref(network), *pointers)
        current().check()

    def _network(self, samples: HostSamples, arrays: Mapping[str, _Array]) -> NetworkBatch:
        data = self._data
        named = {**arrays, "inputs": samples.inputs, "parameters": self._parameters, "memory": self._memory}
        named["progress"] = current().marks
        if samples.labels is not None:
            named["labels"] = samples.labels
        if samples.targets is not None:
            named |= {"targets": samples.targets, "target_set": data.target_set}
        network: NetworkBatch = NetworkBatch.of(
            named,
            trials=self.lanes,
            layers=len(data.widths) - 1,
            padded=self._layout.size,
            activation=ACTIVATIONS.index(data.activation),
            loss=LOSSES.index(data.loss),
            samples=len(samples.inputs),
            memories=self._memory.shape[1],
            threads=self._most_threads or threads(),
            at_once=MULTIPLIED_AT_ONCE,
            skips_zeros=data.skips_zeros,
            **self._addresses,
        )
        return network
