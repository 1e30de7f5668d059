"""Tables as frames of pandas and polars and as tables of Arrow, where these are installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ayla.errors import MissingDependency

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


def pandas_frame(columns: Mapping[str, Any]) -> pandas.DataFrame:
    """Columns as a frame of pandas.

    Raises:
        MissingDependency: pandas is not installed.
    """
    require_pandas("to_pandas()")
    import pandas

    return pandas.DataFrame({**columns})


def polars_frame(columns: Mapping[str, Any]) -> polars.DataFrame:
    """Columns as a frame of polars.

    Raises:
        MissingDependency: polars is not installed.
    """
    _require_polars()
    import polars

    return polars.DataFrame({**columns}, strict=False)


def polars_of_arrow(table: pyarrow.Table) -> polars.DataFrame:
    """A table of Arrow as a frame of polars.

    Raises:
        MissingDependency: polars is not installed.
    """
    _require_polars()
    import polars

    frame = polars.from_arrow(table)
    return frame if isinstance(frame, polars.DataFrame) else frame.to_frame()


def arrow_table(columns: Mapping[str, Any]) -> pyarrow.Table:
    """Columns as a table of Arrow.

    Raises:
        MissingDependency: pyarrow is not installed.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingDependency("pyarrow", "to_arrow()", "pyarrow") from error
    return pyarrow.table({**columns})


def require_pandas(purpose: str) -> None:
    """Ask for pandas before anything is fetched for it.

    Raises:
        MissingDependency: it is not installed.
    """
    try:
        import pandas  # noqa: F401
    except ImportError as error:
        raise MissingDependency("pandas", purpose, "pandas") from error


def _require_polars() -> None:
    try:
        import polars  # noqa: F401
    except ImportError as error:
        raise MissingDependency("polars", "to_polars()", "polars") from error


class Rows:
    """What can be written as rows, and by that as a frame."""

    def rows(self) -> list[dict[str, object]]:
        """The rows, all with the same names."""
        raise NotImplementedError

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a frame of pandas.

        Raises:
            MissingDependency: pandas is not installed.
        """
        return pandas_frame(self._columns_of_rows())

    def to_polars(self) -> polars.DataFrame:
        """The rows as a frame of polars.

        Raises:
            MissingDependency: polars is not installed.
        """
        return polars_frame(self._columns_of_rows())

    def to_arrow(self) -> pyarrow.Table:
        """The rows as a table of Arrow.

        Raises:
            MissingDependency: pyarrow is not installed.
        """
        return arrow_table(self._columns_of_rows())

    def _columns_of_rows(self) -> dict[str, list[object]]:
        rows = self.rows()
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: [row.get(name) for row in rows] for name in names}
