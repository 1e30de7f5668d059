"""Pictures of every kind of figure, in both styles and sizes, against the images that people have looked at."""

import functools
from pathlib import Path

import pytest
from ayla_service.figures.drawing import Render
from ayla_service.figures.options import FigureOptions
from matplotlib.testing.compare import compare_images

from tests.figures.pictures import BASELINE, cases, picture

TOLERANCE = 2.0
"""Root of the mean squared difference of the pixels, of 255: what the smoothing of edges may differ by."""


@functools.cache
def _cases() -> list[tuple[str, Render, FigureOptions]]:
    """Made when they are drawn: every process of the suite imports this file, and one draws them."""
    return list(cases())


def test_figures_look_as_they_did(tmp_path: Path, subtests: pytest.Subtests) -> None:
    for name, render, options in _cases():
        with subtests.test(name):
            drawn = tmp_path / f"{name}.png"
            drawn.write_bytes(picture(render, options))
            found = compare_images(str(BASELINE / drawn.name), str(drawn), TOLERANCE)
            assert found is None, found


def test_every_baseline_image_is_of_a_picture() -> None:
    assert {path.name for path in BASELINE.glob("*.png")} == {f"{name}.png" for name, _, _ in _cases()}


def test_a_picture_that_is_another_one_is_noticed(tmp_path: Path) -> None:
    first, second = (BASELINE / f"{name}-screen-8.png" for name in ("loss", "loss-smoothed"))
    copy = tmp_path / first.name
    copy.write_bytes(first.read_bytes())
    assert compare_images(str(second), str(copy), TOLERANCE) is not None
