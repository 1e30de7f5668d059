"""How jobs, trials, comparisons, sweeps and lists show themselves in a notebook; it needs no package of its own.

What is shown is HTML for light and for dark pages, with the service's figures in it, and text where a page shows no
HTML. Figures are asked for when something is shown: once, with a short timeout, and of a bounded size; without the
service the rest is shown without them. ``AYLA_NOTEBOOK_FIGURES`` in the environment is another timeout in seconds, or
``off``, which does without figures. Objects of an
``AsyncClient`` are shown without figures, as a notebook does not wait for what it shows.

Names and messages are escaped, and dollar signs in them are no formulas. Keys and secrets are not shown, as a
notebook's file keeps what is shown.

While ``client.jobs.wait`` waits in a notebook, a bar shows how far the job is.
"""

from ayla.notebook.views import html_of, text_of

__all__ = ["html_of", "text_of"]
