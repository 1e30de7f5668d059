"""The machine that a measurement was made on, in words."""

import functools
import platform
import shutil
import subprocess
from pathlib import Path

import torch
from ayla_core.devices import available_threads
from ayla_core.native.library import kernels


@functools.cache
def description() -> dict[str, str | int]:
    """Processor, cores, PyTorch and its threads, compiler, and whether there are compiled kernels."""
    return {
        "processor": _processor(),
        "cores": available_threads(),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "compiler": _compiler(),
        "kernels": _kernels(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
    }


def _processor() -> str:
    found = _field("/proc/cpuinfo", "model name") or platform.processor() or "unknown processor"
    vectors = "AVX-512" if "avx512f" in _field("/proc/cpuinfo", "flags") else ""
    return ", ".join(part for part in (found, vectors) if part)


def _memory() -> str:
    total = _field("/proc/meminfo", "MemTotal")
    return f"{int(total.split()[0]) / 2**20:.1f} GiB" if total else "unknown"


def _field(file: str, name: str) -> str:
    """The first value of a name in a file of lines ``name : value``; empty where there is none."""
    path = Path(file)
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _compiler() -> str:
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        return "none"
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    return said.splitlines()[0] if said else found


def _kernels() -> str:
    wanted = {"expressions": torch.float64, "networks": torch.float32}
    there = [kind for kind, dtype in wanted.items() if kernels(kind, dtype) is not None]
    return f"compiled ({', '.join(there)})" if there else "none, PyTorch alone"
