"""Formats in which a comparison is answered."""

from enum import StrEnum

from ayla_service.comparison.jobs_schemas import JobsComparison
from ayla_service.comparison.tables.content import tables_of
from ayla_service.comparison.tables.csv_rows import comparison_csv
from ayla_service.comparison.tables.latex import latex
from ayla_service.comparison.tables.markdown import markdown


class ComparisonFormat(StrEnum):
    """Format in which a comparison is sent: JSON with everything, or tables."""

    JSON = "json"
    MARKDOWN = "markdown"
    LATEX = "latex"
    CSV = "csv"


def as_text(answer: JobsComparison, form: ComparisonFormat) -> str:
    """The tables of a comparison.

    Args:
        answer: of one problem or of several, with or without a protocol.
        form: any but JSON.
    """
    if form is ComparisonFormat.CSV:
        return comparison_csv(answer)
    tables = tables_of(answer)
    return latex(tables) if form is ComparisonFormat.LATEX else markdown(tables)
