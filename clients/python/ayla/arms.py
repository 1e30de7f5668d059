"""Arms of a comparison with a protocol: how each was tuned, what was selected, and how the selected compare."""

from __future__ import annotations

from collections.abc import Sequence

from ayla.comparison import ComparedOptimizer, Pairing
from ayla.models.base import ResponseModel


class BestOfSettings(ResponseModel):
    """The best tuning value of k settings of an arm that are drawn at random.

    Attributes:
        k: how many are drawn.
        expected: mean over all draws; None where some draws have no finite value.
        median: half of the draws do at least as well; None where it is infinite, likewise the band.
        low: lower end of the band that holds most draws.
        high: its upper end.
        nothing_finite: share of the draws without a finite value.
    """

    k: int
    expected: float | None = None
    median: float | None = None
    low: float | None = None
    high: float | None = None
    nothing_finite: float = 0.0


class SensitivityPoint(ResponseModel):
    """What an arm reached at one learning rate.

    Attributes:
        at: the learning rate.
        settings: how many have it.
        finite: how many of them have a finite value.
        best: their best tuning value; None where it is infinite.
        median: the middle one.
        best_place: place of the best in ``settings`` of the problem.
    """

    at: float
    settings: int
    finite: int
    best: float | None = None
    median: float | None = None
    best_place: int


class SensitivitySeries(ResponseModel):
    """Tuning values of an arm by learning rate."""

    name: str
    points: tuple[SensitivityPoint, ...]


class Divergence(ResponseModel):
    """How many settings of an arm diverge on the tuning seeds.

    Attributes:
        settings: that were run.
        some: of which at least one run diverged.
        most: of which at least half of the runs diverged.
        share: most / settings; None without a setting.
    """

    settings: int
    some: int
    most: int
    share: float | None = None


class TunedSetting(ResponseModel):
    """A setting of an arm on the tuning seeds.

    Attributes:
        arm: that it belongs to.
        label: of the setting.
        value: its median over the tuning seeds; None where it is infinite, or where ``seeds`` is 0.
        seeds: tuning seeds that it has a value on.
        diverged: trials among them that diverged.
        confirmed: its median over the confirmation seeds that it has.
        rank: among the different settings of the arm; None if it cannot be selected.
        copy_of: label of the first setting of the arm with the same course.
    """

    arm: str
    label: str
    value: float | None = None
    seeds: int
    diverged: int
    confirmed: float | None = None
    rank: int | None = None
    copy_of: str | None = None


class ArmResult(ResponseModel):
    """An arm on one problem.

    Attributes:
        arm: its name.
        budget: among how many different settings the best was selected; 1: not tuned.
        copies: settings that are copies of others.
        incomplete: settings that could not be selected, as they lack tuning seeds.
        divergence: how many settings diverge.
        selected: label of the best setting; None if there is none.
        tied: how many different settings have the same value.
        tuning_value: of the selected setting; None where it is infinite or unknown.
        tuning_seeds: how many it was selected on.
        confirmation: the selected setting on the confirmation seeds, under the name of the arm.
        missing_seeds: confirmation seeds without a result of it.
        expected_best: what tuning with k settings brings.
        notes: what weakens what is said about the arm.
    """

    arm: str
    budget: int
    copies: int = 0
    incomplete: int = 0
    divergence: Divergence
    selected: str | None = None
    tied: int = 0
    tuning_value: float | None = None
    tuning_seeds: int = 0
    confirmation: ComparedOptimizer | None = None
    missing_seeds: tuple[int, ...] = ()
    expected_best: tuple[BestOfSettings, ...] = ()
    notes: tuple[str, ...] = ()


class DrawShares(ResponseModel):
    """Shares of the draws of equally many settings in which an arm is better than another, worse, equal, unknown."""

    better: float
    worse: float
    equal: float
    unknown: float


class ProblemCounts(ResponseModel):
    """Problems on which an arm with an equal budget is more often better than another, more often worse, and others."""

    wins: int
    losses: int
    ties: int
    unknown: int
    p_value: float | None = None


class EqualBudgets(ResponseModel):
    """Two arms as if both had been tuned over as few settings as the smaller one.

    Attributes:
        settings: how many: the fewest on any problem, and the most.
        draws: on one problem.
        problems: over several.
        verdict: in words.
    """

    settings: tuple[int, ...]
    draws: DrawShares | None = None
    problems: ProblemCounts | None = None
    verdict: str


class ArmPair(Pairing):
    """An arm against another on the confirmation seeds, each with its selected setting.

    Attributes:
        budgets: of the arm: the fewest on any problem, and the most.
        base_budgets: of the other one.
        qualifications: what makes the comparison unequal or weak; the verdict begins with it.
        equal_budgets: what would be with the smaller budget for both; None where they are equal.
    """

    budgets: tuple[int, ...] = ()
    base_budgets: tuple[int, ...] = ()
    qualifications: tuple[str, ...] = ()
    equal_budgets: EqualBudgets | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        """The verdict, and that with equal budgets."""
        return (self.verdict, *([self.equal_budgets.verdict] if self.equal_budgets else []))


class ArmsOnProblem(ResponseModel):
    """The arms on one problem.

    Attributes:
        problem: place of the problem in the comparison.
        select_metric: what settings are selected by.
        more_is_better: its direction.
        arms: in order of appearance.
        settings: of all arms, arm by arm.
        sensitivity: tuning values by learning rate.
        pairs: arms against each other on equal confirmation seeds.
    """

    problem: int
    select_metric: str
    more_is_better: bool = False
    arms: tuple[ArmResult, ...]
    settings: tuple[TunedSetting, ...]
    sensitivity: tuple[SensitivitySeries, ...] = ()
    pairs: tuple[ArmPair, ...]


class SelectionRule(ResponseModel):
    """By what settings are selected: metric (None: that of the comparison) and statistic over the tuning seeds."""

    metric: str | None = None
    statistic: str = "median"


class ProtocolResult(ResponseModel):
    """What a comparison with a protocol states.

    Attributes:
        select: by what settings are selected.
        tuning_seeds: on which they are.
        confirm_seeds: on which arms are compared.
        shared_seeds: which are both.
        problems: one by one.
        pairs: arms against each other over the problems.
        notes: remarks.
    """

    select: SelectionRule
    tuning_seeds: tuple[int, ...]
    confirm_seeds: tuple[int, ...]
    shared_seeds: tuple[int, ...] = ()
    problems: tuple[ArmsOnProblem, ...]
    pairs: tuple[ArmPair, ...]
    notes: tuple[str, ...] = ()


def statements_of(pairs: Sequence[Pairing]) -> tuple[str, ...]:
    """The verdicts of pairs, in the service's words."""
    return tuple(
        statement for pair in pairs for statement in (pair.statements if isinstance(pair, ArmPair) else (pair.verdict,))
    )
