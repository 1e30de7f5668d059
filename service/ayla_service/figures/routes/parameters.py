"""Query parameters of figures, and what is declared of their answers."""

from dataclasses import replace
from typing import Annotated, Any

from ayla_spec.text import NORMAL
from fastapi import Depends, Header, Query
from pydantic import WithJsonSchema

from ayla_service.comparison.query import LEAST_CONFIDENCE, MAX_JOBS, MAX_TARGETS, MOST_CONFIDENCE, Cost, TargetMetric
from ayla_service.comparison.routes import FiniteNumber
from ayla_service.comparison.schemas import (
    BASELINE,
    CONFIDENCE,
    COST,
    MAX_LABEL,
    METRIC,
    MINIMUM,
    TARGET,
    TARGET_METRIC,
    TARGETS,
    AskedMetric,
)
from ayla_service.errors import InvalidQuery
from ayla_service.figures.options import (
    COLUMN_WIDTH,
    DEFAULT_DPI,
    DEFAULT_POINTS,
    DEFAULT_WIDTH,
    LEAST_DPI,
    LEAST_HEIGHT,
    LEAST_POINTS,
    LEAST_SMOOTH,
    LEAST_WIDTH,
    MOST_DPI,
    MOST_HEIGHT,
    MOST_POINTS,
    MOST_SMOOTH,
    MOST_WIDTH,
    Across,
    AxisScale,
    CellValue,
    FigureOptions,
    Form,
    Style,
)
from ayla_service.http.negotiation import preferred
from ayla_service.http.query_numbers import are_indexes

MEDIA_TYPES = {Form.SVG: "image/svg+xml", Form.PNG: "image/png", Form.PDF: "application/pdf"}

_MAX_LIST, _MAX_SETTING, _MAX_TITLE = 1000, 100, 200


_Style = Annotated[
    Style,
    Query(description="screen, or paper: without title and grid, and by default as wide as one column of a journal."),
]


_Width = Annotated[
    float | None,
    WithJsonSchema({"type": "number", "minimum": LEAST_WIDTH, "maximum": MOST_WIDTH}),
    Query(
        ge=LEAST_WIDTH,
        le=MOST_WIDTH,
        description=f"Inches; texts grow with it. Default: {DEFAULT_WIDTH:g}, and {COLUMN_WIDTH:g} for style=paper.",
    ),
]
_Height = Annotated[
    float | None,
    WithJsonSchema({"type": "number", "minimum": LEAST_HEIGHT, "maximum": MOST_HEIGHT}),
    Query(
        ge=LEAST_HEIGHT,
        le=MOST_HEIGHT,
        description="Inches. Default: by the width, and 5 for one of 8.",
    ),
]
_Dpi = Annotated[
    int | None,
    Query(ge=LEAST_DPI, le=MOST_DPI, description=f"Pixels per inch of a PNG. Default: {DEFAULT_DPI}."),
]
_Title = Annotated[str | None, Query(min_length=1, max_length=_MAX_TITLE, description="Default: the job's name.")]
_Optimizers = Annotated[
    str | None,
    Query(
        max_length=_MAX_LIST,
        description="Indexes of the optimizers that are drawn, separated by commas. Default: all.",
        examples=["0,2"],
    ),
]
_XUnit = Annotated[
    Across | None,
    Query(description="Unit of the horizontal axis. Default: epoch for the accuracy, else step."),
]
_Scale = Annotated[
    AxisScale | None,
    Query(
        description="Of the values. auto, the default, is log where all are positive and span a factor of ten; "
        "log leaves out what is not positive."
    ),
]
_MaxPoints = Annotated[
    int | None,
    Query(
        ge=LEAST_POINTS,
        le=MOST_POINTS,
        description=f"At most so many points of a line. Default: {DEFAULT_POINTS}. In a landscape of two "
        "parameters, longer paths are drawn without points that cannot be seen; by default those of more than "
        f"{MOST_POINTS} points, or fewer where there are many paths.",
    ),
]
_Smooth = Annotated[
    int | None,
    Query(
        ge=LEAST_SMOOTH,
        le=MOST_SMOOTH,
        description="Draw the running median of so many points, and say so at the axis. Default: the values.",
    ),
]
_Steps = Annotated[
    str | None,
    Query(
        max_length=_MAX_LIST,
        description="Steps whose fitted curves are drawn, separated by commas, at most four. Default: some of "
        "those recorded.",
        examples=["150,400"],
    ),
]
_AxisX = Annotated[
    str | None,
    Query(max_length=_MAX_SETTING, description="Setting along the columns.", examples=["learning_rate"]),
]
_AxisY = Annotated[
    str | None,
    Query(max_length=_MAX_SETTING, description="Setting along the rows.", examples=["ayla.n2"]),
]
_Value = Annotated[
    CellValue | None,
    Query(description="Value of the cells of a heat map; steps are those to the lowest loss. Default: final_loss."),
]


def whole_numbers(parameter: str, text: str | None) -> tuple[int, ...] | None:
    """A list of numbers.

    Raises:
        InvalidQuery: if it is none.
    """
    if text is None:
        return None
    items = [item.strip() for item in text.split(",")]
    if not are_indexes(items):
        raise InvalidQuery(parameter, "Must be whole numbers separated by commas, as in 0,2.")
    return tuple(map(int, items))


def _seeds(parameter: str, text: str | None) -> tuple[int, ...] | None:
    """A list of different seeds.

    Raises:
        InvalidQuery: if it is none.
    """
    seeds = whole_numbers(parameter, text)
    if seeds is not None and len(set(seeds)) < len(seeds):
        raise InvalidQuery(parameter, "Must not name a seed twice.")
    return seeds


def figure_options(
    style: _Style = Style.SCREEN,
    width: _Width = None,
    height: _Height = None,
    dpi: _Dpi = None,
    title: _Title = None,
    optimizers: _Optimizers = None,
    x: _XUnit = None,
    scale: _Scale = None,
    max_points: _MaxPoints = None,
    smooth: _Smooth = None,
    at: _Steps = None,
    axis_x: _AxisX = None,
    axis_y: _AxisY = None,
    value: _Value = None,
) -> FigureOptions:
    """The options of a figure.

    Raises:
        InvalidQuery: if a list cannot be read.
    """
    return FigureOptions(
        style=style,
        width=width,
        height=height,
        dpi=dpi,
        title=title,
        optimizers=whole_numbers("optimizers", optimizers),
        across=x,
        scale=scale,
        max_points=max_points,
        smooth=smooth,
        at=whole_numbers("at", at),
        axis_x=axis_x,
        axis_y=axis_y,
        value=value,
    )


def drawing_options(
    style: _Style = Style.SCREEN,
    width: _Width = None,
    height: _Height = None,
    dpi: _Dpi = None,
    title: _Title = None,
    scale: _Scale = None,
) -> FigureOptions:
    """The options of every drawing, whatever it shows."""
    return FigureOptions(style=style, width=width, height=height, dpi=dpi, title=title, scale=scale)


def figure_form(
    wanted: Annotated[
        Form | None, Query(alias="format", description="Goes before the Accept header. Default: svg.")
    ] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Form:
    """The file format of a figure.

    Raises:
        HTTPException: 406, if Accept names nothing that a figure can be sent as.
    """
    return preferred(wanted, accept, MEDIA_TYPES)


def comparison_options(
    metric: Annotated[AskedMetric, Query(description=METRIC)] = None,
    target: Annotated[float | None, Query(allow_inf_nan=False, description=TARGET)] = None,
    target_metric: Annotated[TargetMetric | None, Query(description=TARGET_METRIC)] = None,
    minimum: Annotated[float | None, Query(allow_inf_nan=False, description=MINIMUM)] = None,
    confidence: Annotated[
        float | None, Query(ge=LEAST_CONFIDENCE, le=MOST_CONFIDENCE, description=f"{CONFIDENCE} Default: 0.95.")
    ] = None,
    baseline: Annotated[str | None, Query(max_length=MAX_LABEL, description=BASELINE), NORMAL] = None,
    targets: Annotated[
        list[FiniteNumber] | None, Query(min_length=1, max_length=MAX_TARGETS, description=TARGETS)
    ] = None,
    cost: Annotated[Cost | None, Query(description=COST)] = None,
    problem: Annotated[
        int | None,
        Query(ge=0, lt=MAX_JOBS, description="Place of the problem that is drawn, in 'problems' of the comparison."),
    ] = None,
    tuning_seeds: Annotated[
        str | None,
        Query(
            max_length=_MAX_LIST, description="Seeds that settings are judged on, separated by commas. Default: all."
        ),
    ] = None,
    confirm_seeds: Annotated[
        str | None,
        Query(
            max_length=_MAX_LIST,
            description="With tuning_seeds: compare arms, each by the setting that is best on those, on these seeds.",
        ),
    ] = None,
) -> dict[str, Any]:
    """The options of figures of comparisons, by name.

    Raises:
        InvalidQuery: if a list cannot be read.
    """
    return {
        "metric": metric,
        "target": target,
        "target_metric": target_metric,
        "minimum": minimum,
        "confidence": confidence,
        "baseline": baseline,
        "targets": None if targets is None else tuple(targets),
        "cost": cost,
        "problem": problem,
        "tuning_seeds": _seeds("tuning_seeds", tuning_seeds),
        "confirm_seeds": _seeds("confirm_seeds", confirm_seeds),
    }


def wanted_figure(
    own: Annotated[FigureOptions, Depends(figure_options)],
    compared: Annotated[dict[str, Any], Depends(comparison_options)],
) -> FigureOptions:
    """All options of a figure."""
    return replace(own, **compared)


WantedFigure = Annotated[FigureOptions, Depends(wanted_figure)]
WantedDrawing = Annotated[FigureOptions, Depends(drawing_options)]
WantedForm = Annotated[Form, Depends(figure_form)]


def figure_responses() -> dict[int | str, dict[str, Any]]:
    """The responses of the contract: a figure in every form, and 304."""
    content = {
        media_type: {"schema": {"type": "string", "format": "binary"}}
        for form, media_type in MEDIA_TYPES.items()
        if form is not Form.SVG
    }
    content[MEDIA_TYPES[Form.SVG]] = {"schema": {"type": "string"}}
    etag = {"ETag": {"description": "Changes with the figure; for If-None-Match.", "schema": {"type": "string"}}}
    return {
        200: {"description": "The figure.", "content": content, "headers": etag},
        304: {"description": "The client has this figure already."},
    }
