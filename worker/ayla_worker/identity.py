"""Who this worker is and what its results depend on."""

import os
import platform
import socket
from importlib.metadata import version

import torch
from ayla_core.devices import available_threads, set_threads
from ayla_core.native.library import kernels
from ayla_service.queue.claims import WorkerIdentity
from ayla_service.settings import Settings


def describe_worker(settings: Settings) -> WorkerIdentity:
    """Fix the thread count and describe this process; results are bit-identical only within one description."""
    set_threads(settings.torch_threads or available_threads())
    devices = {"auto", "cpu"} | ({"cuda"} if torch.cuda.is_available() else set())
    return WorkerIdentity(
        name=f"{socket.gethostname()}:{os.getpid()}",
        devices=frozenset(devices),
        environment={
            "ayla": version("ayla-service"),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "threads": torch.get_num_threads(),
            "kernels": _kernels(),
        },
    )


def _kernels() -> str:
    """Which problems compiled kernels compute here; the others are computed by PyTorch, to other last bits."""
    compiled = [kind for kind in ("expressions", "networks") if kernels(kind, torch.float64) is not None]
    return " and ".join(compiled) or "none"


def describe_device(device: torch.device) -> str:
    """The device's kind, and for a GPU its model: results are repeatable on the same kind."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type
