"""Query parameters of trajectories and metrics, and the documentation of their responses."""

from collections.abc import Iterator
from typing import Annotated, Any

from ayla_spec.limits import MAX_STEPS, MAX_TRIALS
from ayla_spec.text import NORMAL
from fastapi import Depends, Path, Query
from starlette.requests import Request

from ayla_service.errors import InvalidQuery
from ayla_service.http.problems import responses
from ayla_service.http.query_numbers import are_indexes
from ayla_service.schemas import Id
from ayla_service.states import TrialState, values
from ayla_service.trials.conditions import MOST_CONDITIONS, Order, conditions_of, order_of
from ayla_service.trials.formats import Format
from ayla_service.trials.routes.answers import MEDIA_TYPES
from ayla_service.trials.selection import Scale, TrajectoryQuery, TrialSelection
from ayla_service.trials.service import MAX_ROWS, ResultReader

_MAX_LABEL = 250
_MAX_LIST = 16_000
"""Characters of a list: room for every column that there can be."""


def series_query(
    columns: Annotated[
        str | None, Query(max_length=_MAX_LIST, description="Names separated by commas. Default: all.")
    ] = None,
    max_points: Annotated[
        int | None,
        Query(
            ge=2,
            le=MAX_ROWS,
            description="At most so many rows of a trial: the first, the last and, of stretches in between, those with "
            "the lowest and the highest value of each column that is named, or of the loss if none is.",
        ),
    ] = None,
    scale: Annotated[
        Scale,
        Query(description="With max_points: stretches of equally many rows, or log-spaced in the steps."),
    ] = Scale.LINEAR,
    from_step: Annotated[int | None, Query(ge=0, le=MAX_STEPS, description="First step, inclusive.")] = None,
    to_step: Annotated[int | None, Query(ge=0, le=MAX_STEPS, description="Last step, inclusive.")] = None,
) -> TrajectoryQuery:
    """The wanted part of metrics.

    Raises:
        InvalidQuery: if a scale is given that nothing is thinned on.
    """
    if scale is Scale.LOG and max_points is None:
        raise InvalidQuery("scale", "Says how max_points thins; give max_points too.")
    return TrajectoryQuery(_listed(columns), None, max_points, from_step, to_step, scale)


Every = Annotated[int | None, Query(ge=1, le=MAX_STEPS, description="Only every n-th step.")]


def trial_selection(
    trials: Annotated[
        str | None,
        Query(
            max_length=_MAX_LIST,
            description="Indexes of trials and ranges of them, separated by commas. Default: all.",
            examples=["0,3,10-19"],
        ),
    ] = None,
    optimizer: Annotated[
        int | None, Query(ge=0, le=MAX_TRIALS, description="Only trials of the optimizer with this index.")
    ] = None,
    states: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Only trials in these states, separated by commas.",
            examples=["completed,diverged"],
        ),
    ] = None,
    arm: Annotated[str | None, Query(max_length=_MAX_LABEL, description="Only trials of this arm."), NORMAL] = None,
    where: Annotated[
        list[str],
        Query(
            max_length=MOST_CONDITIONS,
            description="A column of numbers, one of <, <=, >, >=, = and !=, and a number; given several times, trials "
            "have to meet all. Columns are those of the summary table: settings, seed, trial_index and results.",
            examples=[["learning_rate>0.01", "final_loss<0.1"]],
        ),
    ] = [],  # noqa: B006  # never changed
) -> TrialSelection:
    """The wanted trials of a job.

    Raises:
        InvalidQuery: if a list or a condition cannot be read.
    """
    return TrialSelection(_spans(trials), optimizer, arm, _states(states), conditions_of(where))


def table_responses(what: str, csv_example: str) -> dict[int | str, dict[str, Any]]:
    """The documentation of rows in every form, and of 304.

    Args:
        what: said of the rows.
        csv_example: some of them.
    """
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = {
        MEDIA_TYPES[Format.CSV]: {"schema": {"type": "string"}, "example": csv_example},
        MEDIA_TYPES[Format.ARROW]: binary,
        MEDIA_TYPES[Format.PARQUET]: binary,
    }
    etag = {"ETag": {"description": "Changes with the rows; for If-None-Match.", "schema": {"type": "string"}}}
    return {
        200: {"description": what, "content": content, "headers": etag},
        304: {"description": "The client has these rows already."},
        **responses(404, 406, 429),
    }


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else text.split(",")


def trial_order(
    sort: Annotated[
        str | None,
        Query(
            max_length=200,
            description="A column of numbers to sort by, with - before it for the largest first. Trials without the "
            "number come last. Default: their order in the job.",
            examples=["-best_loss"],
        ),
    ] = None,
) -> Order | None:
    """The wanted order of trials."""
    return order_of(sort)


def _spans(text: str | None) -> tuple[range, ...] | None:
    if text is None:
        return None
    found: list[range] = []
    beyond = 0
    # In order, so that each index is in one of them, however often ranges have it.
    for low, high in sorted(_ranges(text)):
        if high >= beyond:
            found.append(range(max(low, beyond), high + 1))
            beyond = high + 1
    return tuple(found)


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    """The first and the last index of each range, all of them below ``MAX_TRIALS``.

    Raises:
        InvalidQuery: if it is no list of ranges.
    """
    for item in text.split(","):
        first, dash, last = (part.strip() for part in item.partition("-"))
        numbers = (first, last) if dash else (first, first)
        if not are_indexes(numbers):
            raise InvalidQuery("trials", "Must be indexes and ranges of them, as in 0,3,10-19.")
        low, high = map(int, numbers)
        if low > high:
            raise InvalidQuery("trials", f"The range {low}-{high} ends before it begins.")
        if high >= MAX_TRIALS:
            raise InvalidQuery("trials", f"A job has at most {MAX_TRIALS} trials, numbered from 0; there is no {high}.")
        yield low, high


def _states(text: str | None) -> frozenset[TrialState] | None:
    if text is None:
        return None
    wanted = {item.strip() for item in text.split(",")}
    unknown = sorted(wanted - set(values(TrialState)))
    if unknown:
        known = ", ".join(values(TrialState))
        raise InvalidQuery("states", f"There is no state '{unknown[0][:64]}'; there are {known}.")
    return frozenset(map(TrialState, wanted))


async def _results(request: Request) -> ResultReader:
    reader: ResultReader = request.app.state.results
    return reader


Results = Annotated[ResultReader, Depends(_results)]


TrialId = Annotated[Id, Path(description="Id of the trial.")]
