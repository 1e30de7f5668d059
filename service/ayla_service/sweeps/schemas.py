"""Answers about sweeps. Null where a number is infinite or there is none."""

from ayla_spec.optimizers import OptimizerSettings
from pydantic import Field

from ayla_service.comparison.query import TargetMetric
from ayla_service.schemas import FiniteInJson, FrozenModel
from ayla_service.states import JobState
from ayla_service.sweeps.axes import Scale
from ayla_service.sweeps.best import End
from ayla_service.sweeps.heatmap import Reduce
from ayla_service.sweeps.query import OverSeeds

METRIC = (
    "By which settings are judged. Default: 'test_loss' where there is a test part, 'full_train_loss' of other "
    "datasets, 'final_loss' of expressions. More is better in accuracies, less in all others."
)
OVER_SEEDS = "How the values of a setting on its seeds become one; a diverged seed is worse than every number."
MINIMUM = "The least possible loss, which 'gap' is to. Default: what is known of an expression of the catalogue."
AXIS = "Where the number stands in an optimizer, such as 'learning_rate' or 'ayla.n1', or in the problem."
BINS = (
    "Bins of equal width on the scale of the axis. Default: values that were listed stand for themselves, drawn ones "
    "go into as many bins as the square root of the settings along one axis, the cube root along each of two."
)
ARM = "Name of an arm; can be given several times. Default: all."
PER_ARM = "The best setting of each arm, or of all arms."
PACKED = (
    "Cells and counts as base64 instead of lists, for up to 1,000,000 cells: row by row, the lowest first, as "
    "little-endian float32 and uint32. Only in JSON."
)
REDUCE = "Which of the settings in one cell counts: the best or the median."

FiniteNumbers = list[FiniteInJson]


class JobOfSweep(FrozenModel):
    """A job that an answer is about."""

    id: str
    name: str | None
    state: JobState
    settings: int
    seeds: int


class AxisOfSweep(FrozenModel):
    """An axis of a sweep."""

    path: str = Field(description=AXIS, examples=["ayla.n1"])
    scale: Scale = Field(description="On which its values are evenly spread.")
    drawn: bool = Field(description="Whether its values were drawn, so that hardly two settings have the same.")
    values: int = Field(description="How many different values settings have.")
    low: FiniteInJson = Field(description="The lowest of them.")
    high: FiniteInJson = Field(description="The highest.")


class SweepAnswer(FrozenModel):
    """What all answers about sweeps tell."""

    jobs: list[JobOfSweep] = Field(description="In the order asked for.")
    metric: TargetMetric
    more_is_better: bool
    metrics: list[TargetMetric] = Field(description="By which these settings can be judged.")
    over_seeds: OverSeeds
    minimum: float | None = Field(description="The least possible loss, if it is known.")
    settings: int = Field(description="Of all jobs.")
    seeds: int = Field(description="How many different seeds there are.")
    arms: list[str] = Field(description="In order of appearance. Arms of one name in several jobs are one.")
    axes: list[AxisOfSweep]
    notes: list[str] = Field(description="What a reader should know about these numbers.")


class SettingOfSweep(FrozenModel):
    """A setting of a sweep."""

    job_id: str
    setting: int = Field(description="Its number in the job: the optimizer_index of its trials.")
    arm: str
    label: str
    axes: dict[str, FiniteInJson] = Field(description="Its value on each axis that it has.")
    optimizer: OptimizerSettings
    trial_ids: list[str] = Field(description="Its trials, one for each seed, the first hundred.")


class BestOfSweep(FrozenModel):
    """The best setting of an arm, or of all arms, and what it was selected among."""

    arm: str | None = Field(description="Null for all arms, where no setting has a finite value.")
    setting: SettingOfSweep | None = Field(description="Null where no setting has a finite value.")
    value: FiniteInJson = Field(description="Over its seeds.")
    best_seed: FiniteInJson = Field(description="Its value on its best seed.")
    worst_seed: FiniteInJson = Field(description="On its worst; null where that diverged.")
    seeds: int = Field(description="Seeds that it was judged on.")
    diverged_seeds: int = Field(description="Of these, those on which it diverged.")
    selected_among: int = Field(description="Settings with a value on each of their seeds.")
    different: int = Field(
        description="Of these, different ones: those that differ in an exponent without effect are one."
    )
    diverged: int = Field(description="Of these, those that have no finite value.")
    partial: int = Field(description="Settings left out, as they lack a value on some of their seeds.")
    waiting: int = Field(description="Settings of which no trial has ended with a result.")
    tied: int = Field(description="Other settings that are exactly as good; the first in order is named.")
    tied_settings: list[SettingOfSweep] = Field(description="The first of these.")
    at_ends: dict[str, End] = Field(description="Axes on which it has the lowest or highest value that was tried.")
    values: FiniteNumbers = Field(
        description="Of the settings it was selected among, the best first: all, of more than 101 those at 101 evenly "
        "spaced ranks, so that each is one percent further. Null where they diverged."
    )
    luck: str = Field(description="How sure its value is.")


class BestAnswer(SweepAnswer):
    """The best setting of each arm, or of all arms."""

    per_arm: bool
    best: list[BestOfSweep] = Field(description="One of each arm, in their order, or one of all.")


class PlacesAlong(FrozenModel):
    """Places along an axis: values, or bins."""

    path: str
    scale: Scale
    binned: bool
    values: FiniteNumbers = Field(description="The values, or the middles of the bins on the scale.")
    edges: FiniteNumbers | None = Field(description="Of the bins, one more than there are; null for values.")


class SensitivityOfArm(FrozenModel):
    """An arm along an axis, over its other axes; every list has one entry for each place."""

    arm: str
    best: FiniteNumbers = Field(
        description="Of the settings there the best. Null where all diverged, or nothing ended."
    )
    median: FiniteNumbers = Field(description="Of the settings there.")
    settings: list[int] = Field(description="Settings there with a value on each of their seeds.")
    finite: list[int] = Field(description="Those of them that have a finite value.")
    left_out: list[int] = Field(description="Settings there that lack a value, or have not ended.")
    best_job: list[int | None] = Field(description="Place of the job of the best setting in jobs.")
    best_setting: list[int | None] = Field(description="Number of the best setting in that job.")


class SensitivityAnswer(SweepAnswer):
    """What each arm reaches along one axis."""

    axis: PlacesAlong
    sensitivity: list[SensitivityOfArm] = Field(description="Of each arm that has the axis.")
    lacking: list[str] = Field(description="Arms without the axis.")


class BestCell(FrozenModel):
    """The best cell of a panel."""

    x: float
    y: float
    value: float
    tied: int = Field(description="Other cells that are exactly as good; the first in order is named.")
    setting: SettingOfSweep = Field(description="The best setting of the cell.")


class CellsOfArm(FrozenModel):
    """Cells of an arm: rows by y, and in each the columns by x, the lowest first."""

    arm: str
    cells: list[FiniteNumbers] = Field(
        description="Null where there are no settings, where none has a value yet, and where they diverged: then "
        "'settings' is above 0. Empty where they are packed."
    )
    settings: list[list[int]] = Field(
        description="Settings in each cell with a value on each of their seeds. Empty where they are packed."
    )
    packed_cells: str | None = Field(
        None,
        description="The cells as base64 of little-endian float32, row by row: NaN where there is no value, infinite "
        "where they diverged. Sizes above 3.4e38 and below 1.2e-38 become these. Null unless asked for.",
    )
    packed_settings: str | None = Field(None, description="The settings of each cell as uint32, likewise.")
    left_out: int = Field(description="Settings that lack a value on a seed, or have not ended.")
    best: BestCell | None = Field(description="Null without a finite cell.")


class HeatMapAnswer(SweepAnswer):
    """The heat map over two axes, a panel for each arm that has both."""

    x: PlacesAlong
    y: PlacesAlong
    reduce: Reduce = Field(description="Which of the settings in one cell counts.")
    panels: list[CellsOfArm]
    lacking: list[str] = Field(description="Arms that lack an axis.")


class RankedSetting(FrozenModel):
    """A setting of a sweep in the order of its value."""

    rank: int | None = Field(
        description="By value among all judged settings; equal ones share the better rank. Null if it is not judged."
    )
    job_id: str
    setting: int = Field(description="Its number in the job: the optimizer_index of its trials.")
    arm: str
    label: str
    axes: dict[str, FiniteInJson] = Field(description="Its value on each axis that it has.")
    value: FiniteInJson = Field(
        description="Over its seeds. Null if too many diverged; and if it is not judged, as it lacks a value on a seed."
    )
    best_seed: FiniteInJson = Field(description="Its value on its best seed. Null likewise.")
    worst_seed: FiniteInJson = Field(description="On its worst; null where that diverged.")
    seeds: int = Field(description="Seeds that it is run on.")
    known_seeds: int = Field(description="Of these, those on which it has a value; it is judged by all of them or not.")
    diverged_seeds: int = Field(description="Those on which it diverged.")
    first_nonfinite_step: int | None = Field(
        description="The first step at which it was not finite on one of its seeds. Null if it was finite on all."
    )
    failed_seeds: int = Field(description="Those on which its trial failed.")
    cancelled_seeds: int = Field(description="Those on which its trial was cancelled.")
    first_trial_id: str = Field(description="Its trial with the first seed.")


class SettingPage(FrozenModel):
    """One page of the settings of a sweep, the best first and those that are not judged last."""

    metric: TargetMetric
    more_is_better: bool
    over_seeds: OverSeeds
    minimum: float | None = Field(description="The least possible loss, if it is known.")
    total: int = Field(description="Settings of all pages.")
    data: list[RankedSetting]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")
