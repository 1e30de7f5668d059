"""Start points of expression problems."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """Where every trial of an expression begins.

    Attributes:
        names: of the variables, one number each; those of a vector are x[0], x[1], ...
        values: their start values.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
