"""Trajectories and predictions: columnar chunks in, thinned tables out."""
