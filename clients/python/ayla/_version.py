"""The version of the installed client."""

from importlib.metadata import version

__version__ = version("ayla-client")
