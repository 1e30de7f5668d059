"""Figures of jobs, drawn by the server: what is recorded, as SVG, PNG or PDF.

``service`` is what others use. ``asking`` says what can be asked for, ``reading`` gets it from the store as the plain
values of ``material``, and ``painters`` put those on a figure. Only they and ``canvas`` and ``style`` know matplotlib,
which is imported with the first drawing.
"""
