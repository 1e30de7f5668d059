"""Results of jobs: trials, tables, figures, comparisons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, TypeAlias, Unpack

from ayla._async.objects import AsyncJob, AsyncTrial
from ayla._async.sweeps import AsyncSweeps
from ayla._async.table_source import fetch_table
from ayla._figure import Figure
from ayla._options import (
    ComparisonOptions,
    Thinning,
    TrialChoice,
    choice_params,
    listed,
    thinning_params,
    unknown_options,
)
from ayla._transport import id_of, segment
from ayla.comparison import AsyncComparison
from ayla.frames import require_pandas
from ayla.models.contract import FigureList, JobCurves, JobPreviews
from ayla.tables import Table

if TYPE_CHECKING:
    import pandas

AsyncTrialList: TypeAlias = list[AsyncTrial]

_TRIALS_PER_PAGE = 1000


class AsyncJobResults(AsyncSweeps):
    """What came of jobs."""

    async def trials(
        self,
        job: AsyncJob | str,
        *,
        sort: str | None = None,
        limit: int | None = None,
        **choice: Unpack[TrialChoice],
    ) -> AsyncTrialList:
        """The trials of a job: those of one optimizer together, seeds in the order given, unless sorted otherwise.

        Of a job of very many trials ask for some, or for all as a table (``summary``).

        Args:
            job: the job or its id.
            sort: a column of numbers to sort by; with ``-`` before it the largest first.
            limit: at most so many; default: all.
            **choice: which trials: ``where``, ``arm``, ``states``, ``trials``, ``optimizer``; see ``TrialChoice``.

        Raises:
            UnprocessableEntityError: a condition or the order does not fit the job.
        """
        unknown_options("trials", {**choice}, TrialChoice)
        params = {**choice_params(choice), "sort": sort}
        path = f"/v1/jobs/{segment(job)}/trials"
        return await self._pages(AsyncTrial, path, params, limit=limit, per_page=_TRIALS_PER_PAGE).collect()

    async def summary(self, job: AsyncJob | str, *, sort: str | None = None, **choice: Unpack[TrialChoice]) -> Table:
        """The trials of a job as one table: a row each, with its settings and results.

        Args:
            job: the job or its id.
            sort: a column of numbers to sort by; with ``-`` before it the largest first.
            **choice: which trials; see ``TrialChoice``.

        Raises:
            UnprocessableEntityError: a condition does not fit; or there are more rows than come as JSON, which is used
                where pyarrow is not installed.
        """
        unknown_options("summary", {**choice}, TrialChoice)
        return await fetch_table(
            self._transport, f"/v1/jobs/{segment(job)}/summary", {**choice_params(choice), "sort": sort}
        )

    async def table(
        self, job: AsyncJob | str, *, sort: str | None = None, **choice: Unpack[TrialChoice]
    ) -> pandas.DataFrame:
        """The trials of a job as a data frame: ``summary`` with its ``to_pandas()``.

        Raises:
            MissingDependency: pandas is not installed.
        """
        require_pandas("table()")
        return (await self.summary(job, sort=sort, **choice)).to_pandas()

    async def trajectories(
        self,
        job: AsyncJob | str,
        *,
        every: int | None = None,
        choice: TrialChoice | None = None,
        **thinning: Unpack[Thinning],
    ) -> Table:
        """The recorded steps of many trials of a job as one table, in the order of the trials.

        Its first columns say which trial a row is of: trial_index, label, optimizer_index and seed.

        Args:
            job: the job or its id.
            every: only each n-th recorded step of a trial, and the last.
            choice: which trials, such as ``{"arm": "Adam"}``; see ``TrialChoice``.
            **thinning: which rows and columns; see ``Thinning``.

        Raises:
            ConflictError: the job keeps no trajectories.
            UnprocessableEntityError: there is no such column, or there are more rows than come as JSON.
        """
        unknown_options("trajectories", {**thinning}, Thinning)
        asked = {**choice_params(choice or {}), **thinning_params(thinning), "every": every}
        return await fetch_table(self._transport, f"/v1/jobs/{segment(job)}/trajectories", asked)

    async def metrics(
        self, job: AsyncJob | str, *, choice: TrialChoice | None = None, **thinning: Unpack[Thinning]
    ) -> Table:
        """The metrics of many trials of a job as one table: loss and accuracy, epoch by epoch.

        Args:
            job: the job or its id.
            choice: which trials; see ``TrialChoice``.
            **thinning: which rows and columns; see ``Thinning``.
        """
        unknown_options("metrics", {**thinning}, Thinning)
        asked = {**choice_params(choice or {}), **thinning_params(thinning)}
        return await fetch_table(self._transport, f"/v1/jobs/{segment(job)}/metrics", asked)

    async def figures(self, job: AsyncJob | str) -> FigureList:
        """The kinds of figures that a job has, and why it lacks the others."""
        return await self._get(FigureList, f"/v1/jobs/{segment(job)}/figures")

    async def curves(
        self,
        job: AsyncJob | str,
        column: str = "loss",
        *,
        max_points: int | None = None,
        scale: str | None = None,
        optimizers: Iterable[int] | None = None,
        settings: Iterable[int] | None = None,
    ) -> JobCurves:
        """The curves that the line figures of a job draw, as numbers: median and quartiles over the seeds.

        Args:
            job: the job or its id.
            column: of the trajectories or metrics, such as "loss" or "test_loss".
            max_points: of a curve, about; service default 500.
            scale: how steps are chosen: "linear" (service default), or "log" in the steps.
            optimizers: places of the settings; default: all, of more than twelve the best eight.
            settings: of a job with axes, running numbers of up to twelve settings, such as ``best`` answers them.
        """
        asked = {"column": column, "max_points": max_points, "scale": scale}
        asked |= {"optimizers": listed(optimizers), "settings": listed(settings)}
        return await self._get(JobCurves, f"/v1/jobs/{segment(job)}/curves", asked)

    async def previews(self, jobs: Iterable[AsyncJob | str]) -> JobPreviews:
        """Of each of up to 100 jobs its problem in a few words, the best value so far, and the course of the loss.

        Args:
            jobs: jobs or their ids; those that the team does not have are left out.
        """
        return await self._get(JobPreviews, "/v1/previews", {"job_id": [id_of(job) for job in jobs]})

    async def figure(
        self,
        job: AsyncJob | str,
        kind: str = "loss",
        *,
        format: Literal["svg", "png", "pdf"] = "svg",  # noqa: A002  # as the service calls it
        **options: str | float | list[float] | None,
    ) -> Figure:
        """A figure of a job as the service draws it; see ``client.figure``."""
        return await self._client.figure(job, kind, format=format, **options)

    async def comparison(self, job: AsyncJob | str, **options: Unpack[ComparisonOptions]) -> AsyncComparison:
        """The optimizers of a job compared; see ``client.compare``."""
        return await self._client.compare(job, **options)
