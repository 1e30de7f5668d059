"""The client: one service, one connection pool."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Literal, Self, Unpack, overload

import httpx2

from ayla._address import parse_base_url, without_credentials
from ayla._async.comparisons import AsyncComparisons
from ayla._async.datasets import AsyncDatasets
from ayla._async.events import AsyncEvents, AsyncEventStream
from ayla._async.figures import AsyncFigures
from ayla._async.jobs import AsyncJobs
from ayla._async.keys import AsyncKeys
from ayla._async.objects import AsyncJob, AsyncJobList
from ayla._async.raw import AsyncRawClient
from ayla._async.service import AsyncCatalogueResource, AsyncHealthChecks
from ayla._async.sweeps import AsyncSweeps
from ayla._async.team import AsyncCaller, AsyncMembers, AsyncTeamQueue, AsyncTeamResource, AsyncWorkers
from ayla._async.transport import AsyncTransport
from ayla._async.trials import AsyncTrials
from ayla._async.webhooks import AsyncWebhooks
from ayla._clock import AsyncClock
from ayla._figure import Figure
from ayla._json import Settings
from ayla._options import ComparisonOptions
from ayla._profiles import connection_headers, find_connection
from ayla._transport import UNSET, Timeout, Unset, id_of
from ayla.comparison import AsyncComparison
from ayla.jobs_comparison import AsyncJobsComparison

DEFAULT_TIMEOUT = httpx2.Timeout(60.0, connect=5.0)


class AsyncClient:
    """Talks to one service. Use it as a context manager, or ``aclose()`` it.

    Where it talks to is found in this order: arguments, environment variables, the profile, the default. A profile is
    part of the file ``~/.config/ayla/config.toml`` (or the one that AYLA_CONFIG names), with ``base_url``,
    ``api_key``, ``timeout`` and ``max_retries``; AYLA_PROFILE or ``profile`` names it, else it is the one called
    "default".

    Args:
        base_url: address of the service, with or without /v1; default: environment variable AYLA_BASE_URL, else the
            profile's, else http://127.0.0.1:8642.
        api_key: sent as a bearer token; default: environment variable AYLA_API_KEY, else the profile's where the
            address is the profile's too, else none.
        profile: name of a profile, whose settings go before those of the environment.
        timeout: seconds for each part of a request, or an ``httpx2.Timeout``; default: the profile's, else connect 5,
            everything else 60.
        max_retries: how often an idempotent request with a transient error is sent again; default: the profile's,
            else 2.
        transport: replaces the network, for example ``httpx2.MockTransport``.
        clock: replaces the system's clock, for tests.

    Attributes:
        jobs: submit, list, wait for, change, pause and cancel jobs; their tables, figures and comparisons.
        trials: read trials, their trajectories and metrics.
        comparisons: compare optimizers of one job or of several.
        sweeps: best settings, sensitivity and heat maps of one job or of several.
        figures: figures of one job or of several.
        datasets: upload tables of numbers.
        queue: see, pause and drain the team's queue.
        workers: see which workers there are and what they run.
        webhooks: have messages sent when jobs end.
        team: the team, its limits.
        members: the members of the team.
        keys: API keys.
        me: whom requests come from.
        catalogue: what the service offers.
        health: whether it works.

    Raises:
        AylaError: ``base_url`` is not an address, or there is no such profile.
        InvalidRequest: a header cannot carry ``api_key``.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        profile: str | None = None,
        timeout: Timeout | Unset = UNSET,
        max_retries: int | Unset = UNSET,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: AsyncClock | None = None,
    ) -> None:
        found = find_connection(base_url=base_url, api_key=api_key, profile=profile)
        http = httpx2.AsyncClient(
            base_url=parse_base_url(found.base_url), headers=connection_headers(found.api_key), transport=transport
        )
        usual = AsyncTransport(
            http,
            timeout=DEFAULT_TIMEOUT if found.timeout is None else found.timeout,
            max_retries=2 if found.max_retries is None else found.max_retries,
            clock=clock or AsyncClock(),
        )
        self._connect(usual.with_options(timeout=timeout, max_retries=max_retries))

    def _connect(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self.jobs = AsyncJobs(self)
        self.trials = AsyncTrials(self)
        self.comparisons = AsyncComparisons(self)
        self.sweeps = AsyncSweeps(self)
        self.figures = AsyncFigures(self)
        self.datasets = AsyncDatasets(self)
        self.queue = AsyncTeamQueue(self)
        self.workers = AsyncWorkers(self)
        self.webhooks = AsyncWebhooks(self)
        self.team = AsyncTeamResource(self)
        self.members = AsyncMembers(self)
        self.keys = AsyncKeys(self)
        self.me = AsyncCaller(self)
        self.catalogue = AsyncCatalogueResource(self)
        self.health = AsyncHealthChecks(self)

    @property
    def base_url(self) -> str:
        """Address of the service, without a user's name and password."""
        return without_credentials(self._transport.http.base_url).rstrip("/")

    def with_options(self, *, timeout: Timeout | Unset = UNSET, max_retries: int | Unset = UNSET) -> AsyncClient:
        """A client with other options that shares this one's connections; closing either closes both."""
        other = object.__new__(type(self))
        other._connect(self._transport.with_options(timeout=timeout, max_retries=max_retries))
        return other

    @property
    def with_raw_response(self) -> AsyncRawClient:
        """The same calls, each giving a ``RawResponse``: ``.status``, ``.headers``, and ``.parse()`` for its result.

        Streams of events, ``jobs.wait``, ``jobs.sensitivity``, ``jobs.heatmap`` and ``datasets.download`` have no one
        response, and are not there.
        """
        return AsyncRawClient(self)

    def events(
        self,
        *,
        jobs: Iterable[AsyncJob | str] | None = None,
        project: str | None = None,
        tag: str | None = None,
        owner: str | None = None,
        last_event_id: str | None = None,
    ) -> AsyncEvents:
        """What happens to the jobs of the team, as it happens; see ``Event``.

        Use it in a ``with`` block: a stream about the team does not end, and keeps a connection. One about some jobs
        ends when all of them have ended. After a lost connection it goes on by itself.

        Args:
            jobs: only these, up to 100.
            project: only jobs of this project.
            tag: only jobs with this tag.
            owner: only jobs of the member with this name.
            last_event_id: the ``id`` of the last event of an earlier stream, to go on from there.
        """
        asked = {
            "job_id": None if jobs is None else [id_of(job) for job in jobs],
            "project": project,
            "tag": tag,
            "owner": owner,
        }
        return AsyncEvents(AsyncEventStream(self, "/v1/events", asked, last_event_id, of_one_job=False).read())

    @overload
    async def compare(
        self, job: AsyncJob | str, *, protocol: None = ..., **options: Unpack[ComparisonOptions]
    ) -> AsyncComparison: ...

    @overload
    async def compare(
        self, job: AsyncJob | str, *, protocol: Settings, **options: Unpack[ComparisonOptions]
    ) -> AsyncJobsComparison: ...

    @overload
    async def compare(
        self, job: AsyncJobList, *, protocol: Settings | None = ..., **options: Unpack[ComparisonOptions]
    ) -> AsyncJobsComparison: ...

    async def compare(
        self,
        job: AsyncJob | str | AsyncJobList,
        *,
        protocol: Settings | None = None,
        **options: Unpack[ComparisonOptions],
    ) -> AsyncComparison | AsyncJobsComparison:
        """The optimizers of a job, or of several jobs, compared; arguments as of ``comparisons.compare``."""
        compared: AsyncComparison | AsyncJobsComparison = await self.comparisons.compare(
            job,
            protocol=protocol,
            **options,
        )
        return compared

    async def figure(
        self,
        job: AsyncJob | str | AsyncJobList,
        kind: str,
        *,
        format: Literal["svg", "png", "pdf"] = "svg",  # noqa: A002  # as the service calls it
        **options: str | float | Sequence[float] | None,
    ) -> Figure:
        """A figure as the service draws it, to be written into a file; arguments as of ``figures.figure``."""
        return await self.figures.figure(kind, job, format=format, **options)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<AsyncClient of {self.base_url}>"
