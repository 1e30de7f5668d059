"""Figures, as the service draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ayla._async.base import AsyncResource
from ayla._async.objects import AsyncJob, AsyncJobList
from ayla._figure import Figure
from ayla._json import without_none
from ayla._transport import id_of, segment


class AsyncFigures(AsyncResource):
    """Figures of one job or of several."""

    async def figure(
        self,
        kind: str,
        jobs: AsyncJob | str | AsyncJobList,
        *,
        format: Literal["svg", "png", "pdf"] = "svg",  # noqa: A002  # as the service calls it
        **options: str | float | Sequence[float] | None,
    ) -> Figure:
        """A figure as the service draws it: bytes to be written into a file, and a picture in a notebook.

        Args:
            kind: what it shows, such as "loss", "heatmap", "forest", "strip" or "tuning".
            jobs: the job or its id; or several of them in one figure.
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
        if isinstance(jobs, Sequence) and not isinstance(jobs, str):
            path, asked = f"/v1/figures/{segment(kind)}", asked | {"job_id": [id_of(one) for one in jobs]}
        else:
            path = f"/v1/jobs/{segment(jobs)}/figures/{segment(kind)}"
        return Figure((await self._transport.get(path, asked, accept="*/*")).content)
