"""Identity of this worker: its name, its devices, and the environment that its results depend on."""

import os
import platform
from collections.abc import Collection
from importlib.metadata import version

import psutil
import torch
from ayla_core.devices import available_threads, select_device, set_threads
from ayla_core.native.library import kernels
from ayla_service.queue.claims import WorkerIdentity
from ayla_service.queue.eligibility import DEVICES
from ayla_service.queue.workers import WorkerFacts
from ayla_service.settings import Settings

from ayla_worker.names import host, unique_name


def describe_worker(settings: Settings, name: str | None = None, wanted: Collection[str] = DEVICES) -> WorkerIdentity:
    """Fix the thread count and describe this process; results are bit-identical only within one description.

    Args:
        settings: the number of threads.
        name: of this worker. Default: a new one.
        wanted: device kinds that it is to serve; ``auto``, which any device serves, is always among them.
    """
    set_threads(settings.torch_threads or available_threads())
    devices = {"auto", "cpu"} | ({"cuda"} if torch.cuda.is_available() else set())
    return WorkerIdentity(
        name=name or unique_name(),
        devices=frozenset(devices & {"auto", *wanted}),
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


def describe_facts(identity: WorkerIdentity) -> WorkerFacts:
    """Facts that the worker registers with: its identity, its host and its device."""
    device = select_device("auto")
    return WorkerFacts(
        name=identity.name,
        host=host(),
        pid=os.getpid(),
        device=describe_device(device)[:100],
        devices=tuple(sorted(identity.devices)),
        memory_bytes=_memory_bytes(device),
        environment=identity.environment,
    )


def _memory_bytes(device: torch.device) -> int:
    """Memory of the GPU, else of the machine."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return int(psutil.virtual_memory().total)


def _kernels() -> str:
    """Problems that compiled kernels compute here; the others are computed by PyTorch, to other last bits."""
    compiled = [kind for kind in ("expressions", "networks") if kernels(kind, torch.float64) is not None]
    return " and ".join(compiled) or "none"


def describe_device(device: torch.device) -> str:
    """The device's kind, and for a GPU its model: results are repeatable on the same kind."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type
