"""The client of before, under its old place."""

from ayla._profiles import find_connection
from ayla._sync.client import Client

__all__ = ["Client", "default_base_url"]


def default_base_url() -> str:
    """The address used where none is given."""
    return find_connection().base_url
