"""The numerical engine: trains a batch of trials at once, with AYLA (AYLA.md sections 1-3) on top of any optimizer.

PyTorch, NumPy and the contract (``ayla_spec``) only; it knows nothing of queues, stores or HTTP.
"""

from ayla_core.devices import DeviceUnavailable, select_device, set_threads
from ayla_core.engine import CheckpointError, Engine
from ayla_core.recorder import Block, MemoryRecorder, PredictionRows, Recorder, TrialRows, TrialSummary
from ayla_core.training import Pace, train

__all__ = [
    "Block",
    "CheckpointError",
    "DeviceUnavailable",
    "Engine",
    "MemoryRecorder",
    "Pace",
    "PredictionRows",
    "Recorder",
    "TrialRows",
    "TrialSummary",
    "select_device",
    "set_threads",
    "train",
]
