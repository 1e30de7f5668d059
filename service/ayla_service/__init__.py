"""The service: HTTP API, store, jobs and queue. Never imports torch; what computes is ``ayla_worker``."""

from importlib.metadata import version

__version__ = version("ayla-service")
