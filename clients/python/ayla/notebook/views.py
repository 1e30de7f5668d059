"""Which view is whose."""

from __future__ import annotations

from functools import singledispatch

from ayla._async.pages import AsyncPages
from ayla._figure import Figure
from ayla._lists import Listed
from ayla._shown import Shown
from ayla._sync.pages import Pages
from ayla.comparison import JobComparison
from ayla.jobs_comparison import SeveralJobsComparison
from ayla.models.base import ResponseModel
from ayla.models.jobs import Catalogue, JobData
from ayla.models.trials import TrialData
from ayla.models.workers import Attempt, Worker
from ayla.notebook.comparisons import comparison_html, jobs_comparison_html
from ayla.notebook.figures import figure_html
from ayla.notebook.jobs import attempt_html, job_html, trial_html, worker_html
from ayla.notebook.markup import element, page
from ayla.notebook.records import catalogue_html, is_unworded, record_text
from ayla.notebook.sweeps import best_html, heat_map_html, pictured_text, sensitivity_html
from ayla.notebook.tables import (
    async_pages_html,
    columns_html,
    list_html,
    list_text,
    pages_html,
    pages_text,
    record_html,
)
from ayla.sweep_pictures import AsyncPictured, HeatMapRows, Pictured, SensitivityRows
from ayla.sweeps import BestSettings
from ayla.tables import ColumnTable


@singledispatch
def html_of(shown: Shown) -> str:
    """What a notebook shows; the service is asked for figures only, and what cannot be had is said or left out."""
    return page(element("pre", text_of(shown)))


html_of.register(JobData, job_html)
html_of.register(TrialData, trial_html)
html_of.register(Attempt, attempt_html)
html_of.register(Worker, worker_html)
html_of.register(Catalogue, catalogue_html)
html_of.register(JobComparison, comparison_html)
html_of.register(SeveralJobsComparison, jobs_comparison_html)
html_of.register(BestSettings, best_html)
html_of.register(SensitivityRows, sensitivity_html)
html_of.register(HeatMapRows, heat_map_html)
html_of.register(ColumnTable, columns_html)
html_of.register(ResponseModel, record_html)
html_of.register(Listed, list_html)
html_of.register(Pages, pages_html)
html_of.register(AsyncPages, async_pages_html)
html_of.register(Figure, figure_html)


def text_of(shown: Shown) -> str:
    """What is shown where there is no HTML, without a request."""
    match shown:
        case Pictured() | AsyncPictured():
            return pictured_text(shown)
        case Pages() | AsyncPages():
            return pages_text(shown)
        case Listed():
            return list_text(shown)
        case _:
            return record_text(shown) if is_unworded(shown) else str(shown)
