"""Mini-batches follow from seed and step alone."""

import numpy as np
import torch
from ayla_core.objectives.batches import MiniBatches, epoch_order

from tests.core.batches import CPU


def test_an_epoch_visits_every_sample_once_in_the_order_of_seed_and_epoch() -> None:
    batches = MiniBatches([3, 2**32 - 1], 10, 4, CPU)
    assert batches.steps_per_epoch == 3
    for epoch in range(3):
        chosen = [batches.at(3 * epoch + place) for place in range(3)]
        assert [None if index is None else tuple(index.shape) for index in chosen] == [(2, 4), (2, 4), (2, 2)]
        visited = torch.cat([index for index in chosen if index is not None], dim=1).numpy()
        for row, seed in enumerate([3, 2**32 - 1]):
            np.testing.assert_array_equal(visited[row], np.random.default_rng([seed, epoch]).permutation(10))


def test_any_step_can_be_asked_for_at_any_time() -> None:
    forth, back = MiniBatches([1], 10, 3, CPU), MiniBatches([1], 10, 3, CPU)
    there = [forth.at(step) for step in range(12)]
    again = [back.at(step) for step in reversed(range(12))][::-1]
    for mine, other in zip(there, again, strict=True):
        assert mine is not None
        assert other is not None
        assert mine.tolist() == other.tolist()


def test_a_full_batch_has_no_order() -> None:
    batches = MiniBatches([1, 2], 10, None, CPU)
    assert batches.steps_per_epoch == 1
    assert batches.at(0) is None


def test_a_batch_as_large_as_the_dataset_is_shuffled_all_the_same() -> None:
    index = MiniBatches([1], 10, 25, CPU).at(2)
    assert index is not None
    assert index[0].tolist() == epoch_order(1, 2, 10).tolist()
