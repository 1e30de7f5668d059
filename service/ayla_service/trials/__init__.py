"""Trials and their results: trajectories, metrics and predictions, stored as chunks and read as tables."""
