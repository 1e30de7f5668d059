"""Device a job runs on, how exactly a GPU computes, and how many threads the CPU part may use."""

import os
from contextlib import AbstractContextManager, nullcontext

import torch
from ayla_spec.jobspec import Device
from torch.backends import cudnn


class DeviceUnavailable(RuntimeError):
    """The requested device is not on this machine."""

    def __init__(self, requested: str) -> None:
        self.requested = requested
        super().__init__(f"This worker has no '{requested}' device; ask for 'auto' or 'cpu'.")


def select_device(requested: Device) -> torch.device:
    """The device for a request: 'auto' is the GPU if there is one, else the CPU.

    Raises:
        DeviceUnavailable: when 'cuda' is asked for and there is no GPU.
    """
    available = torch.cuda.is_available()
    if requested == "cuda" and not available:
        raise DeviceUnavailable(requested)
    return torch.device("cuda" if available and requested != "cpu" else "cpu")


def exact_convolutions(device: torch.device) -> AbstractContextManager[None]:
    """A context for prediction and gradient: cuDNN computes in the type it is given and repeats itself to the bit.

    Without it cuDNN shortens float32 and picks its algorithms by how long they take.

    The gradient is taken by threads of PyTorch's own, but the settings are the process's, so they hold there too.
    """
    if device.type != "cuda":
        return nullcontext()
    context: AbstractContextManager[None] = cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    return context


def set_threads(count: int) -> None:
    """Let the core use ``count`` CPU threads (at least 1)."""
    torch.set_num_threads(count)


def threads() -> int:
    """CPU threads that the core uses."""
    return torch.get_num_threads()


def available_threads() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
