"""Routes of figures, and their query parameters."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

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
    Kind,
    Style,
)
from ayla_service.figures.schemas import FigureList
from ayla_service.figures.service import FigureService
from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId
from ayla_service.http.etags import etag_of, not_modified
from ayla_service.http.negotiation import preferred
from ayla_service.http.problems import responses
from ayla_service.http.query_numbers import are_indexes

MEDIA_TYPES = {Form.SVG: "image/svg+xml", Form.PNG: "image/png", Form.PDF: "application/pdf"}

_MAX_LIST, _MAX_SETTING, _MAX_TITLE = 1000, 100, 200


_Style = Annotated[
    Style,
    Query(description="screen, or paper: without title and grid, and by default as wide as one column of a journal."),
]
_Width = Annotated[
    float | None,
    Query(
        ge=LEAST_WIDTH,
        le=MOST_WIDTH,
        description=f"Inches; texts grow with it. Default: {DEFAULT_WIDTH:g}, and {COLUMN_WIDTH:g} for style=paper.",
    ),
]
_Height = Annotated[
    float | None,
    Query(ge=LEAST_HEIGHT, le=MOST_HEIGHT, description="Inches. Default: by the width, and 5 for one of 8."),
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
        optimizers=_numbers("optimizers", optimizers),
        across=x,
        scale=scale,
        max_points=max_points,
        smooth=smooth,
        at=_numbers("at", at),
        axis_x=axis_x,
        axis_y=axis_y,
        value=value,
    )


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


WantedFigure = Annotated[FigureOptions, Depends(figure_options)]
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


def _numbers(parameter: str, text: str | None) -> tuple[int, ...] | None:
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


router = APIRouter(tags=["figures"])

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""An SVG is a document: browsers run and load nothing that is in it."""


async def _figures(request: Request) -> FigureService:
    service: FigureService = request.app.state.figures
    return service


Figures = Annotated[FigureService, Depends(_figures)]


@router.get(
    "/jobs/{job_id}/figures",
    operation_id="list_figures",
    summary="List the figures of a job",
    responses=responses(404, 409),
)
def list_figures(job_id: JobId, caller: Reader, figures: Figures) -> FigureList:
    """Kinds of figures that the job has, by its problem and settings, and why it does not have the others."""
    return FigureList.of(figures.job(caller, job_id))


@router.get(
    "/jobs/{job_id}/figures/{kind}",
    operation_id="get_figure",
    summary="Draw a figure of a job",
    response_class=Response,
    responses={**figure_responses(), **responses(404, 406, 409)},
)
def get_figure(
    job_id: JobId,
    kind: Annotated[Kind, Path(description="What it shows.")],
    caller: Reader,
    figures: Figures,
    request: Request,
    options: WantedFigure,
    form: WantedForm,
) -> Response:
    """Figure of a job as SVG, PNG or PDF, from the results recorded so far; before the first it is empty and says so.

    Lines are medians over the seeds, with bands from the lower to the upper quartile. A diverged trial counts as worse
    than all others. Of more than twelve optimizers the best eight have colours and the others are grey.
    """
    plan = figures.plan(caller, job_id, kind, options, form)
    # The same results give the same bytes, so this is a validator of the bytes.
    etag = etag_of(plan.version.encode())
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}
    if not_modified(request, etag):
        return Response(status_code=304, headers=headers)
    headers |= {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'inline; filename="{job_id[:8]}-{kind}.{form}"',
    }
    return Response(figures.draw(plan), headers=headers, media_type=MEDIA_TYPES[form])
