"""The whole state of a batch as bytes, and back."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.trials import TrialPlan
from torch import Tensor

_FORMAT = 2
_DIGEST_BYTES = hashlib.sha256().digest_size

State = Mapping[str, Tensor]


class CheckpointError(ValueError):
    """Bytes that are no checkpoint of this batch."""


def fingerprint(spec: ResolvedJobSpec, trials: Sequence[TrialPlan]) -> str:
    """A digest of everything that decides what the batch computes."""
    decides = spec.model_dump(mode="json", include={"problem", "budget", "dtype", "record"})
    plans = [[trial.index, trial.seed, trial.settings.model_dump(mode="json", exclude={"label"})] for trial in trials]
    return hashlib.sha256(json.dumps([decides, plans], sort_keys=True).encode()).hexdigest()


def pack(tensors: State, *, step: int, finished: bool, owner: str) -> bytes:
    """Bytes that hold the tensors, the step and whose state it is, led by their SHA-256."""
    buffer = io.BytesIO()
    content = {"format": _FORMAT, "owner": owner, "step": step, "finished": finished, "tensors": dict(tensors)}
    torch.save(content, buffer)
    return hashlib.sha256(buffer.getvalue()).digest() + buffer.getvalue()


def unpack(data: bytes, into: State, *, owner: str) -> tuple[int, bool]:
    """Copy the tensors of ``data`` over those of ``into``.

    Returns:
        The step, and whether the batch had finished.

    Raises:
        CheckpointError: when the bytes cannot be read, or are the state of another batch. Nothing is changed then.
    """
    content = _load(data)
    if content["format"] != _FORMAT or content["owner"] != owner:
        raise CheckpointError("The checkpoint belongs to another batch of trials or another version of the engine.")
    saved: dict[str, Tensor] = content["tensors"]
    if {name: (item.shape, item.dtype) for name, item in saved.items()} != {
        name: (item.shape, item.dtype) for name, item in into.items()
    }:
        raise CheckpointError("The tensors in the checkpoint have other names or shapes than those of this batch.")
    for name, tensor in into.items():
        tensor.copy_(saved[name])
    return content["step"], content["finished"]


def _load(data: bytes) -> dict[str, Any]:
    """What ``pack`` was given. The digest is checked first: what it does not cover could be anything."""
    digest, body = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        raise CheckpointError("The bytes are not a checkpoint, or not as they were written.")
    content: dict[str, Any] = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    return content
