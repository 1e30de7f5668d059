"""Jobs that are submitted: one, several at once, one checked only, one made from another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Never, TypeAlias, Unpack

from ayla._async.base import AsyncResource
from ayla._async.objects import AsyncJob
from ayla._job_spec import JobFields, changed_fields, spec_body
from ayla._json import Settings, to_json
from ayla._responses import parse
from ayla._transport import new_key, segment
from ayla.models.base import ResponseModel
from ayla.models.contract import Validation

AsyncSubmitted: TypeAlias = list[AsyncJob]


class AsyncBulkAnswer(ResponseModel):
    """The jobs of a bulk submission, as they came."""

    data: tuple[AsyncJob, ...]


class AsyncJobSubmission(AsyncResource):
    """How jobs come into the queue."""

    async def submit(
        self,
        spec: Settings | None = None,
        /,
        *,
        problem: Settings | None = None,
        optimizers: Settings | Iterable[Settings] | None = None,
        budget: int | Settings | None = None,
        seeds: int | Iterable[int] | None = None,
        search: Settings | None = None,
        name: str | None = None,
        tags: str | Iterable[str] | None = None,
        record: Settings | None = None,
        device: str | None = None,
        dtype: str | None = None,
        priority: str | None = None,
        limits: Settings | None = None,
        project: str | None = None,
        notes: str | None = None,
        idempotency_key: str | None = None,
        **others: Never,
    ) -> AsyncJob:
        """Put a job into the queue: a whole spec as a mapping, or its fields as keywords.

        Args:
            spec: the whole job spec; then no field may be given as a keyword.
            problem: what to minimize: ``expression(...)``, ``dataset(...)``, ``preset(...)`` or one of
                ``functions``, such as ``functions.rosenbrock()``.
            optimizers: ``sgd(...)``, ``adam(...)`` and others; optional for a preset, as are budget and seeds.
            budget: updates per trial, as a number or as ``{"steps": ...}``; for datasets also ``{"epochs": ...}``.
            seeds: one trial per setting and seed: a list, or how many: 5 is [0, 1, 2, 3, 4]. Service default [0].
            search: how settings are chosen where numbers are axes (``linear``, ``log``, ``values``): ``grid()``
                (service default), ``random(64)`` or ``sobol(64)``.
            name: for people.
            tags: for filtering lists of jobs.
            record: what is recorded of each trial: ``{"every": ..., "metrics_every": ...}``, for curves
                ``"predictions_at"``, and ``"trajectories"``: "all" (service default), "none" (with axes) or "best".
            device: "auto" (service default), "cpu" or "cuda".
            dtype: "float64" (service default, but for images) or "float32" (service default for images).
            priority: "low", "normal" (service default), "high" or "urgent": the job's place in the queue.
            limits: what the job may use: ``{"seconds": ..., "memory_mb": ...}``, each optional; default: no limit but
                the service's.
            project: what the job belongs to; for filtering lists of jobs.
            notes: anything worth remembering about the job.
            idempotency_key: submitting again with the same key and spec gives the same job. Default: a new key for
                this call, which makes its retries safe.
            **others: none; a word of another library is answered with the one to write.

        Raises:
            UnprocessableEntityError: the spec is wrong; ``errors`` says where.
            InvalidRequest: the spec holds what JSON cannot say, such as NaN; ``pointer`` says where.
            TypeError: both a spec and fields are given, or no problem, or the budget is no whole number.
        """
        fields: dict[str, object] = {"name": name, "tags": tags, "problem": problem, "optimizers": optimizers}
        fields |= {"budget": budget, "seeds": seeds, "search": search, "record": record, "device": device}
        fields |= {"dtype": dtype, "priority": priority, "limits": limits, "project": project, "notes": notes}
        return await self._post(AsyncJob, "/v1/jobs", spec_body(spec, fields | others), key=idempotency_key)

    async def submit_many(self, specs: Iterable[Settings], *, idempotency_key: str | None = None) -> AsyncSubmitted:
        """Put several jobs into the queue at once: all of them, or none.

        Args:
            specs: job specs, whole ones or as ``ayla.spec(...)`` makes them; at most 200.
            idempotency_key: as of ``submit``, for all of them.

        Returns:
            The jobs, in the order of the specs.

        Raises:
            UnprocessableEntityError: a spec is wrong; ``errors`` says which and where.
        """
        body = {"jobs": to_json(list(specs))}
        response = await self._transport.post("/v1/jobs:bulk", body, idempotency_key=idempotency_key or new_key())
        found = parse(AsyncBulkAnswer, response).data
        for job in found:
            job._attach(self._client)
        return [*found]

    async def validate(self, spec: Settings | None = None, /, **fields: Unpack[JobFields]) -> Validation:
        """Check a job without submitting it, and see what it would be: trials, shards, steps, settings of each arm.

        Args:
            spec: the whole job spec, as of ``submit``.
            **fields: else its fields, as of ``submit``.

        Raises:
            UnprocessableEntityError: the spec is wrong; ``errors`` says where.
        """
        return self._read(
            Validation, await self._transport.post("/v1/jobs:validate", spec_body(spec, fields), idempotent=True)
        )

    async def clone(
        self,
        job: AsyncJob | str,
        changes: Settings | None = None,
        /,
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> AsyncJob:
        """Submit the spec of a job again, with changes.

        Args:
            job: the job or its id.
            changes: by JSON Merge Patch (RFC 7396): a field replaces that of the spec, an object is merged field by
                field, and None takes a field away.
            idempotency_key: as of ``submit``.
            **fields: the same as keywords: ``clone(job, budget=2000, name="longer")``. As of ``submit`` a number is
                taken as budget and as seeds.

        Raises:
            NotFoundError: there is no such job.
            UnprocessableEntityError: the changed spec is wrong; ``errors`` says where.
        """
        body = to_json({**(changes or {}), **changed_fields(fields)})
        return await self._post(AsyncJob, f"/v1/jobs/{segment(job)}/clone", body, key=idempotency_key)

    async def retry(self, job: AsyncJob | str, *, idempotency_key: str | None = None) -> AsyncJob:
        """Queue again what of a failed or cancelled job has no result; what has one keeps it.

        Raises:
            ConflictError: the job has not ended, or it succeeded.
        """
        return await self._post(AsyncJob, f"/v1/jobs/{segment(job)}/retry", key=idempotency_key)
