"""What the API answers about figures, and the query parameters of one."""

from typing import Annotated, Any, Self

from fastapi import Depends, Header, Query
from pydantic import BaseModel, Field

from ayla_service.errors import InvalidQuery
from ayla_service.figures.availability import JobFacts, available
from ayla_service.figures.options import (
    DEFAULT_DPI,
    DEFAULT_HEIGHT,
    DEFAULT_POINTS,
    DEFAULT_WIDTH,
    KINDS_OF_OPTION,
    LEAST_DPI,
    LEAST_INCHES,
    LEAST_POINTS,
    MOST_DPI,
    MOST_HEIGHT,
    MOST_POINTS,
    MOST_WIDTH,
    PARAMETER_OF,
    TITLES,
    Across,
    AxisScale,
    CellValue,
    FigureOptions,
    Form,
    Kind,
)
from ayla_service.http.negotiation import preferred
from ayla_service.http.query_numbers import are_indexes

MEDIA_TYPES = {Form.SVG: "image/svg+xml", Form.PNG: "image/png", Form.PDF: "application/pdf"}

_COMMON = ("format", "width", "height", "dpi", "title", "optimizers")
_MAX_LIST, _MAX_SETTING, _MAX_TITLE = 1000, 100, 200


class AvailableFigure(BaseModel):
    """A kind of figure that a job has."""

    kind: Kind
    title: str = Field(description="What it shows.")
    href: str = Field(description="Path of the figure.", examples=["/v1/jobs/9e6f2f5e/figures/loss"])
    parameters: list[str] = Field(description="The query parameters it takes.")


class UnavailableFigure(BaseModel):
    """A kind of figure that a job does not have."""

    kind: Kind
    reason: str = Field(description="Why not.")


class FigureList(BaseModel):
    """The figures of a job."""

    job_id: str
    figures: list[AvailableFigure]
    unavailable: list[UnavailableFigure]

    @classmethod
    def of(cls, facts: JobFacts) -> Self:
        """The figures that a job has, by what it is."""
        kinds = list(available(facts))
        return cls(
            job_id=facts.id,
            figures=[_figure(facts.id, kind) for kind, reason in kinds if reason is None],
            unavailable=[UnavailableFigure(kind=kind, reason=reason) for kind, reason in kinds if reason is not None],
        )


def figure_options(
    width: Annotated[float, Query(ge=LEAST_INCHES, le=MOST_WIDTH, description="Inches.")] = DEFAULT_WIDTH,
    height: Annotated[float, Query(ge=LEAST_INCHES, le=MOST_HEIGHT, description="Inches.")] = DEFAULT_HEIGHT,
    dpi: Annotated[
        int | None,
        Query(ge=LEAST_DPI, le=MOST_DPI, description=f"Pixels per inch of a PNG. Default: {DEFAULT_DPI}."),
    ] = None,
    title: Annotated[
        str | None, Query(min_length=1, max_length=_MAX_TITLE, description="Default: the job's name.")
    ] = None,
    optimizers: Annotated[
        str | None,
        Query(
            max_length=_MAX_LIST,
            description="Indexes of the optimizers that are drawn, separated by commas. Default: all.",
            examples=["0,2"],
        ),
    ] = None,
    x: Annotated[
        Across | None,
        Query(description="What the horizontal axis counts. Default: epoch for the accuracy, else step."),
    ] = None,
    scale: Annotated[
        AxisScale | None,
        Query(
            description="Of the values. auto, the default, is log where all are positive and span a factor of ten; "
            "log leaves out what is not positive."
        ),
    ] = None,
    max_points: Annotated[
        int | None,
        Query(
            ge=LEAST_POINTS,
            le=MOST_POINTS,
            description=f"At most so many points of a line. Default: {DEFAULT_POINTS}. In a landscape of two "
            "parameters, longer paths are drawn without what nobody can see of them; by default those of more than "
            f"{MOST_POINTS} points, or fewer where there are many paths.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        Query(
            max_length=_MAX_LIST,
            description="Steps whose fitted curves are drawn, separated by commas, at most four. Default: some of "
            "those recorded.",
            examples=["150,400"],
        ),
    ] = None,
    axis_x: Annotated[
        str | None,
        Query(max_length=_MAX_SETTING, description="Setting along the columns.", examples=["learning_rate"]),
    ] = None,
    axis_y: Annotated[
        str | None,
        Query(max_length=_MAX_SETTING, description="Setting along the rows.", examples=["ayla.n2"]),
    ] = None,
    value: Annotated[
        CellValue | None,
        Query(
            description="What the cells of a heat map tell; steps are those to the lowest loss. Default: final_loss."
        ),
    ] = None,
) -> FigureOptions:
    """How a figure is wanted.

    Raises:
        InvalidQuery: if a list cannot be read.
    """
    return FigureOptions(
        width=width,
        height=height,
        dpi=dpi,
        title=title,
        optimizers=_numbers("optimizers", optimizers),
        across=x,
        scale=scale,
        max_points=max_points,
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
    """As what a figure is sent.

    Raises:
        HTTPException: 406, if Accept names nothing that a figure can be sent as.
    """
    if wanted is not None:
        return wanted
    media_type = preferred(accept, list(MEDIA_TYPES.values()))
    return next(form for form, known in MEDIA_TYPES.items() if known == media_type)


WantedFigure = Annotated[FigureOptions, Depends(figure_options)]
WantedForm = Annotated[Form, Depends(figure_form)]


def figure_responses() -> dict[int | str, dict[str, Any]]:
    """The documentation of a figure in every form, and of 304."""
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


def _figure(job_id: str, kind: Kind) -> AvailableFigure:
    own = [PARAMETER_OF.get(name, name) for name, kinds in KINDS_OF_OPTION.items() if kind in kinds]
    path = f"/v1/jobs/{job_id}/figures/{kind}"
    return AvailableFigure(kind=kind, title=TITLES[kind], href=path, parameters=[*_COMMON, *own])


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
