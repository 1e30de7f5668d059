"""Trials: outcomes, trajectories, metrics, predictions."""

from __future__ import annotations

from collections.abc import Iterable

from ayla._responses import parse, text_of
from ayla._transport import Params, Transport, segment
from ayla.models import Job, ResponseModel, Trial
from ayla.tables import Metrics, Predictions, Trajectory

Columns = dict[str, tuple[int | float | None, ...]]


class _ColumnsResponse(ResponseModel):
    trial_id: str
    columns: Columns


class _PredictionsResponse(ResponseModel):
    trial_id: str
    steps: tuple[int, ...] = ()
    columns: Columns


class Trials:
    """The trials of a service. Wherever an id is taken, the trial itself is taken as well."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, trial: Trial | str) -> Trial:
        """The trial as it is now.

        Raises:
            NotFoundError: there is no such trial.
        """
        return parse(Trial, self._transport.get(f"/v1/trials/{segment(trial)}"))

    def trajectory(
        self,
        trial: Trial | str,
        *,
        columns: Iterable[str] | None = None,
        every: int | None = None,
        max_points: int | None = None,
        from_step: int | None = None,
        to_step: int | None = None,
    ) -> Trajectory:
        """The recorded steps of a trial, also while it runs.

        Args:
            trial: the trial or its id.
            columns: only these, such as ``["step", "loss"]`` or ``"loss"``; None: all.
            every: only each n-th recorded step, and the last.
            max_points: thin to about this many rows, keeping the lowest and highest loss of each interval.
            from_step: from this step on.
            to_step: up to this step.

        Raises:
            UnprocessableEntityError: there is no such column.
            ConflictError: the trial's job keeps no trajectories, and it has not been computed again (``recompute``).
        """
        params = _query(columns, every=every, max_points=max_points, from_step=from_step, to_step=to_step)
        answer = parse(_ColumnsResponse, self._transport.get(f"/v1/trials/{segment(trial)}/trajectory", params))
        return Trajectory(answer.trial_id, answer.columns)

    def recompute(self, trial: Trial | str) -> Job:
        """Have a trial of a job that keeps no trajectories computed again, to the same bits.

        Returns:
            The job that does it, also one that was there already; once it has succeeded, ``trajectory`` and
            ``metrics`` of the trial have the rows.

        Raises:
            ConflictError: the trial has not ended, or its job keeps trajectories.
        """
        return parse(Job, self._transport.post(f"/v1/trials/{segment(trial)}/recompute", idempotent=True))

    def trajectory_csv(
        self,
        trial: Trial | str,
        *,
        columns: Iterable[str] | None = None,
        every: int | None = None,
        max_points: int | None = None,
        from_step: int | None = None,
        to_step: int | None = None,
    ) -> str:
        """The same as CSV text: a header line, an empty field where a number is not finite."""
        params = _query(columns, every=every, max_points=max_points, from_step=from_step, to_step=to_step)
        return text_of(
            self._transport.get(f"/v1/trials/{segment(trial)}/trajectory", params, accept="text/csv"), "text/csv"
        )

    def metrics(
        self,
        trial: Trial | str,
        *,
        columns: Iterable[str] | None = None,
        max_points: int | None = None,
        from_step: int | None = None,
        to_step: int | None = None,
    ) -> Metrics:
        """Loss and accuracy on training and test data, epoch by epoch (see ``Metrics``), also while the trial runs.

        Args:
            trial: the trial or its id.
            columns: only these, such as ``["epoch", "test_accuracy"]``; None: all.
            max_points: thin to about this many rows, keeping the lowest and highest training loss of each interval.
            from_step: from this step on.
            to_step: up to this step.

        Raises:
            UnprocessableEntityError: there is no such column.
        """
        params = _query(columns, max_points=max_points, from_step=from_step, to_step=to_step)
        answer = parse(_ColumnsResponse, self._transport.get(f"/v1/trials/{segment(trial)}/metrics", params))
        return Metrics(answer.trial_id, answer.columns)

    def metrics_csv(
        self,
        trial: Trial | str,
        *,
        columns: Iterable[str] | None = None,
        max_points: int | None = None,
        from_step: int | None = None,
        to_step: int | None = None,
    ) -> str:
        """The same as CSV text: a header line, an empty field where a number is not finite."""
        params = _query(columns, max_points=max_points, from_step=from_step, to_step=to_step)
        return text_of(
            self._transport.get(f"/v1/trials/{segment(trial)}/metrics", params, accept="text/csv"), "text/csv"
        )

    def predictions(self, trial: Trial | str) -> Predictions:
        """What the trial's model predicts on its dataset at the recorded steps; no columns for expressions."""
        answer = parse(_PredictionsResponse, self._transport.get(f"/v1/trials/{segment(trial)}/predictions"))
        return Predictions(answer.trial_id, answer.steps, answer.columns)

    def _csv(self, path: str, params: Params) -> str:
        return text_of(self._transport.get(path, params, accept="text/csv"), "text/csv")


def _query(columns: Iterable[str] | None, **numbers: int | None) -> Params:
    names = [columns] if isinstance(columns, str) else columns
    return {"columns": None if names is None else ",".join(names), **numbers}
