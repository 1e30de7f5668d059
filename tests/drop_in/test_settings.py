"""AYLA's settings have the bounds and defaults of the job spec, which the package does not know."""

import math
from typing import Any

import pytest
from ayla_spec.optimizers import Ayla
from ayla_torch.settings import TransformSettings

NUMBERS = (-1.0, 0.0, 5e-324, 0.5, 1, 100.0, 100.0000001, 1e300, math.inf, -math.inf, math.nan, "much", None, [1.0])


def taken(kind: Any, **settings: Any) -> bool:
    try:
        kind(**settings)
    except (TypeError, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", ["n1", "n2", "max_scale"])
def test_both_take_the_same_numbers(name: str) -> None:
    for number in NUMBERS:
        assert taken(TransformSettings, **{name: number}) == taken(Ayla, **{name: number}), number


def test_both_have_the_same_defaults() -> None:
    assert TransformSettings().saved() == Ayla().model_dump(include=set(TransformSettings().saved()))


def test_what_is_wrong_is_named() -> None:
    for wrong in ({"n1": True}, {"n2": "1.5"}, {"max_scale": 0}, {"cap_weights": 1}, {"n1": 101}):
        with pytest.raises((TypeError, ValueError), match=next(iter(wrong))):
            TransformSettings(**wrong)
