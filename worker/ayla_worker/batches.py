"""Batches of shards that one engine computes together, and the results of each shard."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ayla_core.recorder import MemoryRecorder, MetricRows, PredictionRows, TrialRows
from ayla_service.queue.claimed import Claim
from ayla_service.queue.packs import CompletedShard
from ayla_service.trials.writer import NewResults
from ayla_spec.batch import TrialBatch
from ayla_spec.optimizers import AnyOptimizer

from ayla_worker.rows import chunk_of, predictions_of, summaries_of

_DECIDES_THE_NUMBERS = ("problem", "budget", "record", "dtype", "device", "limits")


@dataclass(frozen=True, slots=True)
class Batch:
    """Shards whose trials one engine computes.

    Attributes:
        claims: of the shards.
        trials: of all of them, numbered through.
    """

    claims: Sequence[Claim]
    trials: TrialBatch


def compatible(claims: Sequence[Claim]) -> list[list[Claim]]:
    """The shards in groups that one engine can compute, in the order of their first members.

    Those of one problem, budget, record and type. Only expressions: what is computed of one trial does not depend on
    the others to the last bit there, which not every network promises.
    """
    groups: dict[str, list[Claim]] = {}
    for claim in claims:
        groups.setdefault(_kind(claim), []).append(claim)
    return list(groups.values())


def _kind(claim: Claim) -> str:
    spec = claim.resolved_spec
    if spec.get("problem", {}).get("type") != "expression":
        return claim.shard_id
    return json.dumps([spec.get(name) for name in _DECIDES_THE_NUMBERS], sort_keys=True)


def batch_of(claims: Sequence[Claim]) -> Batch:
    """The trials of all the shards, numbered through."""
    return Batch(claims, _joined([claim.trials for claim in claims]))


def _joined(batches: Sequence[TrialBatch]) -> TrialBatch:
    """Trials of one problem in one batch, numbered through."""
    count = sum(map(len, batches))
    columns = {path: np.full(count, np.nan) for batch in batches for path in batch.columns}
    arms, first, templates = [], 0, list[AnyOptimizer]()
    for batch in batches:
        arms.append(batch.arms + np.int32(len(templates)))
        templates += batch.templates
        for path, column in batch.columns.items():
            columns[path][first : first + len(batch)] = column
        first += len(batch)
    return TrialBatch(
        problem=batches[0].problem,
        indices=np.arange(count),
        templates=tuple(templates),
        arms=np.concatenate(arms),
        seeds=np.concatenate([batch.seeds for batch in batches]),
        columns=columns,
    )


def completed(batch: Batch, memory: MemoryRecorder, seconds: float, device: str) -> list[CompletedShard]:
    """Results of the batch, shard by shard."""
    assert memory.columns is not None  # noqa: S101  # the batch has been computed
    predictions: dict[int, list[PredictionRows]] = {}
    for item in memory.predictions:
        predictions.setdefault(item.index, []).append(item)
    first, shards = 0, []
    for claim in batch.claims:
        numbers = range(first, first + claim.range.trials)
        results = _results(claim, numbers, memory, predictions)
        sizes = results.sizes(claim.range.first, claim.range.trials)
        outcomes = memory.columns.part(slice(numbers.start, numbers.stop))
        trials = summaries_of(outcomes, seconds, sizes, device, alone=len(batch.trials) == 1)
        shards.append(CompletedShard(claim, trials, results, device))
        first = numbers.stop
    return shards


def _results(
    claim: Claim, numbers: range, memory: MemoryRecorder, predictions: Mapping[int, Sequence[PredictionRows]]
) -> NewResults:
    """Results of a shard, whose trials have these numbers in the batch; by their indices in the job."""
    results = NewResults()
    for index, number in enumerate(numbers, claim.range.first):
        if number in memory.trajectories:
            results.chunks.append(chunk_of(TrialRows(index, memory.trajectories[number])))
        if number in memory.metrics:
            results.metrics.append(chunk_of(MetricRows(index, memory.metrics[number])))
        results.predictions.extend(predictions_of(replace(item, index=index)) for item in predictions.get(number, ()))
    return results
