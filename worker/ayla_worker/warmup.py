"""Makes the first job as fast as the second: what torch sets up on first use happens before any work is claimed."""

import torch
from ayla_core.devices import select_device
from ayla_core.engine import Engine
from ayla_core.native.library import kernels
from ayla_spec import JobSpec, resolve
from ayla_spec.trials import plan_trials


def warm_up() -> torch.device:
    """Run a few steps of both kinds of problem on the device that 'auto' means here; returns that device.

    Compiles the kernels, if this machine has none yet: a few seconds, once.
    """
    device = select_device("auto")
    for preset in ("poly-adam", "curve-a"):
        submitted = {"problem": {"type": "preset", "preset": preset}, "budget": {"steps": 2}}
        spec = resolve(JobSpec.model_validate(submitted))
        Engine(spec, plan_trials(spec), device).advance(2)
    if device.type == "cpu":
        kernels("networks", torch.float32)  # what images are computed in
    return device
