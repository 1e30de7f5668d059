"""Options of figures: the kinds, what each kind has, file formats, sizes and how values are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum, StrEnum, auto
from typing import Any

from ayla_spec.metrics import WHOLE_PART_METRICS

from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.query import ComparisonQuery, Cost, Metric, TargetMetric
from ayla_service.errors import InvalidQuery
from ayla_service.trials.series import METRICS, TRAJECTORY, Series

DEFAULT_WIDTH, DEFAULT_HEIGHT, COLUMN_WIDTH, DEFAULT_DPI = 8.0, 5.0, 3.3, 150
"""Inches of the screen and of one column of a journal, and pixels per inch of a PNG."""

LEAST_WIDTH, LEAST_HEIGHT, MOST_WIDTH, MOST_HEIGHT = 3.0, 1.5, 16.0, 12.0
LEAST_DPI, MOST_DPI = 50, 600
MOST_PIXELS = 8_000_000
DEFAULT_POINTS, LEAST_POINTS, MOST_POINTS = 500, 10, 5000
LEAST_SMOOTH, MOST_SMOOTH = 2, 99

_RISE = 0.47
"""Inches that a figure is higher for each inch that it is wider: narrow ones need room for the legend below."""

_POINTS_OF_PATHS = 100_000
"""Of all paths of a landscape together, as long as each has the default of lines."""


class Kind(StrEnum):
    """Kind of figure."""

    LOSS = "loss"
    ACCURACY = "accuracy"
    EFFECTIVE_LR = "effective-lr"
    PARAMETERS = "x"
    LANDSCAPE = "landscape"
    CURVE = "curve"
    HEATMAP = "heatmap"
    FOREST = "forest"
    SLOPES = "slopes"
    STRIP = "strip"
    PERFORMANCE = "performance-profile"
    DATA = "data-profile"
    SENSITIVITY = "sensitivity"
    TUNING = "tuning"
    EPOCHS = "epochs"
    ECDF = "ecdf"


class Form(StrEnum):
    """File format of a figure."""

    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


class Style(StrEnum):
    """Style of a figure: for the screen, or for a paper: small, without a title and a grid."""

    SCREEN = "screen"
    PAPER = "paper"


class Across(StrEnum):
    """Unit of the horizontal axis."""

    STEP = "step"
    EPOCH = "epoch"


class AxisScale(StrEnum):
    """Scale of an axis of values; auto is logarithmic where all of them are positive and they span a factor of ten."""

    AUTO = "auto"
    LINEAR = "linear"
    LOG = "log"


class CellValue(StrEnum):
    """Value of the cells of a heat map; steps are those to the lowest loss."""

    FINAL_LOSS = "final_loss"
    BEST_LOSS = "best_loss"
    STEPS = "steps"


class Seeds(Enum):
    """Seeds of a job that a figure shows."""

    ALL = auto()
    FIRST = auto()
    READABLE = auto()
    """As many, from the first, as can be read in time."""


@dataclass(frozen=True, slots=True)
class FigureKind:
    """Properties of a kind of figure.

    Attributes:
        title: what they show.
        options: that only some kinds have, and this one among them.
        series: the rows that are read of each trial; None: none.
        seeds: which trials are read.
        compares: whether it shows what a comparison of jobs answers, of one job or of several.
    """

    title: str
    options: tuple[str, ...]
    series: Series | None = TRAJECTORY
    seeds: Seeds = Seeds.READABLE
    compares: bool = False


_JUDGED = ("metric", "target", "target_metric", "minimum", "problem")
_PROFILED = ("target", "target_metric", "minimum", "cost", "scale")
_TESTED = (*_JUDGED, "confidence", "baseline", "scale", "tuning_seeds", "confirm_seeds")

OF_SEVERAL = frozenset({Kind.LOSS, Kind.ACCURACY, Kind.EPOCHS, Kind.EFFECTIVE_LR})
"""Kinds of recorded lines that several jobs can have in one figure, beside those of comparisons."""

KINDS: Mapping[Kind, FigureKind] = {
    Kind.LOSS: FigureKind("Loss by step or epoch", ("across", "scale", "max_points", "smooth", "metric")),
    Kind.ACCURACY: FigureKind(
        "Accuracy on the training and the test part by epoch", ("across", "max_points", "smooth"), series=METRICS
    ),
    Kind.EFFECTIVE_LR: FigureKind("Effective learning rate by step", ("across", "scale", "max_points", "smooth")),
    Kind.PARAMETERS: FigureKind("Parameters by step", ("across", "max_points")),
    Kind.LANDSCAPE: FigureKind("The optimizers' steps on the objective", ("max_points",), seeds=Seeds.FIRST),
    Kind.CURVE: FigureKind("Fitted curves at the recorded steps", ("max_points", "at"), series=None, seeds=Seeds.FIRST),
    Kind.HEATMAP: FigureKind(
        "Result over two settings that vary",
        ("scale", "axis_x", "axis_y", "value", "metric", "target", "target_metric", "minimum"),
        series=None,
        seeds=Seeds.ALL,
    ),
    Kind.EPOCHS: FigureKind(
        "Loss on the training and the test part by epoch", ("across", "scale", "max_points", "smooth"), series=METRICS
    ),
    Kind.FOREST: FigureKind("Median paired differences with their intervals", _TESTED, compares=True),
    Kind.SLOPES: FigureKind("Paired results seed by seed", _TESTED, compares=True),
    Kind.STRIP: FigureKind("Results of all seeds, by optimizer", (*_JUDGED, "scale"), compares=True),
    Kind.PERFORMANCE: FigureKind(
        "Performance profile: share solved by factor of the fastest", _PROFILED, compares=True
    ),
    Kind.DATA: FigureKind("Data profile: share solved within so many steps", _PROFILED, compares=True),
    Kind.ECDF: FigureKind(
        "Share of many targets reached within so many steps",
        ("targets", "target_metric", "minimum", "cost", "scale"),
        compares=True,
    ),
    Kind.SENSITIVITY: FigureKind(
        "Best and median result by a setting", (*_JUDGED, "axis_x", "scale", "tuning_seeds"), compares=True
    ),
    Kind.TUNING: FigureKind(
        "Expected best of k settings", (*_JUDGED, "confidence", "scale", "tuning_seeds"), compares=True
    ),
}

_OWN_OPTIONS = frozenset(option for kind in KINDS.values() for option in kind.options)


def parameter_of(option: str) -> str:
    """Name of an option's query parameter."""
    return "x" if option == "across" else option


@dataclass(frozen=True, slots=True)
class FigureOptions:
    """Options of a figure; None where its default holds.

    Attributes:
        style: for the screen or for a paper.
        width: inches.
        height: inches.
        dpi: pixels per inch of a PNG.
        title: in place of the job's name.
        optimizers: places of the settings that are drawn; None for all.
        across: unit of the horizontal axis.
        scale: of the values.
        max_points: most points of a line.
        smooth: points over which a running median is drawn; None for the values themselves.
        at: steps whose predictions are drawn.
        axis_x: setting along the columns of a heat map.
        axis_y: setting along its rows.
        value: of its cells.
        metric: that a comparison is by, as the options down to baseline.
        target: the value to reach.
        target_metric: what it is a value of.
        minimum: the least possible loss.
        confidence: of intervals.
        baseline: label of the optimizer that all others are tested against.
        targets: of an ECDF; None for those between the first and the best value.
        cost: what profiles measure the way to a target in.
        problem: place of the problem of the comparison that is drawn; None for all.
        tuning_seeds: that settings are judged on; None for all.
        confirm_seeds: that arms are compared on, by their best settings on the tuning seeds; None without a protocol.
    """

    style: Style = Style.SCREEN
    width: float | None = None
    height: float | None = None
    dpi: int | None = None
    title: str | None = None
    optimizers: tuple[int, ...] | None = None
    across: Across | None = None
    scale: AxisScale | None = None
    max_points: int | None = None
    smooth: int | None = None
    at: tuple[int, ...] | None = None
    axis_x: str | None = None
    axis_y: str | None = None
    value: CellValue | None = None
    metric: Metric | None = None
    target: float | None = None
    target_metric: TargetMetric | None = None
    minimum: float | None = None
    confidence: float | None = None
    baseline: str | None = None
    targets: tuple[float, ...] | None = None
    cost: Cost | None = None
    problem: int | None = None
    tuning_seeds: tuple[int, ...] | None = None
    confirm_seeds: tuple[int, ...] | None = None

    @property
    def inches(self) -> tuple[float, float]:
        """Width and height: 8 × 5 on a screen, 3.3 × 2.8 on paper; the height by default follows from the width."""
        width = self.width or (COLUMN_WIDTH if self.style is Style.PAPER else DEFAULT_WIDTH)
        return width, self.height or DEFAULT_HEIGHT + _RISE * (width - DEFAULT_WIDTH)

    @property
    def query(self) -> ComparisonQuery:
        """How to compare; what figures have no option for keeps its default."""
        names = {option.name for option in fields(ComparisonQuery)} & {option.name for option in fields(self)}
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return ComparisonQuery(**given)

    @property
    def protocol(self) -> Protocol | None:
        """How arms are tuned and compared; None where settings are."""
        if self.tuning_seeds is None or self.confirm_seeds is None:
            return None
        return Protocol(self.tuning_seeds, self.confirm_seeds)

    def series(self, kind: Kind) -> Series | None:
        """The rows that are read of each trial; None: none."""
        return METRICS if kind is Kind.LOSS and self.metric is not None else KINDS[kind].series

    @property
    def points(self) -> int:
        """Most points of a line."""
        return self.max_points or DEFAULT_POINTS

    def points_of_path(self, paths: int) -> int:
        """Most points of a path over a plane that is drawn as it is, among so many paths."""
        fitting = _POINTS_OF_PATHS // max(1, paths)
        return self.max_points or min(MOST_POINTS, max(DEFAULT_POINTS, fitting))

    def check(self, kind: Kind, form: Form) -> None:
        """Refuse options without effect on this kind or form, and a picture that is too large.

        Raises:
            InvalidQuery: on the first option that cannot be honoured.
        """
        for option in fields(self):
            is_foreign = option.name in _OWN_OPTIONS.difference(KINDS[kind].options)
            if is_foreign and getattr(self, option.name) is not None:
                having = ", ".join(sorted(other for other in Kind if option.name in KINDS[other].options))
                raise InvalidQuery(parameter_of(option.name), f"Figures of kind '{kind}' do not have it: {having} do.")
        if kind is Kind.LOSS and self.metric not in (None, *WHOLE_PART_METRICS):
            known = ", ".join(WHOLE_PART_METRICS)
            raise InvalidQuery(
                "metric", f"Lines by epoch are of {known}; without it those of the loss of each step are."
            )
        if kind is Kind.HEATMAP and self.metric is not None and self.value is not None:
            raise InvalidQuery("value", "Cells have one value: name a metric, or a value.")
        self._check_seeds(kind)
        self.check_drawing(form)

    def _check_seeds(self, kind: Kind) -> None:
        needs_both = "confirm_seeds" in KINDS[kind].options
        for name, given, other in (
            ("confirm_seeds", self.tuning_seeds, self.confirm_seeds),
            ("tuning_seeds", self.confirm_seeds, self.tuning_seeds),
        ):
            if needs_both and given is not None and other is None:
                raise InvalidQuery(name, "Required: settings are selected on tuning_seeds, compared on confirm_seeds.")

    def check_drawing(self, form: Form) -> None:
        """Refuse pixels where there are none, and a picture that is too large.

        Raises:
            InvalidQuery: on the first option that cannot be honoured.
        """
        if self.dpi is not None and form is not Form.PNG:
            raise InvalidQuery("dpi", f"Pixels are for format=png; a drawing as {form} has none.")
        self._check_pixels(form)

    def _check_pixels(self, form: Form) -> None:
        width, height = self.inches
        pixels = width * height * (self.dpi or DEFAULT_DPI) ** 2
        if form is Form.PNG and pixels > MOST_PIXELS:
            most = int((MOST_PIXELS / (width * height)) ** 0.5)
            raise InvalidQuery(
                "dpi", f"The picture would have {pixels / 1e6:.1f} million pixels; at this size use at most {most}."
            )

    def as_dict(self) -> dict[str, Any]:
        """Every option by name."""
        return {option.name: getattr(self, option.name) for option in fields(self)}
