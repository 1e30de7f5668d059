"""Figures of jobs, drawn by the service from recorded results, as SVG, PNG or PDF.

``service`` is the entrance. ``options`` has the kinds of figures and their options, ``repository`` reads the plain
values of ``data``, and ``renderers`` draw them. Only what draws (``renderers``, ``drawing``, ``looks``, ``style`` and
what these need) imports matplotlib, which is loaded with the first figure.
"""
