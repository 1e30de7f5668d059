"""What can be asked of a figure: kinds, formats and options."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from ayla_service.errors import InvalidQuery

DEFAULT_WIDTH, DEFAULT_HEIGHT, DEFAULT_DPI = 8.0, 5.0, 150
"""Inches, and pixels per inch of a PNG."""

LEAST_INCHES, MOST_WIDTH, MOST_HEIGHT = 3.0, 16.0, 12.0
LEAST_DPI, MOST_DPI = 50, 300
MOST_PIXELS = 8_000_000
DEFAULT_POINTS, LEAST_POINTS, MOST_POINTS = 500, 10, 5000

_POINTS_OF_PATHS = 100_000
"""Of all paths of a landscape together, as long as each has the default of lines."""


class Kind(StrEnum):
    """What a figure shows."""

    LOSS = "loss"
    ACCURACY = "accuracy"
    EFFECTIVE_LR = "effective-lr"
    PARAMETERS = "x"
    LANDSCAPE = "landscape"
    CURVE = "curve"
    HEATMAP = "heatmap"


class Form(StrEnum):
    """How a figure is sent."""

    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


class Across(StrEnum):
    """What the horizontal axis counts."""

    STEP = "step"
    EPOCH = "epoch"


class AxisScale(StrEnum):
    """How values are spaced; auto is logarithmic where all of them are positive and they span a factor of ten."""

    AUTO = "auto"
    LINEAR = "linear"
    LOG = "log"


class CellValue(StrEnum):
    """What a cell of a heat map tells; steps are those to the lowest loss."""

    FINAL_LOSS = "final_loss"
    BEST_LOSS = "best_loss"
    STEPS = "steps"


TITLES: Mapping[Kind, str] = {
    Kind.LOSS: "Loss by step or epoch",
    Kind.ACCURACY: "Accuracy on the training and the test part by epoch",
    Kind.EFFECTIVE_LR: "Effective learning rate by step",
    Kind.PARAMETERS: "Parameters by step",
    Kind.LANDSCAPE: "The optimizers' steps on the objective",
    Kind.CURVE: "Fitted curves at the recorded steps",
    Kind.HEATMAP: "Result over two settings that vary",
}

_LINES = frozenset({Kind.LOSS, Kind.ACCURACY, Kind.EFFECTIVE_LR, Kind.PARAMETERS})

KINDS_OF_OPTION: Mapping[str, frozenset[Kind]] = {
    "across": _LINES,
    "scale": frozenset({Kind.LOSS, Kind.EFFECTIVE_LR, Kind.HEATMAP}),
    "max_points": _LINES | {Kind.LANDSCAPE, Kind.CURVE},
    "at": frozenset({Kind.CURVE}),
    "axis_x": frozenset({Kind.HEATMAP}),
    "axis_y": frozenset({Kind.HEATMAP}),
    "value": frozenset({Kind.HEATMAP}),
}
"""The options that only some kinds have."""

PARAMETER_OF = {"across": "x"}
"""What an option is called in a query, if not by its own name."""


@dataclass(frozen=True, slots=True)
class FigureOptions:
    """How a figure is wanted; None where nothing was said.

    Attributes:
        width: inches.
        height: inches.
        dpi: pixels per inch of a PNG.
        title: in place of the job's name.
        optimizers: places of the settings that are drawn; None for all.
        across: what the horizontal axis counts.
        scale: of the values.
        max_points: most points of a line.
        at: steps whose predictions are drawn.
        axis_x: setting along the columns of a heat map.
        axis_y: setting along its rows.
        value: what its cells tell.
    """

    width: float = DEFAULT_WIDTH
    height: float = DEFAULT_HEIGHT
    dpi: int | None = None
    title: str | None = None
    optimizers: tuple[int, ...] | None = None
    across: Across | None = None
    scale: AxisScale | None = None
    max_points: int | None = None
    at: tuple[int, ...] | None = None
    axis_x: str | None = None
    axis_y: str | None = None
    value: CellValue | None = None

    @property
    def points(self) -> int:
        """Most points of a line."""
        return self.max_points or DEFAULT_POINTS

    def points_of_path(self, paths: int) -> int:
        """Most points of a path over a plane that is drawn as it is, if there are so many paths."""
        fitting = _POINTS_OF_PATHS // max(1, paths)
        return self.max_points or min(MOST_POINTS, max(DEFAULT_POINTS, fitting))

    def check(self, kind: Kind, form: Form) -> None:
        """Refuse what has no effect on this kind or form, and a picture that is too large.

        Raises:
            InvalidQuery: on the first option that cannot be honoured.
        """
        for option in fields(self):
            kinds = KINDS_OF_OPTION.get(option.name)
            if kinds is not None and kind not in kinds and getattr(self, option.name) is not None:
                having = ", ".join(sorted(kinds))
                raise InvalidQuery(
                    PARAMETER_OF.get(option.name, option.name), f"Figures of kind '{kind}' do not have it: {having} do."
                )
        if self.dpi is not None and form is not Form.PNG:
            raise InvalidQuery("dpi", f"Pixels are for format=png; a drawing as {form} has none.")
        self._check_pixels(form)

    def _check_pixels(self, form: Form) -> None:
        pixels = self.width * self.height * (self.dpi or DEFAULT_DPI) ** 2
        if form is Form.PNG and pixels > MOST_PIXELS:
            most = int((MOST_PIXELS / (self.width * self.height)) ** 0.5)
            raise InvalidQuery(
                "dpi", f"The picture would have {pixels / 1e6:.1f} million pixels; at this size use at most {most}."
            )

    def told(self) -> dict[str, Any]:
        """Every option by name, for validators of what is drawn from them."""
        return {option.name: getattr(self, option.name) for option in fields(self)}
