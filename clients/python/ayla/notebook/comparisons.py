"""Comparisons as HTML: the tables and verdicts that are printed too, and the service's figure of the pairs."""

from __future__ import annotations

from collections.abc import Iterator

from ayla.comparison import Comparison
from ayla.jobs_comparison import JobsComparison
from ayla.notebook.figures import fetcher, figure
from ayla.notebook.markup import Markup, page, paragraphs, table


def comparison_html(found: Comparison) -> str:
    """The optimizers of a job, the verdicts, and each pair's difference with its interval."""
    shown = table("Comparison", found.headers, found.cells())
    return page(shown, paragraphs(found.statements), _figure(found, pairs=bool(found.pairs)))


def jobs_comparison_html(found: JobsComparison) -> str:
    """A table for each problem with its verdicts, then what holds over problems."""
    pairs = bool(found.protocol or found.pairs or any(problem.pairs for problem in found.problems))
    return page(*_problems(found), paragraphs(found.general_statements), _figure(found, pairs=pairs))


def _problems(found: JobsComparison) -> Iterator[Markup]:
    for place, problem in enumerate(found.problems):
        for one in found.shown_tables(place):
            yield table(f"{problem.heading}: {one.title}", one.headers, one.cells, left=one.left)
        yield paragraphs(found.verdicts(place))


def _figure(found: Comparison | JobsComparison, *, pairs: bool) -> Markup:
    """A row for each pair; without pairs the seeds of each optimizer."""
    if pairs:
        return figure(fetcher(found, "forest"), "Median difference of each pair with its interval")
    return figure(fetcher(found, "strip"), "Each optimizer's result on each seed")
