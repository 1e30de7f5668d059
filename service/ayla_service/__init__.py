"""The service: HTTP API, store, jobs and queue. Never imports torch; ``ayla_worker`` computes."""

from importlib.metadata import version

__version__ = version("ayla-service")
