"""Routes under /v1/datasets, and the receiver of uploads."""
