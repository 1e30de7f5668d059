"""Tables of numbers, column by column: trajectories, metrics and predictions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ayla._shown import Shown
from ayla.errors import MissingDependency

if TYPE_CHECKING:
    import numpy
    import pandas

    Column: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]] | list[float]


class ColumnTable(Shown, Mapping[str, "Column"]):
    """Columns by name, in the service's order. ``len`` counts columns; ``rows`` counts rows."""

    def __init__(self, columns: Mapping[str, Sequence[float | None]]) -> None:
        self._columns = {name: to_column(values) for name, values in columns.items()}

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
        """The columns as a data frame.

        Raises:
            MissingDependency: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingDependency("pandas", "to_pandas()", "pandas") from error
        return pandas.DataFrame(self._columns)

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


def to_column(values: Sequence[float | None]) -> Column:
    """A NumPy array where NumPy is installed, else a list; None becomes NaN."""
    filled = [math.nan if value is None else value for value in values]
    try:
        import numpy
    except ImportError:
        return filled
    return numpy.asarray(filled)
