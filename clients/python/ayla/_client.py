"""The client: one service, one connection pool."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Literal, Self, TypeAlias, TypeVar, overload

import httpx2

from ayla._address import DEFAULT_BASE_URL, parse_base_url, without_credentials
from ayla._clock import Clock
from ayla._jobs import Jobs
from ayla._json import JSONObject, Settings, to_json, without_none
from ayla._responses import parse
from ayla._transport import UNSET, Timeout, Transport, Unset, header_value, id_of, segment
from ayla._trials import Trials
from ayla._version import __version__
from ayla._workers import Workers
from ayla.comparison import Comparison
from ayla.comparison_tables import TableSource, WithTables
from ayla.jobs_comparison import JobsComparison
from ayla.models import Catalogue, Job

JobList: TypeAlias = Sequence[Job] | list[str] | list[Job | str] | tuple[Job | str, ...]
"""Several jobs or ids; a single text is the id of one job."""

C = TypeVar("C", bound=WithTables)

DEFAULT_TIMEOUT = httpx2.Timeout(60.0, connect=5.0)


class Client:
    """Talks to one service. Use it as a context manager, or ``close()`` it.

    Args:
        base_url: address of the service, with or without /v1; default: environment variable AYLA_BASE_URL, else
            http://127.0.0.1:8642.
        api_key: sent as a bearer token; default: environment variable AYLA_API_KEY, else none.
        timeout: seconds for each part of a request, or an ``httpx2.Timeout``; default: connect 5, everything else 60.
        max_retries: how often an idempotent request with a transient error is sent again.
        transport: replaces the network, for example ``httpx2.MockTransport``.
        clock: replaces the system's clock, for tests.

    Attributes:
        jobs: submit, list, wait for, pause and cancel jobs.
        trials: read trials, their trajectories and metrics.
        workers: see which workers there are and what they run.

    Raises:
        AylaError: ``base_url`` is not an address.
        InvalidRequest: a header cannot carry ``api_key``.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: Timeout = DEFAULT_TIMEOUT,
        max_retries: int = 2,
        transport: httpx2.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        http = httpx2.Client(
            base_url=parse_base_url(base_url or default_base_url()),
            headers=_headers(api_key or os.environ.get("AYLA_API_KEY")),
            transport=transport,
        )
        self._connect(Transport(http, timeout=timeout, max_retries=max_retries, clock=clock or Clock()))

    def _connect(self, transport: Transport) -> None:
        self._transport = transport
        self.trials = Trials(transport)
        self.jobs = Jobs(transport)
        self.workers = Workers(transport)

    @property
    def base_url(self) -> str:
        """Address of the service, without a user's name and password."""
        return without_credentials(self._transport.http.base_url).rstrip("/")

    def with_options(self, *, timeout: Timeout | Unset = UNSET, max_retries: int | Unset = UNSET) -> Client:
        """A client with other options that shares this one's connections; closing either closes both."""
        other = object.__new__(type(self))
        other._connect(self._transport.with_options(timeout=timeout, max_retries=max_retries))
        return other

    def catalogue(self) -> Catalogue:
        """The parts that a job can have, the limits of the service, and the JSON schema of a job spec."""
        return parse(Catalogue, self._transport.get("/v1/catalogue"))

    @overload
    def compare(
        self,
        job: Job | str,
        *,
        metric: str | None = ...,
        target: float | None = ...,
        confidence: float | None = ...,
        baseline: str | None = ...,
        target_metric: str | None = ...,
        minimum: float | None = ...,
        targets: Sequence[float] | None = ...,
        cost: str | None = ...,
        protocol: None = ...,
    ) -> Comparison: ...

    @overload
    def compare(
        self,
        job: Job | str,
        *,
        metric: str | None = ...,
        target: float | None = ...,
        confidence: float | None = ...,
        baseline: str | None = ...,
        target_metric: str | None = ...,
        minimum: float | None = ...,
        targets: Sequence[float] | None = ...,
        cost: str | None = ...,
        protocol: Settings,
    ) -> JobsComparison: ...

    @overload
    def compare(
        self,
        job: JobList,
        *,
        metric: str | None = ...,
        target: float | None = ...,
        confidence: float | None = ...,
        baseline: str | None = ...,
        target_metric: str | None = ...,
        minimum: float | None = ...,
        targets: Sequence[float] | None = ...,
        cost: str | None = ...,
        protocol: Settings | None = ...,
    ) -> JobsComparison: ...

    def compare(
        self,
        job: Job | str | JobList,
        *,
        metric: str | None = None,
        target: float | None = None,
        confidence: float | None = None,
        baseline: str | None = None,
        target_metric: str | None = None,
        minimum: float | None = None,
        targets: Sequence[float] | None = None,
        cost: str | None = None,
        protocol: Settings | None = None,
    ) -> Comparison | JobsComparison:
        """The comparison of a job's optimizers, or of those of several jobs, as the service computes it.

        Trials without a result are left out and counted; one that diverged counts as the worst result. With a protocol
        the best setting of each arm is selected on some seeds, and the selected settings are compared on others.

        Args:
            job: the job or its id; or several of them, whose optimizers are matched by label.
            metric: what settings are tested by: "test_loss", "test_accuracy", "full_train_loss",
                "full_train_accuracy", "final_loss", "best_loss", "area_under_curve", "gap", "steps_to_target" or
                "epochs_to_target"; more is better in accuracies, less in all others. Default: the loss on the test
                part where there is one, that on the whole training part of other datasets, the final loss of
                expressions.
            target: the value to reach, for "steps_to_target" and "epochs_to_target".
            confidence: of intervals and verdicts, 0.5 to 0.999; service default 0.95.
            baseline: label of an optimizer, with a protocol name of an arm, that all others are tested against;
                default: AYLA against the same without it.
            target_metric: what the target is a value of: a metric of a whole part, "final_loss" (the loss of each
                step) or "gap"; default: ``metric`` if it is one of them, else the default metric.
            minimum: the least possible loss, for "gap"; default: what the service knows of the expression.
            targets: values of the target metric to reach in the ECDF of ``profile``, at most 100; default: 50 from the
                first value to the best.
            cost: what profiles are measured in: "steps", "gradient_evaluations", or "seconds" where every trial ran
                alone; service default "steps".
            protocol: from ``ayla.protocol``; a ``JobsComparison`` is returned then, as for several jobs.

        Raises:
            NotFoundError: there is no such job.
            InvalidRequest: an argument cannot be sent.
            UnprocessableEntityError: an argument does not fit the job; ``errors`` says why.
        """
        asked: JSONObject = {
            "metric": metric,
            "target": target,
            "confidence": confidence,
            "baseline": baseline,
            "target_metric": target_metric,
            "minimum": minimum,
            "targets": None if targets is None else list(targets),
            "cost": cost,
        }
        several = isinstance(job, Sequence) and not isinstance(job, str)
        if protocol is None and not several:
            path = f"/v1/jobs/{segment(job)}/comparison"
            return self._compared(Comparison, lambda accept: self._transport.get(path, asked, accept=accept))
        job_ids = [id_of(one) for one in (job if several else [job])]
        body = to_json(without_none(**asked, job_ids=job_ids, protocol=protocol))
        return self._compared(
            JobsComparison,
            lambda accept: self._transport.post("/v1/comparisons", body, idempotent=True, accept=accept),
        )

    def _compared(self, model: type[C], fetch: Callable[[str], httpx2.Response]) -> C:
        """The answer, which can fetch itself as tables."""
        found = parse(model, fetch("application/json"))
        found._source = TableSource(fetch)
        return found

    def figure(
        self,
        job: Job | str | JobList,
        kind: str,
        *,
        format: Literal["svg", "png", "pdf"] = "svg",  # noqa: A002  # as the service calls it
        **options: str | float | Sequence[float] | None,
    ) -> bytes:
        """A figure as the service draws it, to be written into a file.

        Args:
            job: the job or its id; or several of them in one figure.
            kind: what it shows, such as "loss", "heatmap", "forest", "strip" or "tuning".
            format: of the file.
            **options: parameters of the service's figures, such as ``style="paper"``, ``width=3.3``,
                ``metric="test_loss"`` or ``optimizers="0,2"``; see docs/server-figures.md.

        Raises:
            NotFoundError: there is no such job.
            ConflictError: the job has no figure of this kind.
            InvalidRequest: an argument cannot be sent.
            UnprocessableEntityError: an option does not fit; ``errors`` says why.
        """
        asked = without_none(**options) | {"format": format}
        if isinstance(job, Sequence) and not isinstance(job, str):
            path, asked = f"/v1/figures/{segment(kind)}", asked | {"job_id": [id_of(one) for one in job]}
        else:
            path = f"/v1/jobs/{segment(job)}/figures/{segment(kind)}"
        return self._transport.get(path, asked, accept="*/*").content

    def close(self) -> None:
        """Close the connections."""
        self._transport.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.base_url}>"


def default_base_url() -> str:
    """The address used where none is given."""
    return os.environ.get("AYLA_BASE_URL") or DEFAULT_BASE_URL


def _headers(api_key: str | None) -> dict[str, str]:
    agent = {"User-Agent": f"ayla-client/{__version__}"}
    return agent | ({"Authorization": f"Bearer {header_value(api_key, 'api_key')}"} if api_key else {})
