"""Drives an engine to its end in blocks of about the same duration."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ayla_core.engine import Engine
from ayla_core.recorder import Recorder


@dataclass(frozen=True, slots=True)
class BlockLength:
    """Length of the blocks of steps. Each ends in a write, so it is also how soon the training can be stopped.

    Attributes:
        target_seconds: a block should take about that long, recording included.
        first_steps: steps of the first block.
        growth: a block has at most that many times the steps of the one before.
        max_numbers: upper bound of the numbers a block keeps in memory (8 bytes each, a few copies).
    """

    target_seconds: float = 0.5
    first_steps: int = 16
    growth: float = 2.0
    max_numbers: int = 4_000_000

    def next_steps(self, steps: int, seconds: float, recording: float = 0.0) -> int:
        """The steps of the next block.

        Args:
            steps: of the block before.
            seconds: that it took, without recording it.
            recording: seconds that recording it took. Where this is long, so is the next block: else a machine with
                much else to do would record after each step, and compute next to nothing.
        """
        fitting = steps * self.growth
        if seconds > 0:
            wanted = max(self.target_seconds - recording, _COMPUTED_PER_RECORDED * recording)
            fitting = min(fitting, steps * wanted / seconds)
        return max(1, int(fitting))


_COMPUTED_PER_RECORDED = 3.0
"""Computing time of a block for each second of recording it, at least."""


def _never() -> bool:
    return False


def train(
    engine: Engine,
    recorder: Recorder,
    block_length: BlockLength | None = None,
    should_stop: Callable[[], bool] = _never,
) -> bool:
    """Advance and record until the engine has finished.

    Args:
        engine: fresh, or restored from a checkpoint.
        recorder: takes each block with a way to the checkpoint right after it; what it raises passes through.
        block_length: length of the blocks. Default ``BlockLength()``.
        should_stop: asked before each block.

    Returns:
        Whether the engine has finished; False when ``should_stop`` ended the loop.
    """
    block_length = block_length or BlockLength()
    ceiling = max(1, block_length.max_numbers // engine.numbers_per_step)
    steps = min(block_length.first_steps, ceiling)
    while not engine.finished:
        if should_stop():
            return False
        started = time.perf_counter()
        block = engine.advance(steps)
        computed = time.perf_counter()
        recorder.write(block, engine.checkpoint)
        recorded = time.perf_counter()
        steps = min(block_length.next_steps(steps, computed - started, recorded - computed), ceiling)
    return True
