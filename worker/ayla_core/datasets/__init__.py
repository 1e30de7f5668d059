"""Datasets: the samples a model is fitted to."""
