"""Protocol of a comparison: on which seeds the settings of an arm are selected, and on which arms are compared."""

from dataclasses import dataclass

from ayla_service.comparison.query import Metric


@dataclass(frozen=True, slots=True)
class Protocol:
    """How arms are tuned and compared.

    Attributes:
        tuning_seeds: on which the best setting of each arm is selected, by its median.
        confirm_seeds: on which the selected settings are compared.
        metric: what settings are selected by; None: what the comparison is by.
    """

    tuning_seeds: tuple[int, ...]
    confirm_seeds: tuple[int, ...]
    metric: Metric | None = None

    @property
    def both(self) -> list[int]:
        """The seeds that settings are selected and compared on."""
        return sorted(set(self.tuning_seeds) & set(self.confirm_seeds))
