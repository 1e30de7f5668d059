"""Comparison of several jobs, as the API answers it."""

from typing import Literal

from pydantic import Field

from ayla_service.comparison.aggregate_schemas import AggregatedPair
from ayla_service.comparison.protocol_schemas import ProtocolResult
from ayla_service.comparison.query import Metric
from ayla_service.comparison.schemas import ComparedJob, ComparisonBase, PairComparison, ProblemComparison


class JobsComparison(ComparisonBase):
    """The optimizers of several jobs side by side, on each problem and over all."""

    metric: Literal[Metric, "by_problem"] = Field(
        description="What every problem is judged by; 'by_problem' where they differ in it, see there."
    )
    more_is_better: bool | None = Field(description="Direction of the metric; null where problems differ in it.")
    jobs: list[ComparedJob] = Field(description="In the order asked for.")
    problems: list[ProblemComparison]
    pairs: list[PairComparison] = Field(
        description="Optimizers against each other over the problems; empty where there is only one."
    )
    aggregates: list[AggregatedPair] = Field(
        description="Optimizers against each other over all problems and seeds, with a protocol arms over the "
        "confirmation seeds; empty where there is only one problem."
    )
    protocol: ProtocolResult | None = Field(
        None, description="With a protocol all statements, and the lists 'pairs' are empty. Null without one."
    )
