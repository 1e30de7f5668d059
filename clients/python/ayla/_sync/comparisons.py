# Generated from ayla/_async/comparisons.py by `make client`; changes belong there.
"""Comparisons of optimizers, as the service computes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, Unpack, overload

import httpx2

from ayla._json import JSONObject, Settings, to_json, without_none
from ayla._options import ComparisonOptions, unknown_options
from ayla._responses import parse
from ayla._sync.base import Resource
from ayla._sync.objects import Job, JobList
from ayla._transport import id_of, segment
from ayla.comparison import Comparison
from ayla.comparison_tables import TableSource, WithTables
from ayla.errors import InvalidRequest
from ayla.jobs_comparison import JobsComparison

C = TypeVar("C", bound=WithTables)


class Comparisons(Resource):
    """Comparisons of the optimizers of a job, of several jobs, or of arms by a protocol."""

    @overload
    def compare(self, job: Job | str, *, protocol: None = ..., **options: Unpack[ComparisonOptions]) -> Comparison: ...

    @overload
    def compare(
        self, job: Job | str, *, protocol: Settings, **options: Unpack[ComparisonOptions]
    ) -> JobsComparison: ...

    @overload
    def compare(
        self, job: JobList, *, protocol: Settings | None = ..., **options: Unpack[ComparisonOptions]
    ) -> JobsComparison: ...

    def compare(
        self,
        job: Job | str | JobList,
        *,
        protocol: Settings | None = None,
        **options: Unpack[ComparisonOptions],
    ) -> Comparison | JobsComparison:
        """The comparison of a job's optimizers, or of those of several jobs, as the service computes it.

        Trials without a result are left out and counted; one that diverged counts as the worst result. With a protocol
        the best setting of each arm is selected on some seeds, and the selected settings are compared on others.

        Args:
            job: the job or its id; or several of them, whose optimizers are matched by label.
            protocol: from ``ayla.protocol``; a ``JobsComparison`` is returned then, as for several jobs.
            **options: each optional:
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
                targets: values of the target metric to reach in the ECDF of ``profile``, at most 100; default: 50 from
                the first value to the best.
                cost: what profiles are measured in: "steps", "gradient_evaluations", or "seconds" where every trial
                ran alone; service default "steps".
                values: whether pairs over seeds tell the values of both on each seed; service default False.

        Raises:
            NotFoundError: there is no such job.
            InvalidRequest: an argument cannot be sent.
            UnprocessableEntityError: an argument does not fit the job; ``errors`` says why.
        """
        asked = _asked(options)
        several = isinstance(job, Sequence) and not isinstance(job, str)
        if protocol is None and not several:
            question = ComparisonQuestion(self, f"/v1/jobs/{segment(job)}/comparison", asked, None)
            return question.answer(Comparison)
        job_ids = [id_of(one) for one in (job if several else [job])]
        body = to_json(without_none(**asked, job_ids=job_ids, protocol=protocol))
        question = ComparisonQuestion(self, "/v1/comparisons", asked, body)
        return question.answer(JobsComparison)


class ComparisonQuestion:
    """A question for a comparison, which can be asked again for its tables."""

    def __init__(self, comparisons: Comparisons, path: str, asked: JSONObject, body: object) -> None:
        self._client, self._transport = comparisons._client, comparisons._transport
        self._path, self._asked, self._body = path, asked, body

    def answer(self, model: type[C]) -> C:
        """The answer, which can fetch itself as tables."""
        found = parse(model, self.fetch("application/json"))
        found._source = TableSource(self.fetch)
        found._attach(self._client)
        return found

    def fetch(self, accept: str) -> httpx2.Response:
        """The answer in a media type."""
        if self._body is None:
            return self._transport.get(self._path, self._asked, accept=accept)
        return self._transport.post(self._path, self._body, idempotent=True, accept=accept)


def _asked(options: ComparisonOptions) -> JSONObject:
    unknown_options("compare", {**options}, ComparisonOptions)
    targets = options.get("targets")
    if targets is not None and not len(targets):  # a query without any would stand for the default
        raise InvalidRequest("/targets", "name at least one, or leave it out.")
    return {**options, "targets": None if targets is None else list(targets)}
