"""Comparisons as HTML: the tables and verdicts that are printed too, and the service's figure of the pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ayla.comparison import JobComparison
from ayla.jobs_comparison import SeveralJobsComparison
from ayla.notebook.figures import fetcher, figure
from ayla.notebook.markup import Markup, page, paragraphs, table

Options = dict[str, str | float | Sequence[float] | None]


def comparison_html(found: JobComparison) -> str:
    """The optimizers of a job, the verdicts, and each pair's difference with its interval."""
    shown = table("Comparison", found.headers, found.cells())
    asked: Options = {"metric": found.metric, "minimum": found.minimum}
    if found.target is not None:
        asked |= {"target": found.target, "target_metric": found.target_metric}
    if any(pair.sign_test for pair in found.pairs):
        asked |= {"confidence": found.confidence, "baseline": found.baseline}
        drawn = _forest(found, [found.job_id], asked)
    else:
        drawn = _strip(found, [found.job_id], asked) if any(one.runs > 1 for one in found.optimizers) else Markup()
    return page(shown, paragraphs(found.statements), drawn)


def jobs_comparison_html(found: SeveralJobsComparison) -> str:
    """A table for each problem with its verdicts, then what holds over problems."""
    return page(*_problems(found), paragraphs(found.general_statements), _jobs_forest(found))


def _problems(found: SeveralJobsComparison) -> Iterator[Markup]:
    for place, problem in enumerate(found.problems):
        for one in found.shown_tables(place):
            yield table(f"{problem.heading}: {one.title}", one.headers, one.cells, left=one.left)
        yield paragraphs(found.verdicts(place))


def _jobs_forest(found: SeveralJobsComparison) -> Markup:
    if not (found.protocol or found.pairs or any(problem.pairs for problem in found.problems)):
        return Markup()
    asked: Options = {"confidence": found.confidence, "baseline": found.baseline, "target": found.target}
    if found.metric != "by_problem":
        asked["metric"] = found.metric
    if found.protocol is not None:
        asked |= {name: _seeds(getattr(found.protocol, name)) for name in ("tuning_seeds", "confirm_seeds")}
    return _forest(found, [job.id for job in found.jobs], asked)


def _forest(found: object, jobs: Sequence[str], asked: Options) -> Markup:
    return figure(fetcher(found, "forest", jobs, **asked), "Median difference of each pair with its interval")


def _strip(found: object, jobs: Sequence[str], asked: Options) -> Markup:
    return figure(fetcher(found, "strip", jobs, **asked), "Each optimizer's result on each seed")


def _seeds(seeds: Sequence[int]) -> str:
    return ",".join(map(str, seeds))
