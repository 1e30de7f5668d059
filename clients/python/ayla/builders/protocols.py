"""Protocols of comparisons: arms are tuned on some seeds and compared on others."""

from collections.abc import Iterable

from ayla._json import JSONObject, without_none


def protocol(tuning_seeds: Iterable[int], confirm_seeds: Iterable[int], *, metric: str | None = None) -> JSONObject:
    """A protocol: of each arm the setting with the best median on the tuning seeds is compared on the others.

    Args:
        tuning_seeds: on which the best setting of each arm is selected.
        confirm_seeds: on which the selected settings are compared; seeds that are tuning seeds too are named in every
            verdict.
        metric: what settings are selected by; default: the metric of the comparison.
    """
    select = {"select": {"metric": metric}} if metric is not None else {}
    return without_none(tuning_seeds=[*tuning_seeds], confirm_seeds=[*confirm_seeds]) | select
