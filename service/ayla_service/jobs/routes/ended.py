"""What a client is told that has waited for the end of the jobs it has submitted."""

from collections.abc import Sequence
from dataclasses import replace

import orjson
from starlette.responses import Response

from ayla_service.errors import JobNotFound
from ayla_service.http.idempotency import response_of
from ayla_service.idempotency import StoredAnswer
from ayla_service.jobs.routes.waiting import Patience
from ayla_service.jobs.service import JobService
from ayla_service.jobs.submission import Receipt, Render
from ayla_service.teams.principal import Principal, Scope


def told_when_ended(
    waiting: Patience, receipt: Receipt, caller: Principal, jobs: JobService, render: Render
) -> Response:
    """The answer to a submission: what was stored, or for a client that waits long enough, what came of it.

    Args:
        waiting: how long the client waits.
        receipt: of the submission; a repeated one waits for the jobs that the first has made.
        caller: who has submitted.
        jobs: reads them.
        render: how these jobs are told.
    """
    late = response_of(receipt.answer, replayed=receipt.replayed)
    if not waiting.seconds or Scope.READ not in caller.scopes:  # how a job has ended is for those who may look
        return late
    ids = _ids(receipt.answer)

    def tell(ended: bool) -> Response:  # noqa: FBT001  # as it is called
        if not ended:
            return late
        try:
            answer = render([jobs.get(caller, job_id) for job_id in ids])
        except JobNotFound:
            return late  # somebody has deleted it since; submitted it was all the same
        headers = {**answer.headers, **_related(ids)}
        return response_of(replace(answer, status=201, headers=headers), replayed=receipt.replayed)

    return waiting.until_ended(caller, ids, late, tell)


def _ids(answer: StoredAnswer) -> list[str]:
    """The jobs of a submission, from what was answered to it."""
    document = orjson.loads(answer.body)
    return [job["id"] for job in document.get("data", [document])]


def _related(ids: Sequence[str]) -> dict[str, str]:
    """Where the results of a single job are."""
    if len(ids) > 1:
        return {}
    paths = (f"/v1/jobs/{ids[0]}/trials", f"/v1/jobs/{ids[0]}/comparison")
    return {"Link": ", ".join(f'<{path}>; rel="related"' for path in paths)}
