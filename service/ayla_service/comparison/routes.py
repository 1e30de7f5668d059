"""Routes that compare the optimizers of one job or of several."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

from ayla_spec import SpecError
from ayla_spec.text import NORMAL
from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from pydantic import Field

from ayla_service.comparison.answers import job_comparison, jobs_comparison
from ayla_service.comparison.jobs_schemas import JobsComparison
from ayla_service.comparison.query import (
    LEAST_CONFIDENCE,
    MAX_TARGETS,
    MOST_CONFIDENCE,
    ComparisonQuery,
    Cost,
    TargetMetric,
)
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
    VALUES,
    AskedMetric,
    ComparisonRequest,
    JobComparison,
)
from ayla_service.comparison.service import ComparisonResult, ComparisonService
from ayla_service.comparison.tables.formats import ComparisonFormat, as_text
from ayla_service.errors import InvalidQuery
from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId, submitted_json
from ayla_service.http.etags import private_headers
from ayla_service.http.negotiation import preferred
from ayla_service.http.problems import responses

router = APIRouter(tags=["comparisons"])

EXAMPLES: dict[str, Any] = {
    "two": {
        "summary": "Two jobs, by the steps that it takes to 0.1 of what each problem is judged by",
        "value": {
            "job_ids": ["9e6f2f5e-3f0a-4c39-a1a4-6d9df2c8d1a7", "0c1b6b0e-61d1-4e6d-8f5e-0b5b8f3f9a52"],
            "metric": "steps_to_target",
            "target": 0.1,
        },
    },
    "protocol": {
        "summary": "The arms of a job, tuned on four seeds and compared on four others",
        "value": {
            "job_ids": ["9e6f2f5e-3f0a-4c39-a1a4-6d9df2c8d1a7"],
            "protocol": {"tuning_seeds": [0, 1, 2, 3], "confirm_seeds": [4, 5, 6, 7]},
        },
    },
}

_PLACES = {"/tuning_seeds": "/protocol/tuning_seeds"}
"""Where options stand in the body, of those that a query has elsewhere."""


async def _comparisons(request: Request) -> ComparisonService:
    return ComparisonService(request.app.state.database, request.app.state.team_slots)


MEDIA_TYPES = {
    ComparisonFormat.JSON: "application/json",
    ComparisonFormat.MARKDOWN: "text/markdown",
    ComparisonFormat.LATEX: "application/x-tex",
    ComparisonFormat.CSV: "text/csv",
}

_EXTENSIONS = {ComparisonFormat.MARKDOWN: "md", ComparisonFormat.LATEX: "tex", ComparisonFormat.CSV: "csv"}

_TABLES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The comparison, or its tables.",
        "content": {MEDIA_TYPES[form]: {"schema": {"type": "string"}} for form in _EXTENSIONS},
    }
}


def requested_format(
    wanted: Annotated[
        ComparisonFormat | None,
        Query(alias="format", description="The form of the answer; goes before the Accept header."),
    ] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> ComparisonFormat:
    """The form that the client wants.

    Raises:
        HTTPException: 406, if there is none that it accepts.
    """
    return preferred(wanted, accept, MEDIA_TYPES)


WantedFormat = Annotated[ComparisonFormat, Depends(requested_format)]
FiniteNumber = Annotated[float, Field(allow_inf_nan=False)]
Comparisons = Annotated[ComparisonService, Depends(_comparisons)]


@router.get(
    "/jobs/{job_id}/comparison",
    operation_id="compare_job",
    summary="Compare a job's optimizers",
    response_model=JobComparison,
    responses={**_TABLES, **responses(404, 406, 409, 429)},
)
def compare_job(
    job_id: JobId,
    caller: Reader,
    comparisons: Comparisons,
    form: WantedFormat,
    metric: Annotated[AskedMetric, Query(description=METRIC)] = None,
    target: Annotated[float | None, Query(allow_inf_nan=False, description=TARGET)] = None,
    confidence: Annotated[float, Query(ge=LEAST_CONFIDENCE, le=MOST_CONFIDENCE, description=CONFIDENCE)] = 0.95,
    baseline: Annotated[str | None, Query(max_length=MAX_LABEL, description=BASELINE), NORMAL] = None,
    target_metric: Annotated[TargetMetric | None, Query(description=TARGET_METRIC)] = None,
    minimum: Annotated[float | None, Query(allow_inf_nan=False, description=MINIMUM)] = None,
    targets: Annotated[
        list[FiniteNumber] | None, Query(min_length=1, max_length=MAX_TARGETS, description=TARGETS)
    ] = None,
    cost: Annotated[Cost, Query(description=COST)] = "steps",
    *,
    values: Annotated[bool, Query(description=VALUES)] = False,
) -> JobComparison | Response:
    """The optimizers of a job over its seeds, and AYLA against the same without it on equal seeds.

    As Markdown, LaTeX and CSV it is tables: of the optimizers, of the pairs, and with notes on how sure they are.

    Trials without a result, as they have not ended or failed, are left out and counted. A diverged trial counts as an
    infinite loss, in medians and in tests.
    """
    several = None if targets is None else tuple(targets)
    query = ComparisonQuery(metric, target, confidence, baseline, target_metric, minimum, several, cost, values)
    found = comparisons.compare(caller, [job_id], query)
    return job_comparison(found) if form is ComparisonFormat.JSON else _tables(found, form, job_id[:8])


@router.post(
    "/comparisons",
    operation_id="compare_jobs",
    summary="Compare the optimizers of several jobs",
    dependencies=[Depends(submitted_json)],
    response_model=JobsComparison,
    responses={**_TABLES, **responses(404, 406, 409, 413, 415, 429)},
)
def compare_jobs(
    wanted: Annotated[ComparisonRequest, Body(openapi_examples=EXAMPLES)],
    caller: Reader,
    comparisons: Comparisons,
    form: WantedFormat,
) -> JobsComparison | Response:
    """The optimizers of several jobs, matched by label: on each problem, over the problems, and as profiles.

    With a protocol the best setting of each arm is selected on the tuning seeds, and stated is on the confirmation
    seeds how the selected settings compare.

    As Markdown, LaTeX and CSV it is tables: of the optimizers or arms, of the pairs on each problem and over them.

    Changes nothing, and is a POST only for the length of its list; so it takes no Idempotency-Key, as it can be
    repeated anyway, and the scope read is enough.
    """
    with _about_the_body():
        protocol = None if wanted.protocol is None else wanted.protocol.protocol
        found = comparisons.compare(caller, wanted.job_ids, wanted.query, protocol)
    return jobs_comparison(found) if form is ComparisonFormat.JSON else _tables(found, form, _several(wanted.job_ids))


def _several(job_ids: Sequence[str]) -> str:
    return job_ids[0][:8] if len(job_ids) == 1 else f"{len(job_ids)}-jobs"


def _tables(found: ComparisonResult, form: ComparisonFormat, name: str) -> Response:
    headers = private_headers()
    headers["Content-Disposition"] = f'attachment; filename="{name}-comparison.{_EXTENSIONS[form]}"'
    return Response(as_text(jobs_comparison(found), form), headers=headers, media_type=MEDIA_TYPES[form])


@contextmanager
def _about_the_body() -> Iterator[None]:
    """Report an invalid option as a field of the body, not as a parameter of the query."""
    try:
        yield
    except InvalidQuery as error:
        issues = [replace(one, pointer=_PLACES.get(one.pointer, one.pointer)) for one in error.issues]
        raise SpecError(issues) from error
