"""Celery application of the workers: ``celery --app ayla_worker.celery worker``, ``inspect``, ``control``, ``events``.

Its one task claims a shard, or a pack of small ones, and runs it in a child of the worker. The message only says that
there may be work: the store decides what is done, and has the results.
"""

import logging
import os
import sys
from pathlib import Path
from typing import Any

from ayla_service.logging import configure_logging, report_failed_start
from ayla_service.processes.startup import StartError, load_settings, require_broker, require_worker
from ayla_service.queue.celery.app import make_app
from ayla_service.queue.celery.configuration import QUEUES, TASK
from ayla_service.settings import Settings
from celery import Celery, Task, bootsteps
from celery.signals import (
    celeryd_after_setup,
    celeryd_init,
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_shutdown,
)
from celery.worker.control import inspect_command

from ayla_worker.child import Child
from ayla_worker.node import Node, has_cuda

_STOP_SHARE = 0.5
"""Of the time to stop, for Celery's soft shutdown: the rest is for its end."""


def _loaded() -> Settings:
    """Settings of this process.

    Raises:
        StartError: if they are wrong, or name no broker.
    """
    found = load_settings()
    require_broker(found)
    if found.broker_url is None:
        raise StartError("Celery needs a broker; set AYLA_BROKER_URL. Without one a worker is: ayla-service worker")
    return found


try:
    settings = _loaded()
except StartError as error:
    # Whoever imports this module runs a command of Celery, which would show the whole stack.
    report_failed_start("ayla_worker", str(error))
    sys.exit(2)

node = Node(settings)
_children: list[Child] = []
"""The one of this process, if it is a child of a worker."""


def _make_app(broker_url: str) -> Celery:
    made = make_app(broker_url)
    made.conf.worker_soft_shutdown_timeout = _STOP_SHARE * settings.shutdown_seconds
    made.conf.imports = (__name__,)
    made.steps["worker"].add(_NodeStep)
    made.steps["consumer"].add(_ListeningStep)
    return made


class _NodeStep(bootsteps.StartStopStep):
    """Runs the node as long as the worker's pool lives."""

    requires = ("celery.worker.components:Pool",)

    def start(self, _worker: Any) -> None:
        """The pool has started."""
        node.start()

    def close(self, _worker: Any) -> None:
        """The worker begins to stop, by a signal or a control command; its pool will be waited for."""
        node.stop()

    def stop(self, _worker: Any) -> None:
        """Before the pool is waited for."""
        node.stop()

    terminate = stop


class _ListeningStep(bootsteps.StartStopStep):
    """Tells whether messages come."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, _consumer: Any) -> None:
        """The queues are there."""
        node.set_listening(listening=True)

    def stop(self, _consumer: Any) -> None:
        """The connection is lost, or the worker stops."""
        node.set_listening(listening=False)


app = _make_app(str(settings.broker_url))


@app.task(name=TASK, bind=True)
def work(task: Task) -> dict[str, Any]:
    """Claim what is best and run it; returns what was done."""
    return _children[-1].work(task).as_dict()


@inspect_command()
def ayla_running(_state: Any) -> Any:
    """What the workers of this node compute: job, shard, trials, step, owner, runtime."""
    return node.running()


@setup_logging.connect
def _set_up_logging(loglevel: int | None = None, **_: Any) -> None:
    """Log as all our processes do; Celery's own lines from the level of its ``--loglevel`` on."""
    configure_logging(settings)
    for name in ("celery", "kombu", "amqp"):
        logging.getLogger(name).setLevel(loglevel or logging.WARNING)
    if settings.log_format == "json":
        # There Celery writes for people: its banner, and that it stops.
        with Path(os.devnull).open("w") as nothing:
            os.dup2(nothing.fileno(), 1)


@celeryd_init.connect
def _begin(options: dict[str, Any], conf: Any, **_: Any) -> None:
    try:
        require_worker()
        _check_options(options, conf)
    except StartError as error:
        report_failed_start("ayla_worker", str(error))
        raise SystemExit(2) from None
    # Celery warns of some things before it sets up its logging.
    configure_logging(settings)
    node.open_line()


def _check_options(options: dict[str, Any], conf: Any) -> None:
    """Check that with these options of the command line no work would be lost.

    Raises:
        StartError: if some would.
    """
    least = settings.checkpoint_seconds
    for name in ("time_limit", "soft_time_limit"):
        seconds = options.get(name) or conf[f"task_{name}"]
        if seconds and seconds < least:
            raise StartError(
                f"--{name.replace('_', '-')} is {seconds:g} s, shorter than AYLA_CHECKPOINT_SECONDS, {least:g} s: "
                "tasks would end before their first checkpoint, and long ones never be done."
            )
    if _pool(options, conf) not in {"prefork", "solo"}:
        raise StartError("--pool has to be prefork or solo: the others compute in threads beside each other.")
    if (options.get("pool_start_method") or conf.worker_pool_start_method) != "spawn":
        raise StartError("--pool-start-method has to be spawn: what computes with PyTorch or CUDA cannot be forked.")


def _pool(options: dict[str, Any], conf: Any) -> str:
    """Name of the pool, which the command line gives as a class."""
    pool = options.get("pool") or options.get("pool_cls") or conf.worker_pool
    return str(pool if isinstance(pool, str) else pool.__module__).rpartition(".")[2]


@celeryd_after_setup.connect
def _choose_queues(instance: Any, **_: Any) -> None:
    """Listen to what is asked for by ``--queues``, else to what this machine can serve; to ``ayla.auto`` always."""
    queues = instance.app.amqp.queues
    if set(queues.consume_from) == set(queues) and not has_cuda():
        queues.deselect(QUEUES["cuda"])
    queues.select_add(queues[QUEUES["auto"]])
    node.serve([device for device, queue in QUEUES.items() if queue in queues.consume_from])


@worker_process_init.connect
def _start_child(**_: Any) -> None:
    _children.append(Child(settings))


@worker_process_shutdown.connect
def _end_child(**_: Any) -> None:
    for child in _children:
        child.close()


@worker_shutdown.connect
def _end_node(sender: Any, **_: Any) -> None:
    node.close(sender.exitcode or 0)
