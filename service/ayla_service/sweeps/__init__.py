"""Answers about sweeps: the best setting, the sensitivity to one axis, and the heat map over two.

``service`` is the entrance. ``loading`` makes the columns of ``table`` from the store; ``best``, ``sensitivity`` and
``heatmap`` are functions of these columns alone.
"""
