"""Whether exponents acted, from how many losses were below and above 1."""

from typing import Any

import pytest
from ayla_spec.optimizers.effect import LossCounts, effect_notes, effective

BOTH, BELOW, ABOVE, NEITHER = LossCounts(3, 4), LossCounts(7, 0), LossCounts(0, 7), LossCounts(0, 0)
NO_N1 = "N1 had no effect, as the loss was between 0 and 1 in size on no step."
NO_N2 = "N2 had no effect, as the loss was above 1 in size on no step."
NOTHING = "So AYLA changed nothing: the run is that of the optimizer without it."


def settings(label: str = "any", **ayla: Any) -> dict[str, Any]:
    return {"name": "sgd", "learning_rate": 0.1, "label": label, "ayla": ayla or None}


@pytest.mark.parametrize(
    ("ayla", "loss_counts", "expected"),
    [
        ({"n1": 1.5, "n2": 0.8}, BOTH, []),
        ({"n1": 1.5, "n2": 0.8}, BELOW, [NO_N2]),
        ({"n1": 1.5, "n2": 0.8}, ABOVE, [NO_N1]),
        ({"n1": 1.5, "n2": 0.8}, NEITHER, [NO_N1, NO_N2, NOTHING]),
        ({"n1": 1.5, "n2": 1.0}, ABOVE, [NO_N1, NOTHING]),
        ({"n1": 1.5, "n2": 1.0}, BELOW, []),
        ({"n1": 1.0, "n2": 0.8}, BELOW, [NO_N2, NOTHING]),
        ({"n1": 1.0, "n2": 1.0}, BOTH, []),
        ({"n1": 1.5, "max_scale": 0.9}, ABOVE, [NO_N1]),
        ({"n1": 1.5, "max_scale": 1.0}, ABOVE, [NO_N1, NOTHING]),
        ({"n1": 1.5, "n2": 0.8}, None, []),
        ({}, ABOVE, []),
    ],
)
def test_an_exponent_other_than_one_has_no_effect_where_no_loss_was_its_own(
    ayla: dict[str, Any], loss_counts: LossCounts | None, expected: list[str]
) -> None:
    assert effect_notes(settings(**ayla), loss_counts) == expected


def test_what_is_said_of_samples_tells_of_samples() -> None:
    (note,) = effect_notes(settings(n1=1.5, n2=2.0, transform_on="sample"), BELOW)
    assert note == "N2 had no effect, as no sample's residual (with cross-entropy its loss) was above 1 in size."


@pytest.mark.parametrize(
    ("one", "other", "loss_counts", "same"),
    [
        ({"n1": 1.5, "n2": 0.8}, {"n1": 1.5, "n2": 2.0}, BELOW, True),
        ({"n1": 1.5, "n2": 0.8}, {"n1": 1.4, "n2": 0.8}, BELOW, False),
        ({"n1": 1.5, "n2": 0.8}, {"n1": 1.5, "n2": 2.0}, BOTH, False),
        ({"n1": 1.5, "n2": 0.8}, {"n1": 1.5, "n2": 2.0}, None, False),
        ({"n1": 1.5, "n2": 1.0}, {}, ABOVE, True),
        ({"n1": 1.5, "n2": 1.0}, {}, BELOW, False),
        ({"n1": 1.5, "n2": 1.0, "max_scale": 0.5}, {}, ABOVE, False),
        ({"n1": 1.5, "n2": 1.0, "transform_on": "sample"}, {"n1": 1.2}, ABOVE, True),
        ({"n1": 1.5, "n2": 2.0, "transform_on": "sample"}, {"n1": 1.5, "n2": 2.0}, ABOVE, False),
        ({"n1": 1.5, "n2": 2.0, "cap_weights": False}, {"n1": 1.5, "n2": 2.0}, ABOVE, False),
    ],
)
def test_settings_are_alike_but_for_names_and_exponents_that_had_no_effect(
    one: dict[str, Any], other: dict[str, Any], loss_counts: LossCounts | None, same: bool
) -> None:
    first, second = settings("one", **one) | {"arm": "of one"}, settings("other", **other)
    assert (effective(first, loss_counts) == effective(second, loss_counts)) is same
    assert effective(first, loss_counts) != effective(first | {"learning_rate": 0.2}, loss_counts)


def test_sides_are_known_only_together_and_add_up() -> None:
    assert LossCounts.known(None, 3) is None
    assert LossCounts.known(2, 3) == LossCounts(2, 3)
    assert LossCounts(2, 3) + LossCounts(10, 0) == LossCounts(12, 3)
