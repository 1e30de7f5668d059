"""Comparison of the optimizers of one job or of several, with statistical tests.

A trial that diverged is the worst there is: an infinite loss. It ranks below every number, and it counts in every
median and quantile, so that an optimizer gains nothing by diverging where it would have done badly.
"""
