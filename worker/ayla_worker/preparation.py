"""Preparation of a worker: PyTorch is loaded, the kernels are compiled, and both are used once."""

import torch
from ayla_core.devices import select_device
from ayla_core.engine import Engine
from ayla_core.native.library import kernels
from ayla_service.db.session import Database
from ayla_service.queue.wakeup import WakeUp
from ayla_service.settings import Settings
from ayla_spec import JobSpec, resolve
from ayla_spec.trials import plan_trials

from ayla_worker.identity import describe_facts, describe_worker
from ayla_worker.registration import WorkerRegistration
from ayla_worker.requests import Requests
from ayla_worker.runner import Runner
from ayla_worker.stop_signal import StopSignal


def prepared_runner(
    settings: Settings,
    database: Database,
    registration: WorkerRegistration,
    stop: StopSignal,
    requests: Requests,
    wanted: tuple[str, ...],
    wake_up: WakeUp | None = None,
) -> Runner:
    """A runner that is as fast with its first job as with its second, registered with what it can serve.

    Args:
        settings: of the process.
        database: the store.
        registration: of this worker, until then as one that prepares.
        stop: ends the worker.
        requests: what it is asked for.
        wanted: device kinds that it is to serve.
        wake_up: told about jobs that the worker itself has queued. Default: nobody.
    """
    identity = describe_worker(settings, registration.name, wanted)
    warm_up()
    runner = Runner(database, settings, identity, lambda: stop.is_set() or requests.is_handed_back(), wake_up)
    registration.describe(describe_facts(identity))
    return runner


def warm_up() -> torch.device:
    """Run a few steps of both kinds of problem, so that the first job is as fast as the second; returns the device.

    Compiles the kernels, if this machine has none yet: up to a minute, once.
    """
    device = select_device("auto")
    for preset in ("poly-adam", "curve-a"):
        submitted = {"problem": {"type": "preset", "preset": preset}, "budget": {"steps": 2}}
        spec = resolve(JobSpec.model_validate(submitted))
        Engine(spec, plan_trials(spec), device).advance(2)
    if device.type == "cpu":
        kernels("networks", torch.float32)  # what images are computed in
    return device
