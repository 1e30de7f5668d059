"""The numerical engine: trains a batch of trials at once, with AYLA (AYLA.md sections 1-3) on top of any optimizer.

PyTorch, NumPy and the contract (``ayla_spec``) only; it knows nothing of queues, stores or HTTP.
"""

from typing import TYPE_CHECKING, Any

from ayla_core.datasets import DatasetError, DataSource
from ayla_core.devices import DeviceUnavailable, select_device, set_threads
from ayla_core.engine import CheckpointError, Engine
from ayla_core.recorder import Block, MemoryRecorder, MetricRows, PredictionRows, Recorder, TrialRows, TrialSummary
from ayla_core.training import Pace, train

if TYPE_CHECKING:
    from ayla_core.drop_in import AYLA

__all__ = [
    "AYLA",
    "Block",
    "CheckpointError",
    "DataSource",
    "DatasetError",
    "DeviceUnavailable",
    "Engine",
    "MemoryRecorder",
    "MetricRows",
    "Pace",
    "PredictionRows",
    "Recorder",
    "TrialRows",
    "TrialSummary",
    "select_device",
    "set_threads",
    "train",
]


def __getattr__(name: str) -> Any:
    """The drop-in is loaded when it is asked for: it brings PyTorch's compiler, which takes a second to load."""
    if name != "AYLA":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ayla_core.drop_in import AYLA

    return AYLA
