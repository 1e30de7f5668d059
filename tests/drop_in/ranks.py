"""One of the processes of ``test_ranks``: trains the same network in several ways and writes down what became of it.

python -m tests.drop_in.ranks RANK RANKS FOLDER
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from ayla_torch import AYLA
from torch import Tensor, distributed, nn, optim
from torch.distributed.checkpoint import state_dict_loader, state_dict_saver
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

STEPS = 6
RANKS = 2


def network() -> nn.Sequential:
    """The same in every process."""
    torch.manual_seed(4)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double()


def batch(step: int, rank: int) -> tuple[Tensor, Tensor]:
    """A batch of one rank; the losses of the ranks are far apart, on both sides of 1."""
    draw = torch.Generator().manual_seed(100 * step + rank)
    inputs, targets = (torch.randn(8, size, generator=draw, dtype=torch.float64) for size in (3, 2))
    return inputs, targets * (0.3 + 2 * rank)


def loss_of(model: nn.Module, step: int, rank: int) -> Tensor:
    """The loss of that batch."""
    inputs, targets = batch(step, rank)
    loss: Tensor = nn.functional.mse_loss(model(inputs), targets)
    return loss


def wrapped(model: nn.Module, **more: Any) -> AYLA:
    """AYLA around AdamW."""
    return AYLA(optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.1), n1=1.5, n2=0.7, **more)


def train(model: nn.Module, optimizer: AYLA, rank: int, steps: range = range(STEPS)) -> list[float]:
    """Train on this rank's batches; returns the scales."""
    scales = []
    for step in steps:
        optimizer.zero_grad()
        loss = loss_of(model, step, rank)
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's
        optimizer.step(loss)
        scales.append(float(optimizer.scale))  # type: ignore[arg-type]  # there is one after a step
    return scales


def flat(model: nn.Module) -> list[float]:
    """All parameters, whole."""
    whole = (one.full_tensor() if hasattr(one, "full_tensor") else one for one in model.parameters())
    return torch.cat([one.detach().flatten() for one in whole]).tolist()


def of_all_ranks() -> dict[str, Any]:
    """What the ranks together should do: one process, the mean of their losses."""
    model = network()
    optimizer = wrapped(model)
    scales = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = torch.stack([loss_of(model, step, rank) for rank in range(RANKS)]).mean()
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's
        optimizer.step(loss)
        scales.append(float(optimizer.scale))  # type: ignore[arg-type]  # there is one after a step
    return {"parameters": flat(model), "scales": scales}


def replicated(rank: int, **more: Any) -> dict[str, Any]:
    """DistributedDataParallel."""
    model = network()
    scales = train(DistributedDataParallel(model), wrapped(model, **more), rank)
    return {"parameters": flat(model), "scales": scales}


def sharded(seed_of: Callable[[], nn.Sequential] = network) -> nn.Sequential:
    """The network, shared out over the ranks (FSDP2)."""
    model = seed_of()
    mesh = init_device_mesh("cpu", (RANKS,))
    for layer in model:
        if isinstance(layer, nn.Linear):
            fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model


def refusal() -> str:
    """What AYLA says of parameters that are shared out, without a process group."""
    try:
        wrapped(sharded())
    except ValueError as error:
        return str(error)
    return "none"


def resumed(rank: int, folder: Path) -> dict[str, Any]:
    """FSDP2, stored and loaded half-way with ``torch.distributed.checkpoint``."""
    group, half = distributed.group.WORLD, STEPS // 2
    model = sharded()
    optimizer = wrapped(model, process_group=group)
    scales = train(model, optimizer, rank, range(half))
    kept = {"model": model.state_dict(), "optimizer": get_optimizer_state_dict(model, optimizer)}
    state_dict_saver.save(kept, checkpoint_id=folder / "checkpoint")
    other = sharded(lambda: nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double())
    fresh = AYLA(optim.AdamW(other.parameters()), process_group=group)
    read = {"model": other.state_dict(), "optimizer": get_optimizer_state_dict(other, fresh)}
    state_dict_loader.load(read, checkpoint_id=folder / "checkpoint")
    other.load_state_dict(read["model"])
    set_optimizer_state_dict(other, fresh, read["optimizer"])
    scales += train(other, fresh, rank, range(half, STEPS))
    kinds = sorted({type(value).__name__ for state in fresh.state.values() for value in state.values()})
    return {"parameters": flat(other), "scales": scales, "kinds": kinds, "capped": int(fresh.capped_steps)}


def main(rank: int, ranks: int, folder: Path) -> None:
    """Everything, one after the other, as all of it is done together with the other ranks."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=ranks)
    found = {
        "together": of_all_ranks(),
        "replicated": replicated(rank, process_group=distributed.group.WORLD),
        "apart": replicated(rank),
        "refusal": refusal(),
        "resumed": resumed(rank, folder),
    }
    (folder / f"{rank}.json").write_text(json.dumps(found))
    distributed.barrier()
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
