"""Query parameters of answers about sweeps, and the forms in which they are sent."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from ayla_spec.text import NORMAL
from fastapi import Depends, Header, Query, Request

from ayla_service.comparison.query import MAX_JOBS, TargetMetric
from ayla_service.comparison.schemas import MAX_LABEL
from ayla_service.errors import InvalidQuery
from ayla_service.figures.options import Form
from ayla_service.figures.routes.parameters import MEDIA_TYPES, figure_responses
from ayla_service.http.negotiation import preferred
from ayla_service.schemas import Id
from ayla_service.sweeps.axes import MOST_PLACES
from ayla_service.sweeps.query import OverSeeds, SweepQuery
from ayla_service.sweeps.schemas import ARM, AXIS, BINS, METRIC, MINIMUM, OVER_SEEDS
from ayla_service.sweeps.service import SweepService

_MAX_PATH, _MAX_ARMS = 100, 100


class SweepForm(StrEnum):
    """Form of an answer about a sweep: numbers, or a picture."""

    JSON = "json"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


FORM_MEDIA_TYPES = {SweepForm.JSON: "application/json"} | {SweepForm(form): MEDIA_TYPES[form] for form in Form}


def sweep_form(
    wanted: Annotated[
        SweepForm | None, Query(alias="format", description="Goes before the Accept header. Default: json.")
    ] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> SweepForm:
    """The form that the client wants.

    Raises:
        HTTPException: 406, if there is none that it accepts.
    """
    return preferred(wanted, accept, FORM_MEDIA_TYPES)


def sweep_query(
    metric: Annotated[TargetMetric | None, Query(description=METRIC)] = None,
    over_seeds: Annotated[OverSeeds, Query(description=OVER_SEEDS)] = "median",
    minimum: Annotated[float | None, Query(allow_inf_nan=False, description=MINIMUM)] = None,
) -> SweepQuery:
    """How settings are judged."""
    return SweepQuery(metric, over_seeds, minimum)


@dataclass(frozen=True, slots=True)
class ArmsAndBins:
    """Which arms an answer is about, and into how many bins values are put."""

    arms: tuple[str, ...] | None
    bins: int | None


def arms_and_bins(
    arm: Annotated[
        list[Annotated[str, NORMAL]] | None, Query(min_length=1, max_length=_MAX_ARMS, description=ARM)
    ] = None,
    bins: Annotated[int | None, Query(ge=2, le=MOST_PLACES, description=BINS)] = None,
) -> ArmsAndBins:
    """The arms and bins.

    Raises:
        InvalidQuery: on a name that is too long for an arm.
    """
    if any(len(name) > MAX_LABEL for name in arm or ()):
        raise InvalidQuery("arm", f"Names have at most {MAX_LABEL} characters.")
    return ArmsAndBins(None if arm is None else tuple(arm), bins)


def several_jobs(
    job_id: Annotated[
        list[Id],
        Query(
            min_length=1,
            max_length=MAX_JOBS,
            description="A job of the team, each once; can be given several times. All have the same problem, budget "
            "and dtype.",
        ),
    ],
) -> tuple[str, ...]:
    """The ids of several jobs.

    Raises:
        InvalidQuery: if one stands twice.
    """
    if len(set(job_id)) < len(job_id):
        raise InvalidQuery("job_id", "Must not name a job twice.")
    return tuple(job_id)


async def _sweeps(request: Request) -> SweepService:
    service: SweepService = request.app.state.sweeps
    return service


Sweeps = Annotated[SweepService, Depends(_sweeps)]
Judged = Annotated[SweepQuery, Depends(sweep_query)]
Narrowed = Annotated[ArmsAndBins, Depends(arms_and_bins)]
SeveralJobs = Annotated[tuple[str, ...], Depends(several_jobs)]
WantedSweepForm = Annotated[SweepForm, Depends(sweep_form)]
AxisPath = Annotated[
    str | None, Query(max_length=_MAX_PATH, description=f"{AXIS} Default: the one with the most values.")
]
AcrossPath = Annotated[
    str | None,
    Query(
        max_length=_MAX_PATH,
        description=f"Along the columns. {AXIS} Default: of axes that one arm varies along.",
    ),
]
UpPath = Annotated[str | None, Query(max_length=_MAX_PATH, description="Axis along the rows, likewise.")]


def pictured_responses(what: str) -> dict[int | str, dict[str, Any]]:
    """The responses of the contract: the answer as JSON or as a picture, and 304."""
    drawn = figure_responses()
    return {200: drawn[200] | {"description": f"{what}, or a picture of it."}, 304: drawn[304]}
