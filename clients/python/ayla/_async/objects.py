"""Jobs and trials that act: what can be done with one can be done by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack

from pydantic import PrivateAttr

from ayla._figure import Figure
from ayla._json import Settings
from ayla._options import ComparisonOptions, SweepOptions, Thinning, TrialChoice
from ayla._transport import UNSET, Unset
from ayla.models.base import Link
from ayla.models.jobs import AttemptCounts, JobData, TrialCounts
from ayla.models.trials import TrialData
from ayla.models.workers import Attempt

if TYPE_CHECKING:
    from ayla._async.client import AsyncClient
    from ayla._async.events import AsyncEvents
    from ayla.comparison import AsyncComparison
    from ayla.models.contract import FigureList, QueuePosition
    from ayla.models.events import Event
    from ayla.sweep_pictures import AsyncHeatMap, AsyncSensitivity
    from ayla.sweeps import BestSettings
    from ayla.tables import Metrics, Predictions, Table, Trajectory


class AsyncJobTrials(TrialCounts):
    """Number of trials of a job in each state; called, the trials themselves."""

    _of: tuple[Link, str] = PrivateAttr(default=(Link(), ""))

    async def __call__(
        self, *, sort: str | None = None, limit: int | None = None, **choice: Unpack[TrialChoice]
    ) -> list[AsyncTrial]:
        """The trials of the job; arguments are those of ``client.jobs.trials``."""
        client: AsyncClient = self._of[0].require("job")
        return await client.jobs.trials(self._of[1], sort=sort, limit=limit, **choice)


class AsyncJobAttempts(AttemptCounts):
    """Number of attempts at the shards of a job; called, the attempts themselves."""

    _of: tuple[Link, str] = PrivateAttr(default=(Link(), ""))

    async def __call__(self) -> list[Attempt]:
        """The attempts, oldest first."""
        client: AsyncClient = self._of[0].require("job")
        return await client.jobs.attempts(self._of[1])


class AsyncJob(JobData):
    """A submitted job. It is as it was when it was fetched: ``refresh`` and all that changes it give a new one.

    ``job.trials`` is the number of its trials in each state, and ``job.trials()`` has the trials themselves; likewise
    ``job.attempts``. The attributes are those of ``JobData``.
    """

    trials: AsyncJobTrials
    attempts: AsyncJobAttempts = AsyncJobAttempts()

    def _attach(self, client: object) -> None:
        super()._attach(client)
        self.trials._of = (self._link, self.id)
        if "attempts" in self.model_fields_set:  # the default is shared by all jobs
            self.attempts._of = (self._link, self.id)

    @property
    def _client(self) -> AsyncClient:
        client: AsyncClient = self._linked_client()
        return client

    async def refresh(self) -> AsyncJob:
        """The job as it is now."""
        return await self._client.jobs.get(self)

    async def wait(
        self,
        *,
        timeout: float | None = None,
        poll: float | None = None,
        on_progress: Callable[[AsyncJob], None] | None = None,
        show_progress: bool | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> AsyncJob:
        """Wait until it has finished, and return it as it is then; see ``client.jobs.wait``.

        Raises:
            JobFailed: it ended as failed.
            JobCancelled: it ended as cancelled.
            WaitTimeout: ``timeout`` seconds are over; it goes on.
        """
        return await self._client.jobs.wait(
            self,
            timeout=timeout,
            poll=poll,
            on_progress=on_progress,
            show_progress=show_progress,
            on_event=on_event,
        )

    def events(self, *, last_event_id: str | None = None) -> AsyncEvents:
        """What happens to it, as it happens; see ``client.jobs.events``."""
        return self._client.jobs.events(self, last_event_id=last_event_id)

    async def cancel(self) -> AsyncJob:
        """Ask for it to be cancelled; see ``client.jobs.cancel``."""
        return await self._client.jobs.cancel(self)

    async def pause(self) -> AsyncJob:
        """Take it out of the queue; see ``client.jobs.pause``."""
        return await self._client.jobs.pause(self)

    async def resume(self) -> AsyncJob:
        """Put it back into the queue; see ``client.jobs.resume``."""
        return await self._client.jobs.resume(self)

    async def retry(self) -> AsyncJob:
        """Queue again what has no result; see ``client.jobs.retry``."""
        return await self._client.jobs.retry(self)

    async def clone(self, changes: Settings | None = None, /, **fields: Any) -> AsyncJob:
        """Submit its spec again, with changes; see ``client.jobs.clone``."""
        return await self._client.jobs.clone(self, changes, **fields)

    async def change(
        self,
        *,
        name: str | Unset | None = UNSET,
        tags: Iterable[str] | Unset = UNSET,
        project: str | Unset | None = UNSET,
        notes: str | Unset | None = UNSET,
        priority: str | Unset = UNSET,
        archived: bool | Unset = UNSET,
    ) -> AsyncJob:
        """Change what is given; see ``client.jobs.change``."""
        jobs = self._client.jobs
        return await jobs.change(
            self, name=name, tags=tags, project=project, notes=notes, priority=priority, archived=archived
        )

    async def move(self, *, before: AsyncJob | str | None = None) -> AsyncJob:
        """Move it to the front of the queue, or before another job; see ``client.jobs.move``."""
        return await self._client.jobs.move(self, before=before)

    async def delete(self) -> None:
        """Delete it with its trials; it has to have ended."""
        await self._client.jobs.delete(self)

    async def queue_position(self) -> QueuePosition:
        """Its position in the queue, and when it may start and finish."""
        return await self._client.jobs.queue_position(self)

    async def table(self, *, sort: str | None = None, **choice: Unpack[TrialChoice]) -> Table:
        """A row for each trial, with its settings and results; see ``client.jobs.summary``."""
        return await self._client.jobs.summary(self, sort=sort, **choice)

    async def trajectories(
        self, *, every: int | None = None, choice: TrialChoice | None = None, **thinning: Unpack[Thinning]
    ) -> Table:
        """The recorded steps of its trials as one table; see ``client.jobs.trajectories``."""
        return await self._client.jobs.trajectories(self, every=every, choice=choice, **thinning)

    async def metrics(self, *, choice: TrialChoice | None = None, **thinning: Unpack[Thinning]) -> Table:
        """The metrics of its trials as one table; see ``client.jobs.metrics``."""
        return await self._client.jobs.metrics(self, choice=choice, **thinning)

    async def figures(self) -> FigureList:
        """The kinds of figures it has, and why it lacks the others."""
        return await self._client.jobs.figures(self)

    async def figure(
        self,
        kind: str = "loss",
        *,
        format: Literal["svg", "png", "pdf"] = "svg",  # noqa: A002  # as the service calls it
        **options: str | float | Sequence[float] | None,
    ) -> Figure:
        """A figure as the service draws it; see ``client.figure``."""
        return await self._client.figure(self, kind, format=format, **options)

    async def comparison(self, **options: Unpack[ComparisonOptions]) -> AsyncComparison:
        """Its optimizers compared; see ``client.compare``."""
        return await self._client.compare(self, **options)

    async def best(self, *, per_arm: bool = True, **options: Unpack[SweepOptions]) -> BestSettings:
        """The best setting of each arm; see ``client.jobs.best``."""
        return await self._client.jobs.best(self, per_arm=per_arm, **options)

    def sensitivity(self, axis: str | None = None, **options: Any) -> AsyncSensitivity:
        """What each arm reaches along one axis; see ``client.jobs.sensitivity``."""
        return self._client.jobs.sensitivity(self, axis, **options)

    def heatmap(self, x: str | None = None, y: str | None = None, **options: Any) -> AsyncHeatMap:
        """The heat map over two axes; see ``client.jobs.heatmap``."""
        return self._client.jobs.heatmap(self, x, y, **options)


class AsyncTrial(TrialData):
    """A trial: one optimizer setting with one seed, as it was when it was fetched.

    The attributes are those of ``TrialData``.
    """

    @property
    def _client(self) -> AsyncClient:
        client: AsyncClient = self._linked_client()
        return client

    async def refresh(self) -> AsyncTrial:
        """The trial as it is now."""
        return await self._client.trials.get(self)

    async def trajectory(self, *, every: int | None = None, **thinning: Unpack[Thinning]) -> Trajectory:
        """Its recorded steps; see ``client.trials.trajectory``."""
        return await self._client.trials.trajectory(self, every=every, **thinning)

    async def metrics(self, **thinning: Unpack[Thinning]) -> Metrics:
        """Loss and accuracy epoch by epoch; see ``client.trials.metrics``."""
        return await self._client.trials.metrics(self, **thinning)

    async def predictions(self) -> Predictions:
        """What its model predicts; see ``client.trials.predictions``."""
        return await self._client.trials.predictions(self)

    async def recompute(self, *, all_seeds: bool = False) -> AsyncJob:
        """Have it computed again, where its job kept no trajectory; see ``client.trials.recompute``."""
        return await self._client.trials.recompute(self, all_seeds=all_seeds)


AsyncJobList: TypeAlias = Sequence[AsyncJob] | list[str] | list[AsyncJob | str] | tuple[AsyncJob | str, ...]
"""Several jobs or ids; a single text is the id of one job."""
