"""What tables of a comparison have rows of: optimizers or arms, and pairs of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from ayla_service.comparison.jobs_schemas import JobsComparison
from ayla_service.comparison.protocol_schemas import ArmPair, ArmResult
from ayla_service.comparison.query import Metric
from ayla_service.comparison.schemas import ComparedOptimizer, PairComparison, ProblemComparison


@dataclass(frozen=True, slots=True)
class OptimizerRow:
    """An optimizer on one problem; with a protocol an arm on the confirmation seeds.

    Attributes:
        problem: on which.
        label: of the optimizer, or the arm's name.
        optimizer: over its seeds; None of an arm without a selected setting.
        arm: how it was tuned; None without a protocol.
    """

    problem: ProblemComparison
    label: str
    optimizer: ComparedOptimizer | None
    arm: ArmResult | None = None


@dataclass(frozen=True, slots=True)
class PairRow:
    """An optimizer, or arm, against another.

    Attributes:
        problem: on which; None over problems.
        metric: by which it is judged; None over problems that differ in it.
        pair: how they compare.
    """

    problem: ProblemComparison | None
    metric: Metric | None
    pair: PairComparison

    @property
    def statements(self) -> list[str]:
        """The verdict, and that with equal budgets."""
        if isinstance(self.pair, ArmPair) and self.pair.equal_budgets is not None:
            return [self.pair.verdict, self.pair.equal_budgets.verdict]
        return [self.pair.verdict]

    @property
    def qualifications(self) -> list[str]:
        """What makes it unequal or weak."""
        return self.pair.qualifications if isinstance(self.pair, ArmPair) else []


def heading(problem: ProblemComparison) -> str:
    """The problem with its budget."""
    return f"{problem.title}, {problem.steps} steps"


def optimizer_rows(answer: JobsComparison) -> list[OptimizerRow]:
    """Problem by problem."""
    return [*_arms(answer)] if answer.protocol is not None else [*_optimizers(answer)]


def _optimizers(answer: JobsComparison) -> Iterator[OptimizerRow]:
    for problem in answer.problems:
        yield from (OptimizerRow(problem, one.label, one) for one in problem.optimizers)


def _arms(answer: JobsComparison) -> Iterator[OptimizerRow]:
    for there in answer.protocol.problems if answer.protocol is not None else ():
        problem = answer.problems[there.problem]
        yield from (OptimizerRow(problem, arm.arm, arm.confirmation, arm) for arm in there.arms)


def pair_rows(answer: JobsComparison) -> list[PairRow]:
    """Those on each problem, then those over problems."""
    over = None if answer.metric == "by_problem" else answer.metric
    if answer.protocol is None:
        each = [PairRow(one, one.metric, pair) for one in answer.problems for pair in one.pairs]
        return [*each, *(PairRow(None, over, pair) for pair in answer.pairs)]
    problems = answer.problems
    of_arms = [
        PairRow(problems[there.problem], problems[there.problem].metric, pair)
        for there in answer.protocol.problems
        for pair in there.pairs
    ]
    return [*of_arms, *(PairRow(None, over, pair) for pair in answer.protocol.pairs)]
