"""Observability: metrics, gauges, and checks of the broker; knows nothing of the store."""
