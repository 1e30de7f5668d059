# Generated from ayla/_async/trials.py by `make client`; changes belong there.
"""Trials: outcomes, trajectories, metrics, predictions."""

from __future__ import annotations

from typing import Unpack

from ayla._options import Thinning, thinning_params, unknown_options
from ayla._responses import ColumnsAnswer, PredictionsAnswer, parse, text_of
from ayla._sync.base import Resource
from ayla._sync.objects import Job, Trial
from ayla._transport import segment
from ayla.tables import Metrics, Predictions, Trajectory

_CSV = "text/csv"


class Trials(Resource):
    """The trials of a service. Wherever an id is taken, the trial itself is taken as well."""

    def get(self, trial: Trial | str) -> Trial:
        """The trial as it is now.

        Raises:
            NotFoundError: there is no such trial.
        """
        return self._get(Trial, f"/v1/trials/{segment(trial)}")

    def trajectory(self, trial: Trial | str, *, every: int | None = None, **thinning: Unpack[Thinning]) -> Trajectory:
        """The recorded steps of a trial, also while it runs.

        Args:
            trial: the trial or its id.
            every: only each n-th recorded step, and the last.
            **thinning: which rows and columns: ``columns``, ``max_points``, ``scale``, ``from_step``, ``to_step``; see
                ``Thinning``.

        Raises:
            UnprocessableEntityError: there is no such column.
            ConflictError: the trial's job keeps no trajectories, and it has not been computed again (``recompute``).
        """
        unknown_options("trajectory", {**thinning}, Thinning)
        asked = {**thinning_params(thinning), "every": every}
        answer = parse(ColumnsAnswer, self._transport.get(f"/v1/trials/{segment(trial)}/trajectory", asked))
        return Trajectory(answer.trial_id, answer.columns)

    def trajectory_csv(self, trial: Trial | str, *, every: int | None = None, **thinning: Unpack[Thinning]) -> str:
        """The same as CSV text: a header line, an empty field where a number is not finite."""
        unknown_options("trajectory_csv", {**thinning}, Thinning)
        asked = {**thinning_params(thinning), "every": every}
        path = f"/v1/trials/{segment(trial)}/trajectory"
        return text_of(self._transport.get(path, asked, accept=_CSV), _CSV)

    def recompute(self, trial: Trial | str, *, all_seeds: bool = False) -> Job:
        """Have a trial of a job that keeps no trajectories computed again, to the same bits.

        Args:
            trial: the trial or its id.
            all_seeds: whether the trials of its setting with all other seeds are computed again too, by the same job.

        Returns:
            The job that does it, also one that was there already; once it has succeeded, ``trajectory`` and
            ``metrics`` of the trial have the rows.

        Raises:
            ConflictError: the trial has not ended, or its job keeps trajectories.
        """
        which = "?all_seeds=true" if all_seeds else ""
        return self._post(Job, f"/v1/trials/{segment(trial)}/recompute{which}")

    def metrics(self, trial: Trial | str, **thinning: Unpack[Thinning]) -> Metrics:
        """Loss and accuracy on training and test data, epoch by epoch (see ``Metrics``), also while the trial runs.

        Args:
            trial: the trial or its id.
            **thinning: which rows and columns; see ``Thinning``.

        Raises:
            UnprocessableEntityError: there is no such column.
        """
        unknown_options("metrics", {**thinning}, Thinning)
        path = f"/v1/trials/{segment(trial)}/metrics"
        answer = parse(ColumnsAnswer, self._transport.get(path, thinning_params(thinning)))
        return Metrics(answer.trial_id, answer.columns)

    def metrics_csv(self, trial: Trial | str, **thinning: Unpack[Thinning]) -> str:
        """The same as CSV text: a header line, an empty field where a number is not finite."""
        unknown_options("metrics_csv", {**thinning}, Thinning)
        path = f"/v1/trials/{segment(trial)}/metrics"
        return text_of(self._transport.get(path, thinning_params(thinning), accept=_CSV), _CSV)

    def predictions(self, trial: Trial | str) -> Predictions:
        """What the trial's model predicts on its dataset at the recorded steps; no columns for expressions."""
        answer = parse(PredictionsAnswer, self._transport.get(f"/v1/trials/{segment(trial)}/predictions"))
        return Predictions(answer.trial_id, answer.steps, answer.columns)
