"""Comparisons with a protocol as the API answers them: arms, what was selected, and how the arms compare."""

from pydantic import Field

from ayla_service.comparison.protocol_request import SelectionRule
from ayla_service.comparison.query import Metric
from ayla_service.comparison.schemas import ComparedOptimizer, PairComparison
from ayla_service.comparison.sensitivity_schemas import BestOfSettings, Divergence, SensitivitySeries
from ayla_service.schemas import FiniteInJson, FrozenModel


class TunedSetting(FrozenModel):
    """A setting of an arm on the tuning seeds."""

    arm: str
    label: str
    value: FiniteInJson = Field(
        description="Median over its tuning seeds of the metric that is selected by. Null if infinite: too many "
        "diverged or did not get there; or if there is none: see 'seeds'."
    )
    seeds: int = Field(description="Tuning seeds that it has a value on.")
    diverged: int = Field(description="Trials among them that diverged.")
    confirmed: FiniteInJson = Field(
        description="Median of the same metric over the confirmation seeds that it has. Null likewise."
    )
    rank: int | None = Field(
        description="By value among the different settings of its arm; equal ones share the better rank. Null if it "
        "cannot be selected, as it lacks tuning seeds that others of the arm have."
    )
    copy_of: str | None = Field(
        description="Label of the first setting of the arm that took the same course on the tuning seeds, as the two "
        "differ only in exponents that had no effect there; copies count once."
    )


class ArmResult(FrozenModel):
    """An arm on one problem: how it was tuned, what was selected, and what that reached on the confirmation seeds."""

    arm: str
    budget: int = Field(description="Among how many different settings the best was selected. 1: not tuned.")
    copies: int = Field(description="Settings that are copies of others, and so no tries of their own.")
    incomplete: int = Field(description="Settings that could not be selected, as they lack tuning seeds.")
    divergence: Divergence = Field(description="How many of its settings diverge on the tuning seeds.")
    selected: str | None = Field(description="Label of the setting with the best value; the first of equals.")
    tied: int = Field(description="How many different settings have that same value.")
    tuning_value: FiniteInJson = Field(description="Value of the selected setting. Null if infinite or unknown.")
    tuning_seeds: int = Field(description="Tuning seeds that it was selected on.")
    confirmation: ComparedOptimizer | None = Field(
        description="The selected setting on the confirmation seeds, under the name of the arm. Null if none is "
        "selected."
    )
    missing_seeds: list[int] = Field(description="Confirmation seeds without a result of the selected setting.")
    expected_best: list[BestOfSettings] = Field(
        description="Best tuning value of k of its settings, drawn at random: what tuning with k settings brings."
    )
    notes: list[str] = Field(description="What weakens what is said about this arm.")


class DrawShares(FrozenModel):
    """One arm against another on one problem: shares of the draws of settings."""

    better: float = Field(description="In which the arm has the better median over the confirmation seeds.")
    worse: float = Field(description="In which it has the worse one.")
    equal: float = Field(description="In which both are equal.")
    unknown: float = Field(
        description="In which a setting is selected that has no result on a confirmation seed of the other arm."
    )


class ProblemCounts(FrozenModel):
    """One arm against another over the problems."""

    wins: int = Field(description="Problems on which the arm is better in more draws than it is worse.")
    losses: int = Field(description="Problems on which it is worse in more draws.")
    ties: int = Field(description="Problems on which it is better in as many draws as it is worse.")
    unknown: int = Field(description="Problems of which too few settings were run on the confirmation seeds.")
    p_value: float | None = Field(
        description="Of the exact two-sided sign test, without a correction for other tests. Null with fewer than two "
        "problems."
    )


class EqualBudgets(FrozenModel):
    """Two arms with unequal budgets, had the larger one been tuned over as few settings as the other.

    Of its settings so many are drawn at random, and the best of them on the tuning seeds is compared. All draws are
    counted; none is made.
    """

    settings: list[int] = Field(description="How many each arm is tuned over: the fewest on any problem, and the most.")
    draws: DrawShares | None = Field(description="On this problem. Null over several.")
    problems: ProblemCounts | None = Field(description="Over several problems. Null on one.")
    verdict: str


class ArmPair(PairComparison):
    """An arm against another on the confirmation seeds, each with the setting that was selected for it."""

    budgets: list[int] = Field(
        description="Among how many different settings that of 'label' was selected, from the fewest on any problem to "
        "the most."
    )
    base_budgets: list[int] = Field(description="Likewise that of 'base_label'.")
    qualifications: list[str] = Field(
        description="What makes the comparison unequal or weak; the verdict begins with it.",
        examples=[["unequal budgets (63 settings of AYLA-SGD, 9 of SGD)"]],
    )
    equal_budgets: EqualBudgets | None = Field(
        description="What would be with the smaller budget for both. Null where budgets are equal."
    )


class ArmsOnProblem(FrozenModel):
    """The arms on one problem."""

    problem: int = Field(description="Place of the problem in 'problems'.")
    select_metric: Metric = Field(description="What settings are selected by.")
    more_is_better: bool = Field(description="Direction of that metric.")
    arms: list[ArmResult]
    settings: list[TunedSetting] = Field(description="The settings of all arms, arm by arm.")
    sensitivity: list[SensitivitySeries] = Field(
        description="Tuning values of each arm by learning rate; 'best_place' is a place in 'settings'."
    )
    pairs: list[ArmPair] = Field(description="Arms against each other on equal confirmation seeds.")


class ProtocolResult(FrozenModel):
    """What a comparison with a protocol states: on the confirmation seeds, each arm with its selected setting."""

    select: SelectionRule
    tuning_seeds: list[int]
    confirm_seeds: list[int]
    shared_seeds: list[int] = Field(description="Seeds that settings are both selected and compared on.")
    problems: list[ArmsOnProblem] = Field(description="In the order of 'problems'.")
    pairs: list[ArmPair] = Field(
        description="Arms against each other over the problems, tuned on each; empty where there is only one."
    )
    notes: list[str]
