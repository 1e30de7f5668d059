"""The network as anyone would write it in PyTorch, and its bare matrix products."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from measure.images import BATCH, WIDTHS

LEARNING_RATES = {"sgd": 0.01, "adam": 1e-3}

Run = Callable[[int], None]
"""Makes so many training steps."""

Step = Callable[[torch.Tensor, torch.Tensor], None]


def products(steps: int) -> None:
    """The five matrix products of each step alone, on operands that are there already."""
    before, hidden, after = WIDTHS
    x, h = torch.rand(BATCH, before), torch.rand(BATCH, hidden)
    w1, w2, d2 = torch.rand(before, hidden), torch.rand(hidden, after), torch.rand(BATCH, after)
    z1, z2, d1 = torch.empty(BATCH, hidden), torch.empty(BATCH, after), torch.empty(BATCH, hidden)
    g1, g2 = torch.empty(before, hidden), torch.empty(hidden, after)
    for _ in range(steps):
        torch.mm(x, w1, out=z1)
        torch.mm(h, w2, out=z2)
        torch.mm(h.T, d2, out=g2)
        torch.mm(d2, w2.T, out=d1)
        torch.mm(x.T, d1, out=g1)


def training(optimizer: str, inputs: torch.Tensor, labels: torch.Tensor, *, fused: bool = False) -> Run:
    """Plain training with ``torch.optim``: mini-batches by indexing with a permutation; records nothing."""
    step = training_step(optimizer, inputs.device, fused=fused)
    return over(step, inputs, labels)


def compiled_training(optimizer: str, inputs: torch.Tensor, labels: torch.Tensor) -> Run:
    """The same with the whole training step given to ``torch.compile``, compiled before it returns.

    Raises:
        Exception: whatever compiling raises.
    """
    run = over(torch.compile(training_step(optimizer, inputs.device)), inputs, labels)
    run(3)
    return run


def training_step(optimizer: str, device: torch.device, *, fused: bool = False) -> Step:
    """One step of a fresh model: forward, backward, update."""
    before, hidden, after = WIDTHS
    model = nn.Sequential(nn.Linear(before, hidden), nn.ReLU(), nn.Linear(hidden, after)).to(device)
    return step_of(model, optimizer, fused=fused)


def step_of(model: nn.Module, optimizer: str, *, fused: bool = False) -> Step:
    """One step of a classifier: forward, backward, update."""
    loss = nn.CrossEntropyLoss()
    kind: Any = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
    stepper = kind(model.parameters(), lr=LEARNING_RATES[optimizer], fused=fused or None)

    def step(x: torch.Tensor, y: torch.Tensor) -> None:
        stepper.zero_grad()
        loss(model(x), y).backward()
        stepper.step()

    return step


def over(step: Step, inputs: torch.Tensor, labels: torch.Tensor) -> Run:
    """A step made on mini-batches by indexing with a permutation."""

    def run(steps: int) -> None:
        for batch in itertools.islice(_batches(inputs), steps):
            step(inputs[batch], labels[batch])

    return run


def _batches(inputs: torch.Tensor) -> Iterator[torch.Tensor]:
    """Full mini-batches in a new random order for each epoch, without end."""
    whole = len(inputs) // BATCH * BATCH
    while True:
        yield from torch.randperm(len(inputs), device=inputs.device)[:whole].split(BATCH)
