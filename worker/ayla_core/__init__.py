"""The numerical engine: trains a batch of trials at once, with AYLA (AYLA.md sections 1-3) on top of any optimizer.

PyTorch, NumPy and the contract (``ayla_spec``) only, and for the engine's datasets what reads and fetches them; it
knows nothing of queues, stores or HTTP. Each name is loaded when it is asked for, so that AYLA in a training loop of
one's own needs nothing of the engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ayla_torch import AYLA

    from ayla_core.datasets import DatasetError, DataSource
    from ayla_core.devices import DeviceUnavailable, select_device, set_threads
    from ayla_core.engine import CheckpointError, Engine
    from ayla_core.recorder import Block, MemoryRecorder, MetricRows, PredictionRows, Recorder, TrialOutcome, TrialRows
    from ayla_core.training import BlockLength, train

__all__ = [
    "AYLA",
    "Block",
    "BlockLength",
    "CheckpointError",
    "DataSource",
    "DatasetError",
    "DeviceUnavailable",
    "Engine",
    "MemoryRecorder",
    "MetricRows",
    "PredictionRows",
    "Recorder",
    "TrialOutcome",
    "TrialRows",
    "select_device",
    "set_threads",
    "train",
]


_NAMES = {
    "drop_in": ("AYLA",),
    "datasets": ("DataSource", "DatasetError"),
    "devices": ("DeviceUnavailable", "select_device", "set_threads"),
    "engine": ("CheckpointError", "Engine"),
    "recorder": ("Block", "MemoryRecorder", "MetricRows", "PredictionRows", "Recorder", "TrialRows", "TrialOutcome"),
    "training": ("BlockLength", "train"),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
