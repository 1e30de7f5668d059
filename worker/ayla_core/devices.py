"""Which device a job runs on, and how many threads its CPU part may use."""

import os

import torch
from ayla_spec.jobspec import Device


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


def set_threads(count: int) -> None:
    """Let the core use ``count`` CPU threads (at least 1)."""
    torch.set_num_threads(count)


def threads() -> int:
    """How many CPU threads the core uses."""
    return torch.get_num_threads()


def available_threads() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
