"""Routes under /v1/datasets, and how files are taken in."""
