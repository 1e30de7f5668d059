"""The whole state of a batch as bytes, and back."""

import hashlib
import io
from collections.abc import Mapping
from typing import Any

import torch
from ayla_spec.batch import TrialBatch
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.networks import CnnModel
from ayla_spec.optimizers.base import NAMES
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from torch import Tensor

_FORMAT = 3
_OF_EXPRESSIONS, _OF_NETWORKS = "power 0021", "products 0034"
"""How expressions and fully connected networks are computed: changed whenever a change of the engine changes a bit of
them (decisions 0021, 0025 and 0034)."""
_DIGEST_BYTES = hashlib.sha256().digest_size

State = Mapping[str, Tensor]


class CheckpointError(ValueError):
    """Bytes that are no checkpoint of this batch."""


def fingerprint(spec: ResolvedJobSpec, trials: TrialBatch) -> str:
    """A digest of everything that decides what the batch computes; evaluating a model changes nothing of it."""
    whole = spec.model_copy(update={"problem": trials.problem})
    decides = whole.model_dump_json(include={"problem", "budget", "dtype", "record"}, exclude={"record": {"evaluate"}})
    digest = hashlib.sha256(decides.encode())
    digest.update(_arithmetic(trials.problem).encode())
    settings = [template.model_dump_json(exclude=set(NAMES)) for template in trials.templates]
    for index, seed, arm in zip(trials.indices.tolist(), trials.seeds.tolist(), trials.arms.tolist(), strict=True):
        digest.update(f"\n{index} {seed} {settings[arm]}".encode())
    for path, column in sorted(trials.columns.items()):
        digest.update(f"\n{path} ".encode() + column.tobytes())
    return digest.hexdigest()


def _arithmetic(problem: ExpressionProblem | DatasetProblem) -> str:
    if isinstance(problem, ExpressionProblem):
        return _OF_EXPRESSIONS
    # Convolutions are PyTorch's.
    return "" if isinstance(problem.model, CnnModel) else _OF_NETWORKS


def pack(tensors: State, *, step: int, finished: bool, owner: str) -> bytes:
    """Bytes that hold the tensors, the step and whose state it is, led by their SHA-256."""
    buffer = io.BytesIO()
    content = {"format": _FORMAT, "owner": owner, "step": step, "finished": finished, "tensors": dict(tensors)}
    buffer.write(bytes(_DIGEST_BYTES))
    torch.save(content, buffer)
    view = buffer.getbuffer()
    view[:_DIGEST_BYTES] = hashlib.sha256(view[_DIGEST_BYTES:]).digest()
    view.release()
    return buffer.getvalue()


def unpack(data: bytes, into: State, *, owner: str, later: Mapping[str, float]) -> tuple[int, bool]:
    """Copy the tensors of ``data`` over those of ``into``.

    Args:
        data: what ``pack`` made.
        into: the tensors of the batch.
        owner: whose state it has to be.
        later: by name the tensors that an earlier version did not save, and what they are filled with then; the batch
            may lack them too.

    Returns:
        The step, and whether the batch had finished.

    Raises:
        CheckpointError: when the bytes cannot be read, or are the state of another batch. Nothing is changed then.
    """
    content = _load(data)
    if content["format"] != _FORMAT or content["owner"] != owner:
        raise CheckpointError("The checkpoint belongs to another batch of trials or another version of the engine.")
    saved: dict[str, Tensor] = content["tensors"]
    missing = into.keys() - saved.keys()
    saved |= {name: torch.full_like(into[name], value) for name, value in later.items() if name in missing}
    if {name: (item.shape, item.dtype) for name, item in saved.items()} != {
        name: (item.shape, item.dtype) for name, item in into.items()
    }:
        raise CheckpointError("The tensors in the checkpoint have other names or shapes than those of this batch.")
    for name, tensor in into.items():
        tensor.copy_(saved[name])
    return content["step"], content["finished"]


def _load(data: bytes) -> dict[str, Any]:
    """Content that ``pack`` was given. The digest is checked first: bytes that it does not cover could be anything."""
    digest, body = data[:_DIGEST_BYTES], memoryview(data)[_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        raise CheckpointError("The bytes are not a checkpoint, or not as they were written.")
    content: dict[str, Any] = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    return content
