"""Search: how the settings of a job's arms are chosen from their axes."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ayla_spec.limits import MAX_AXES, MAX_SEED, MAX_TRIALS
from ayla_spec.model import SpecModel, is_none

Design = Literal["grid", "random", "sobol"]
Order = Literal["listed", "shuffled"]

MAX_PATH_LENGTH = 100


def _path(value: str) -> str:
    if not value.isprintable() or not all(value.split(".")):
        raise ValueError("must be the path of an axis, such as 'learning_rate', 'ayla.n1' or 'problem.batch_size'")
    return value


AxisPath = Annotated[str, Field(max_length=MAX_PATH_LENGTH), AfterValidator(_path)]


class _Search(SpecModel):
    settings: int | None = Field(
        None,
        ge=1,
        le=MAX_TRIALS,
        description="Settings of each arm that has axes, for the designs 'random' and 'sobol', which need it. A grid "
        "has as many as its axes give.",
    )
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = Field(
        0, description="What random and sobol points are drawn with, and 'shuffled' orders. It is no seed of a trial."
    )
    share: list[AxisPath] = Field(
        default_factory=list,
        max_length=MAX_AXES,
        description="Paths of axes on which all arms that have them get the same points, so that they stay paired. "
        "They must have the axis in the same form. For 'random' and 'sobol': arms with the same grid have the same "
        "points anyway.",
    )
    together: list[Annotated[list[AxisPath], Field(min_length=2, max_length=MAX_AXES)]] = Field(
        default_factory=list,
        max_length=MAX_AXES,
        description="Groups of axes that move as one, by their paths, in each arm that has two of them or more: the "
        "first point of one with the first of the others, and so on. They must have equally many points, or none of "
        "them a number of points.",
    )
    order: Order = Field(
        "listed",
        description="Order of each arm's settings, which is that in which they are computed: 'listed' as the design "
        "lists them, or 'shuffled', by which any first part of a grid covers all of it.",
    )


class SubmittedSearch(_Search):
    """How the settings of a job's arms are chosen from their axes."""

    design: Design | None = Field(
        None,
        description="'grid': every combination of the axes' points. 'random': independent draws. 'sobol': scrambled "
        "Sobol points, which fill the space more evenly. Default: 'grid' where every axis has a number of points.",
    )
    library: str | None = Field(
        None,
        max_length=100,
        description="Where a resolved spec came from, so that it can be submitted again; changes nothing.",
    )


class Search(_Search):
    """How the settings of a job's arms are chosen from their axes, with every default filled in."""

    design: Design = Field(description="How points are chosen.")
    library: str | None = Field(
        None,
        exclude_if=is_none,
        description="Name and version of the library that random and sobol points were drawn with. They are stored "
        "with the job, as another version may draw others. Null: a grid, which is listed.",
    )
