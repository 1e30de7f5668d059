"""The undisturbed run: the core by itself on the same shards, compared with the store bit for bit."""

import json
from collections.abc import Callable, Iterator, Sequence

import torch
from ayla_core.engine import Engine
from ayla_core.recorder import Block, MemoryRecorder, MetricOutcome, TrialOutcome
from ayla_core.training import train
from ayla_service.trials.metric_columns import METRIC_COLUMNS
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.trials import plan_trials

from tests.chaos.stored import Columns, StoredJob, StoredTrial

_DECIDES_THE_NUMBERS = ("problem", "optimizers", "budget", "seeds", "record", "dtype")


class _Rows(MemoryRecorder):
    """Without checkpoints, which take most of the time."""

    def write(self, block: Block, checkpoint: Callable[[], bytes]) -> None:
        super().write(block, bytes)


class References:
    """Undisturbed runs; each is computed once, however many jobs ask for it."""

    def __init__(self) -> None:
        self._known: dict[str, MemoryRecorder] = {}

    def differences(self, job: StoredJob) -> Iterator[str]:
        """Where a job that has succeeded is not what an undisturbed run gives."""
        spec = ResolvedJobSpec.model_validate(job.row.resolved_spec)
        for shard in job.shards:
            expected = self._of(spec, [trial.row.index for trial in shard])
            for trial in shard:
                for found in _differences(trial, expected):
                    yield f"trial {trial.row.index} of {job.row.name}: {found}"

    def _of(self, spec: ResolvedJobSpec, indices: Sequence[int]) -> MemoryRecorder:
        told = spec.model_dump(mode="json")
        key = json.dumps([indices, *(told[name] for name in _DECIDES_THE_NUMBERS)], sort_keys=True)
        if key not in self._known:
            self._known[key] = _undisturbed(spec, indices)
        return self._known[key]


def _undisturbed(spec: ResolvedJobSpec, indices: Sequence[int]) -> MemoryRecorder:
    trials = [trial for trial in plan_trials(spec) if trial.index in set(indices)]
    recorder = _Rows()
    train(Engine(spec, trials, torch.device("cpu")), recorder)
    return recorder


def _differences(trial: StoredTrial, expected: MemoryRecorder) -> Iterator[str]:
    index = trial.row.index
    yield from _in_columns("trajectory", trial.trajectory, expected.trajectories.get(index, {}))
    yield from _in_columns("metrics", trial.metrics, expected.metrics.get(index, {}))
    yield from _in_summary(trial, expected.outcomes[index])


def _in_columns(what: str, stored: Columns, expected: Columns) -> Iterator[str]:
    if list(stored) != list(expected):
        yield f"{what}: columns {list(stored)} instead of {list(expected)}"
        return
    for name, values in expected.items():
        if stored[name].dtype != values.dtype or stored[name].tobytes() != values.tobytes():
            yield f"{what}: {name} differs"


def _in_summary(trial: StoredTrial, expected: TrialOutcome) -> Iterator[str]:
    row = trial.row
    pairs = {
        "state": (row.state, expected.outcome),
        "steps_done": (row.steps_done, expected.steps_done),
        "final_loss": (row.final_loss, expected.final_loss),
        "best_loss": (row.best_loss, expected.best_loss),
        "best_step": (row.best_step, expected.best_step),
        "first_nonfinite_step": (row.first_nonfinite_step, expected.first_nonfinite_step),
        "capped_steps": (row.capped_steps, expected.capped_steps),
        "losses_below_one": (row.losses_below_one, expected.losses_below_one),
        "losses_above_one": (row.losses_above_one, expected.losses_above_one),
    }
    for metric, names in METRIC_COLUMNS.items():
        wanted = expected.metrics.get(metric, MetricOutcome(None, None, None))
        values = (wanted.final, wanted.best, wanted.best_epoch)
        pairs |= {name: (getattr(row, name), value) for name, value in zip(names, values, strict=True)}
    for name, (found, value) in pairs.items():
        if found != value:
            yield f"summary: {name} is {found} instead of {value}"
