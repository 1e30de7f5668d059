"""The port through which the API tells workers that there is work. Carries no state: a lost wake-up is a delay."""

from typing import Protocol


class WakeUp(Protocol):
    """Tells idle workers to look into the store; called after the commit, and must never raise."""

    def notify(self) -> None:
        """Say that there may be work."""
        ...


class TimerWakeUp:
    """The embedded wake-up: workers look by a timer of their own, so there is nobody to tell."""

    def notify(self) -> None:
        """Do nothing; the next tick of the workers' timer finds the work."""
