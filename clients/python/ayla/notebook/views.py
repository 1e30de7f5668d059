"""Which view is whose."""

from __future__ import annotations

from functools import singledispatch

from ayla._lists import Listed
from ayla._shown import Shown
from ayla.comparison import Comparison
from ayla.jobs_comparison import JobsComparison
from ayla.models import Attempt, Catalogue, Job, ResponseModel, Trial, Worker
from ayla.notebook.comparisons import comparison_html, jobs_comparison_html
from ayla.notebook.jobs import attempt_html, job_html, trial_html, worker_html
from ayla.notebook.markup import element, page
from ayla.notebook.records import catalogue_html, is_unworded, record_html, record_text
from ayla.notebook.sweeps import best_html, heat_map_html, pictured_text, sensitivity_html
from ayla.notebook.tables import columns_html, list_html, list_text
from ayla.sweep_pictures import HeatMap, Pictured, Sensitivity
from ayla.sweeps import BestSettings
from ayla.tables import ColumnTable


@singledispatch
def html_of(shown: Shown) -> str:
    """What a notebook shows; the service is asked for figures only, and what cannot be had is said or left out."""
    return page(element("pre", text_of(shown)))


html_of.register(Job, job_html)
html_of.register(Trial, trial_html)
html_of.register(Attempt, attempt_html)
html_of.register(Worker, worker_html)
html_of.register(Catalogue, catalogue_html)
html_of.register(Comparison, comparison_html)
html_of.register(JobsComparison, jobs_comparison_html)
html_of.register(BestSettings, best_html)
html_of.register(Sensitivity, sensitivity_html)
html_of.register(HeatMap, heat_map_html)
html_of.register(ColumnTable, columns_html)
html_of.register(ResponseModel, record_html)
html_of.register(Listed, list_html)


def text_of(shown: Shown) -> str:
    """What is shown where there is no HTML, without a request."""
    match shown:
        case Pictured():
            return pictured_text(shown)
        case Listed():
            return list_text(shown)
        case _:
            return record_text(shown) if is_unworded(shown) else str(shown)
