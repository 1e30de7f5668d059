"""What a file held, before it is split and scaled."""

from collections.abc import Callable
from dataclasses import dataclass

from ayla_core.datasets.dataset import Floats


@dataclass(frozen=True, slots=True, eq=False)
class RawData:
    """Finite numbers of a file.

    Attributes:
        inputs: shape [samples, *shape].
        targets: shape [samples, outputs].
        test_inputs: the file's own test part, as ``inputs``; None where the samples are to be split.
        test_targets: as ``targets``.
        input_name: what messages call an input, by its place in a flattened sample.
        target_name: what messages call the target.
        precision: eps of the type in which each input was stored, shape [features].
    """

    inputs: Floats
    targets: Floats
    test_inputs: Floats | None
    test_targets: Floats | None
    input_name: Callable[[int], str]
    target_name: str
    precision: Floats
