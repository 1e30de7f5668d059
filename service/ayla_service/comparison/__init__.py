"""How the optimizers of one job, or of several, did against each other, and how sure that is.

A trial that diverged is the worst there is: an infinite loss. It ranks below every number, and it counts in every
median and quantile, so that an optimizer gains nothing by diverging where it would have done badly.
"""
