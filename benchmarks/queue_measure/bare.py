"""The Celery program that the queue is compared with: the same computation as a task, its result in Redis.

What one would write without this service: messages acknowledged late, results kept, a pool of processes. They are
spawned, as a process that has computed with torch must not be forked, and only they import torch.
"""

import os
import time
from typing import Any

from celery import Celery

QUEUE = "jobs"
WARMING = "warming"
BROKER, RESULTS = "BARE_BROKER", "BARE_RESULTS"
"""Variables that name the Redis databases of messages and results."""

app = Celery("bare")
app.conf.update(
    broker_url=os.environ.get(BROKER),
    result_backend=os.environ.get(RESULTS),
    task_acks_late=True,
    worker_pool="prefork",
    worker_pool_start_method="spawn",
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
)


@app.task(name="bare.run")
def run(resolved: dict[str, Any]) -> dict[str, list[float]]:
    """Run a job of one trial from its resolved spec; returns its trajectory as columns."""
    import torch
    from ayla_core import Engine, MemoryRecorder, train
    from ayla_spec import ResolvedJobSpec
    from ayla_spec.trials import plan_trials

    spec, recorder = ResolvedJobSpec.model_validate(resolved), MemoryRecorder()
    train(Engine(spec, plan_trials(spec), torch.device("cpu")), recorder)
    return {name: values.tolist() for name, values in recorder.trajectories[0].items()}


@app.task(name="bare.warm")
def warm(resolved: dict[str, Any]) -> int:
    """Make this process ready: torch imported, one thread, one job run; returns which process it was."""
    from ayla_core.devices import set_threads

    set_threads(1)
    run(resolved)
    time.sleep(0.3)  # so that the next of these tasks goes to another process
    return os.getpid()
