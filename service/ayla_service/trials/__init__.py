"""Trajectories, metrics and predictions: columnar chunks in, thinned tables out."""
