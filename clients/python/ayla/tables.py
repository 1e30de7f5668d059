"""Tables, column by column: trajectories, metrics, predictions, and the trials of a job."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

from ayla._shown import Shown
from ayla.frames import arrow_table, pandas_frame, polars_frame, polars_of_arrow, require_pandas

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars
    import pyarrow

    Column: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]] | list[float]


class ColumnTable(Shown, Mapping[str, "Column"]):
    """Columns by name, in the service's order. ``len`` counts columns; ``rows`` counts rows."""

    def __init__(self, columns: Mapping[str, Sequence[float | None]]) -> None:
        self._columns: Mapping[str, Column] = {name: to_column(values) for name, values in columns.items()}

    def __getitem__(self, name: str) -> Column:
        try:
            return self._columns[name]
        except KeyError:
            raise KeyError(f"no column {name!r}; there are {', '.join(self._columns) or 'none'}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    # Mapping compares the contents with ==, which arrays do element by element.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def rows(self) -> int:
        """How many rows each column has."""
        return next((len(column) for column in self._columns.values()), 0)

    def numbers(self, name: str) -> list[float]:
        """A column as a list of Python numbers, whether or not NumPy is installed."""
        column = self[name]
        return column if isinstance(column, list) else column.tolist()

    def to_pandas(self) -> pandas.DataFrame:
        """The columns as a frame of pandas.

        Raises:
            MissingDependency: pandas is not installed.
        """
        return pandas_frame(self._columns)

    def to_polars(self) -> polars.DataFrame:
        """The columns as a frame of polars.

        Raises:
            MissingDependency: polars is not installed.
        """
        return polars_frame(self._columns)

    def to_arrow(self) -> pyarrow.Table:
        """The columns as a table of Arrow.

        Raises:
            MissingDependency: pyarrow is not installed.
        """
        return arrow_table(self._columns)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.rows} rows of {', '.join(self._columns)}>"


class Trajectory(ColumnTable):
    """The trajectory of a trial: one row per recorded step, the state before each update and after the last.

    Columns: step, loss, transformed_loss, scale, effective_lr, grad_norm, and ``param.<name>`` for expressions.
    A value that is not finite is NaN.

    Attributes:
        trial_id: whose trajectory it is.
    """

    def __init__(self, trial_id: str, columns: Mapping[str, Sequence[float | None]]) -> None:
        super().__init__(columns)
        self.trial_id = trial_id


class Metrics(ColumnTable):
    """How well a trial's model does on its dataset, epoch by epoch; no rows where there is no model.

    Columns: step, epoch, train_loss, for classes train_accuracy, with test data test_loss and test_accuracy, and
    full_train_loss and full_train_accuracy. train columns are means over the batches since the row before; test and
    full_train columns are of the model after the step, on the whole test or training part, and NaN in rows at which
    the job does not evaluate it. Accuracies are fractions. A value that is not finite is NaN.

    Attributes:
        trial_id: whose metrics they are.
    """

    def __init__(self, trial_id: str, columns: Mapping[str, Sequence[float | None]]) -> None:
        super().__init__(columns)
        self.trial_id = trial_id


class Predictions(ColumnTable):
    """What a model predicts on its dataset: x, where known target and truth, and ``prediction.<step>`` of each step.

    Attributes:
        trial_id: whose model it is.
        steps: the recorded steps.
    """

    def __init__(self, trial_id: str, steps: Sequence[int], columns: Mapping[str, Sequence[float | None]]) -> None:
        super().__init__(columns)
        self.trial_id = trial_id
        self.steps = tuple(steps)


class Table(ColumnTable):
    """A table of the service, such as the trials of a job: columns of numbers and of texts by name.

    It comes by Arrow where pyarrow is installed. A number that is not finite, or not there, is NaN in a column of
    numbers; a text that is not there is None.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]], arrow: pyarrow.Table | None = None) -> None:
        super().__init__(columns)
        self._arrow = arrow
        if arrow is not None:
            self._columns = _ArrowColumns(arrow)

    def to_pandas(self) -> pandas.DataFrame:
        """The columns as a frame of pandas.

        Raises:
            MissingDependency: pandas is not installed.
        """
        if self._arrow is None:
            return super().to_pandas()
        require_pandas("to_pandas()")
        frame: pandas.DataFrame = self._arrow.to_pandas()
        return frame

    def to_polars(self) -> polars.DataFrame:
        """The columns as a frame of polars.

        Raises:
            MissingDependency: polars is not installed.
        """
        return super().to_polars() if self._arrow is None else polars_of_arrow(self._arrow)

    def to_arrow(self) -> pyarrow.Table:
        """The columns as a table of Arrow.

        Raises:
            MissingDependency: pyarrow is not installed.
        """
        return super().to_arrow() if self._arrow is None else self._arrow


class _ArrowColumns(Mapping[str, "Column"]):
    """Columns of a table of Arrow, each converted when it is first asked for."""

    def __init__(self, arrow: pyarrow.Table) -> None:
        self._arrow = arrow
        self._converted: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._arrow.column_names:
            raise KeyError(name)
        if name not in self._converted:
            self._converted[name] = to_column(self._arrow[name].to_pylist())
        return self._converted[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrow.column_names)

    def __len__(self) -> int:
        return len(self._arrow.column_names)


ARROW = "application/vnd.apache.arrow.stream"
"""Media type of a stream of Arrow."""


def reads_arrow() -> bool:
    """Whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def table_from_arrow(content: bytes) -> Table:
    """A table from a stream of Arrow."""
    import pyarrow.ipc

    with pyarrow.ipc.open_stream(io.BytesIO(content)) as stream:
        arrow = stream.read_all()
    return Table({}, arrow)


def table_from_json(answer: Any) -> Table:
    """A table from the service's JSON."""
    return Table(answer["columns"])


def to_column(values: Sequence[Any]) -> Column:
    """A NumPy array where NumPy is installed, else a list; None becomes NaN. Texts stay as they are, as a list."""
    if any(isinstance(value, str | bool) for value in values):
        return [*values]
    filled = [math.nan if value is None else value for value in values]
    try:
        import numpy
    except ImportError:
        return filled
    return numpy.asarray(filled)
