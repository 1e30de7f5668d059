"""Gauges of queue and workers, read from the store whenever the metrics are scraped."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

log = structlog.get_logger("ayla_service.observability")


@dataclass(frozen=True, slots=True)
class StoreGauges:
    """Values of the gauges at one moment.

    Attributes:
        shards: how many there are, by device and state; finished ones are not counted.
        oldest_seconds: age of the oldest queued shard by device; 0 where none is queued.
        jobs: how many there are, by state; finished ones are not counted.
        workers: how many there are, by state.
        size: of the whole store, in bytes.
    """

    shards: Mapping[tuple[str, str], int]
    oldest_seconds: Mapping[str, float]
    jobs: Mapping[str, int]
    workers: Mapping[str, int]
    size: int


class StoreCollector(Collector):
    """Collector of the gauges; where the store does not answer there is only ``ayla_store_up 0``.

    Args:
        read: reads the store. Any error of it counts as no answer, as a monitor must see the rest.
    """

    def __init__(self, read: Callable[[], StoreGauges]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """Read the store; returns its gauges."""
        try:
            found = self._read()
        except Exception as error:
            log.warning("no gauges of the store", error=type(error).__name__)
            yield GaugeMetricFamily("ayla_store_up", _UP, value=0)
            return
        yield GaugeMetricFamily("ayla_store_up", _UP, value=1)
        yield _shards(found.shards)
        yield _gauge("ayla_queue_oldest_seconds", "Age of the oldest queued shard.", "device", found.oldest_seconds)
        yield _gauge("ayla_jobs", "Unfinished jobs.", "state", found.jobs)
        yield _gauge("ayla_workers", "Workers that have registered.", "state", found.workers)
        yield GaugeMetricFamily("ayla_store_bytes", "Size of the whole store.", value=found.size)


_UP = "Whether the store answers this process."


def _shards(counts: Mapping[tuple[str, str], int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily("ayla_queue_shards", "Unfinished shards.", labels=("device", "state"))
    for key, count in counts.items():
        family.add_metric(key, count)
    return family


def _gauge(name: str, what: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
