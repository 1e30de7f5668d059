"""Measures how the queue and the API scale with the number of workers, teams and processes."""
