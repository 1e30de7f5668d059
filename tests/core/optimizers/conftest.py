"""Some optimizers of PyTorch keep numbers in the default type, which is float32 unless a test changes it."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def float64_by_default() -> Iterator[None]:
    """PyTorch makes float64 tensors while the test runs."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
