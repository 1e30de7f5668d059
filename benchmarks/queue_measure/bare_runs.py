"""Drains a queue with bare Celery: fill it, open it, and wait until every result is in Redis."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from celery import Celery
from measure.machine import description

from queue_measure import bare
from queue_measure.figures import wait_until
from queue_measure.installation import stop
from queue_measure.specs import small
from tests.servers.redis import RedisServer

_BENCHMARKS = Path(__file__).parent.parent
# The folder comes last, as one of its files is called like a module of the standard library.
_BEGIN = "import sys; sys.path.append(sys.argv.pop(1)); from celery.__main__ import main; main()"
_MESSAGES, _RESULTS = 1, 2
"""Numbers of the Redis databases; the service has 0."""

_LOOK_SECONDS = 0.02
_DRAIN_SECONDS = 600.0


def drain_seconds(server: RedisServer, processes: int, jobs: int) -> float:
    """Seconds from the moment the queue is opened until the last result is there."""
    server.wipe()
    description()  # compiles the kernels, if this machine has none yet
    resolved = small().model_dump(mode="json")
    with _sender(server) as sender, _results(server) as results, _worker(server, processes):
        _warm_up(sender, results, processes, resolved)
        _send(sender, "bare.run", bare.QUEUE, jobs, resolved)
        begun = time.perf_counter()
        sender.control.add_consumer(bare.QUEUE)
        wait_until(lambda: results.dbsize() >= jobs, "bare Celery's results", _DRAIN_SECONDS, _LOOK_SECONDS)
        taken = time.perf_counter() - begun
        _check(results)
        return taken


@contextmanager
def _sender(server: RedisServer) -> Iterator[Celery]:
    """Sends messages; without a result backend, with which it would listen for every result."""
    sender = Celery("sender", broker=_url(server, _MESSAGES), set_as_current=False)
    with contextlib.closing(sender):
        yield sender


@contextmanager
def _results(server: RedisServer) -> Iterator[redis.Redis]:
    with contextlib.closing(redis.Redis.from_url(_url(server, _RESULTS))) as client:
        yield client


@contextmanager
def _worker(server: RedisServer, processes: int) -> Iterator[None]:
    """One worker with so many processes, which listens to the warming queue only."""
    environment = {
        **os.environ,
        bare.BROKER: _url(server, _MESSAGES),
        bare.RESULTS: _url(server, _RESULTS),
    }
    options = ["--concurrency", str(processes), "--queues", bare.WARMING, "--loglevel", "warning"]
    command = [sys.executable, "-c", _BEGIN, str(_BENCHMARKS), "--app", "queue_measure.bare", "worker", *options]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, env=environment, cwd=_BENCHMARKS.parent, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            stop([process])


def _warm_up(sender: Celery, results: redis.Redis, processes: int, resolved: dict[str, Any]) -> None:
    """Return when every process has imported torch and run a job."""
    _send(sender, "bare.warm", bare.WARMING, 4 * processes, resolved)
    wait_until(lambda: results.dbsize() >= 4 * processes, "bare Celery to be warm", look=0.1)
    warm = {one["result"] for one in _found(results)}
    if len(warm) < processes:
        raise RuntimeError(f"only {len(warm)} of {processes} processes are warm")
    results.flushdb()


def _send(sender: Celery, task: str, queue: str, count: int, resolved: dict[str, Any]) -> None:
    with sender.producer_or_acquire() as producer:
        for _ in range(count):
            sender.send_task(task, (resolved,), queue=queue, producer=producer)


def _check(results: redis.Redis) -> None:
    """Every result is a whole trajectory."""
    steps = small().budget.steps
    for one in _found(results):
        if one["status"] != "SUCCESS" or len(one["result"]["step"]) != steps + 1:
            raise RuntimeError(f"bare Celery made {str(one)[:500]}")


def _found(results: redis.Redis) -> Iterator[dict[str, Any]]:
    for key in results.scan_iter(count=1000):
        found = results.get(key)
        if isinstance(found, bytes):
            yield json.loads(found)


def _url(server: RedisServer, number: int) -> str:
    return f"{server.url.rpartition('/')[0]}/{number}"
