"""The catalogue of everything that a job can name."""
