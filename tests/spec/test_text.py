"""Texts in normal form: as Unicode has it, in a time that does not grow with the square of anything."""

import sys
import unicodedata

import pytest
from ayla_spec import JobSpec
from ayla_spec.text import normalized
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.factories import spec

ABOVE, BELOW = "\u0301", "\u0323"


def _changing() -> list[str]:
    """Characters with an order among them, or of several parts."""
    return [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.combining(character) or unicodedata.decomposition(character)
    ]


@given(st.text(st.deferred(lambda: st.sampled_from([*_changing(), *"aeoqAE \u1100\u1161\u11a8"])), max_size=20))
def test_the_normal_form_is_that_of_unicode(text: str) -> None:
    assert normalized(text) == unicodedata.normalize("NFC", text)


def test_marks_in_the_wrong_order_take_no_longer() -> None:
    """Put in order one by one, as many as fit into a request would take minutes."""
    crowd = ABOVE * 5000 + BELOW * 4999
    assert normalized("a" + crowd) == "\u1ea1" + BELOW * 4998 + ABOVE * 5000


@pytest.mark.parametrize("field", ["name", "project", "notes"])
def test_a_text_of_marks_alone_that_fills_a_request_is_refused(field: str) -> None:
    with pytest.raises(ValidationError):
        JobSpec.model_validate(spec() | {field: "a" + (ABOVE + BELOW) * 250_000})
