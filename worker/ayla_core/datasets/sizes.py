"""How large a dataset may be; asked before memory is taken."""

from ayla_spec.limits import MAX_FEATURES, MAX_INPUT_VALUES, MAX_SAMPLES

from ayla_core.datasets.errors import DatasetError

MAX_CLASSES = 1000
"""As many as generated data may have."""


def check_size(what: str, samples: int, features: int) -> None:
    """Refuse data that a worker has no room for.

    Args:
        what: what the message calls them.
        samples: number of samples.
        features: numbers in one sample.

    Raises:
        DatasetError: when there are none or too many.
    """
    if not samples:
        raise DatasetError(f"{what} has no rows; a dataset needs samples.")
    if not features:
        raise DatasetError(f"{what} has no inputs; a sample needs at least one feature.")
    for count, limit, unit in (
        (samples, MAX_SAMPLES, "samples"),
        (features, MAX_FEATURES, "features"),
        (samples * features, MAX_INPUT_VALUES, "values (samples times features)"),
    ):
        if count > limit:
            raise DatasetError(f"{what} has more {unit} than the {limit} allowed; make it smaller.")
