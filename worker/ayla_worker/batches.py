"""Batches of shards that one engine computes together, and the results of each shard."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ayla_core.recorder import MemoryRecorder, MetricRows, TrialRows
from ayla_service.queue.claims import Claim
from ayla_service.queue.packs import CompletedShard
from ayla_service.trials.writer import NewResults
from ayla_spec.trials import TrialPlan

from ayla_worker.rows import chunk_of, predictions_of, progress_of

_DECIDES_THE_NUMBERS = ("problem", "budget", "record", "dtype", "device", "limits")


@dataclass(frozen=True, slots=True)
class Batch:
    """Shards whose trials one engine computes.

    Attributes:
        claims: of the shards.
        trials: of all of them, numbered through.
        ids: in the store, by that number.
        owners: the shard of each trial, by that number.
    """

    claims: Sequence[Claim]
    trials: list[TrialPlan]
    ids: dict[int, str]
    owners: list[str]


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
    pairs = [(claim, plan) for claim in claims for plan in claim.trials]
    return Batch(
        claims=claims,
        trials=[replace(plan, index=number) for number, (_, plan) in enumerate(pairs)],
        ids={number: claim.trial_ids[plan.index] for number, (claim, plan) in enumerate(pairs)},
        owners=[claim.shard_id for claim, _ in pairs],
    )


def completed(batch: Batch, memory: MemoryRecorder, seconds: float, device: str) -> list[CompletedShard]:
    """Results of the batch, shard by shard."""
    alone = len(batch.trials) == 1
    found = {claim.shard_id: CompletedShard(claim, [], NewResults(), device) for claim in batch.claims}
    for number, owner in enumerate(batch.owners):
        shard = found[owner]
        shard.trials.append(progress_of(memory.outcomes[number], batch.ids, seconds, device, alone=alone))
        if number in memory.trajectories:
            shard.results.chunks.append(chunk_of(TrialRows(number, memory.trajectories[number]), batch.ids))
        if number in memory.metrics:
            shard.results.metrics.append(chunk_of(MetricRows(number, memory.metrics[number]), batch.ids))
    for item in memory.predictions:
        found[batch.owners[item.index]].results.predictions.append(predictions_of(item, batch.ids))
    return list(found.values())
