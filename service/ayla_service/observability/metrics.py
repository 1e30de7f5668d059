"""Metrics of this process in the format of Prometheus; one function for each event that is counted.

Every label has few values, all known beforehand: what users send (paths, ids, methods) never becomes one.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.multiprocess import MultiProcessCollector

from ayla_service.states import AttemptOutcome

# They would double the text, and the start of the process says the same.
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
"""Registry of all metrics, with memory, CPU time and open files of the process."""

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that names the folder of what several processes of the API on one port count together."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZES = tuple(float(1024 * 4**power) for power in range(11))  # 1 KiB to 1 GiB

_http_requests = Counter("ayla_http_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY)
_http_seconds = Histogram(
    "ayla_http_request_seconds",
    "Time until the answer began; a stream goes on after that.",
    ("route",),
    registry=REGISTRY,
    buckets=_FAST,
)
_claims = Counter(
    "ayla_claims", "Claims that found work, by the device that its jobs ask for.", ("device",), registry=REGISTRY
)
_shards = Counter("ayla_shards_claimed", "Shards that those claims took.", registry=REGISTRY)
_attempts = Counter("ayla_attempts", "Attempts that ended in this process.", ("outcome",), registry=REGISTRY)
_expiries = Counter("ayla_lease_expiries", "Leases that this process found expired.", registry=REGISTRY)
_steps = Counter("ayla_steps", "Steps computed and stored, of all trials.", registry=REGISTRY)
_training = Counter("ayla_training_seconds", "Time spent computing those steps.", registry=REGISTRY)
_checkpoint_seconds = Histogram(
    "ayla_checkpoint_seconds", "Time to pack a shard's whole state.", registry=REGISTRY, buckets=_FAST
)
_checkpoint_bytes = Histogram("ayla_checkpoint_bytes", "Size of a checkpoint.", registry=REGISTRY, buckets=_SIZES)
_refused = Counter(
    "ayla_writes_refused", "Writes refused because another attempt owned the shard by then.", registry=REGISTRY
)
_store_seconds = Histogram(
    "ayla_store_write_seconds", "Time of a write to the store, from begin to commit.", registry=REGISTRY, buckets=_FAST
)

_streams = Gauge("ayla_streams", "Streams of events that are open.", registry=REGISTRY, multiprocess_mode="livesum")
_poll_seconds = Histogram(
    "ayla_stream_look_seconds", "Time of a poll of the store for all streams.", registry=REGISTRY, buckets=_FAST
)

# A counter that is not there yet cannot show a first increase.
for _outcome in AttemptOutcome:
    if _outcome is not AttemptOutcome.RUNNING:
        _attempts.labels(_outcome.value)


def register_counted(registry: CollectorRegistry) -> None:
    """Add what is counted here; of several processes on one port, the sums of all of them.

    Memory, CPU time and open files, which are of one process, are left out then: each scrape would find another's.
    """
    if SHARED_FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)


def request_answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request.

    Args:
        method: as it was sent; one that HTTP does not know counts as ``other``.
        route: template of the route, never the path itself.
        status: of the answer.
        seconds: until the answer began.
    """
    _http_requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
    _http_seconds.labels(route).observe(seconds)


def work_claimed(device: str, shards: int = 1) -> None:
    """Count a claim that found work.

    Args:
        device: what its jobs ask for: auto, cpu or cuda.
        shards: how many shards it took.
    """
    _claims.labels(device).inc()
    _shards.inc(shards)


def attempt_ended(outcome: AttemptOutcome, count: int = 1) -> None:
    """Count attempts that this process ended; a lost one is counted by the process that finds it."""
    _attempts.labels(outcome.value).inc(count)


def leases_expired(count: int) -> None:
    """Count attempts that were lost: their leases had run out."""
    _expiries.inc(count)
    _attempts.labels(AttemptOutcome.LOST.value).inc(count)


def steps_stored(steps: int, seconds: float) -> None:
    """Count what a block of steps added, once it is stored.

    Args:
        steps: of all its trials together.
        seconds: time spent computing them.
    """
    _steps.inc(steps)
    _training.inc(seconds)


def checkpoint_packed(size: int, seconds: float | None = None) -> None:
    """Note a checkpoint.

    Args:
        size: in bytes.
        seconds: time that packing took, where it is known.
    """
    _checkpoint_bytes.observe(size)
    if seconds is not None:
        _checkpoint_seconds.observe(seconds)


def write_refused(count: int = 1) -> None:
    """Count writes that came too late: another attempt owned the shard."""
    _refused.inc(count)


@contextmanager
def store_write() -> Iterator[None]:
    """Measure a write to the store; one that fails is not counted."""
    begun = time.perf_counter()
    yield
    _store_seconds.observe(time.perf_counter() - begun)


def streams_open(number: int) -> None:
    """Note how many streams of events are open."""
    _streams.set(number)


def streams_polled(seconds: float) -> None:
    """Note the duration of a poll of the store for all streams."""
    _poll_seconds.observe(seconds)
