"""Whether figures can be drawn."""

from importlib.util import find_spec

from ayla.errors import MissingDependency


def require_plotting() -> None:
    """Check for the packages that draw, before anything is submitted.

    Raises:
        MissingDependency: the extra ``plot`` is not installed.
    """
    for package in ("matplotlib", "numpy"):
        if find_spec(package) is None:
            raise MissingDependency(package, "A report with figures", "ayla-client[plot]")
