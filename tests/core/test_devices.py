"""Choice of the device."""

import pytest
import torch
from ayla_core import DeviceUnavailable, select_device, set_threads


def test_cpu_is_always_there() -> None:
    assert select_device("cpu") == torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_without_a_gpu_auto_is_the_cpu_and_cuda_is_refused() -> None:
    assert select_device("auto") == torch.device("cpu")
    with pytest.raises(DeviceUnavailable, match="no 'cuda' device") as caught:
        select_device("cuda")
    assert caught.value.requested == "cuda"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_with_a_gpu_auto_uses_it() -> None:
    assert select_device("auto").type == select_device("cuda").type == "cuda"


def test_threads_are_set() -> None:
    before = torch.get_num_threads()
    try:
        set_threads(1)
        assert torch.get_num_threads() == 1
    finally:
        set_threads(before)
