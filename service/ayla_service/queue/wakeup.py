"""Wake-up: tells workers that there is work. It carries no state: a lost wake-up is a delay."""

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Protocol


class WakeUp(Protocol):
    """Tells idle workers to look into the store; called after the commit.

    No method raises, and none makes its caller wait for a broker.
    """

    def notify(self, devices: Sequence[str]) -> None:
        """Say that shards were queued; ``devices`` has the device kind (auto, cpu, cuda) of each."""
        ...

    def remind(self, waiting: Mapping[str, int]) -> None:
        """Say how many shards of each device kind wait by now, for wake-ups that were lost on their way."""
        ...

    def close(self) -> None:
        """Let go of the broker; what is under way may still be sent."""
        ...


class TimerWakeUp:
    """Wake-up without a broker: does nothing, as the workers' timer finds the work."""

    def notify(self, devices: Sequence[str]) -> None:
        """Do nothing."""

    def remind(self, waiting: Mapping[str, int]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def make_wake_up(broker_url: str | None) -> WakeUp:
    """The wake-up over the broker, or none at all where there is no broker.

    Raises:
        ModuleNotFoundError: if ``missing_modules`` names one.
    """
    if broker_url is None:
        return TimerWakeUp()
    # Celery takes a third of a second to import and is an extra: only who has a broker needs it.
    from ayla_service.queue.celery.publisher import CeleryWakeUp

    return CeleryWakeUp(broker_url)


def missing_modules(broker_url: str | None) -> list[str]:
    """Modules that this broker needs and that are not installed; looked up without importing any."""
    if broker_url is None:
        return []
    needed = ("celery", "redis") if broker_url.startswith("redis") else ("celery",)
    return [name for name in needed if importlib.util.find_spec(name) is None]
