"""Questions about sweeps, of one job or of several: best settings, sensitivity, heat map, the table of all trials."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ayla._json import without_none
from ayla._responses import json_of, parse
from ayla._transport import Params, Transport, id_of, segment
from ayla.errors import MissingDependency
from ayla.models import Job
from ayla.sweep_pictures import Drawing, HeatMap, Sensitivity
from ayla.sweeps import BestSettings, HeatMapNumbers, SensitivityNumbers

if TYPE_CHECKING:
    import pandas

Sweep: TypeAlias = Job | str | Sequence[Job] | list[str] | list[Job | str] | tuple[Job | str, ...]
"""A job or its id, or several of the same problem: then arms of one name are one, and axes are united."""

_ARROW = "application/vnd.apache.arrow.stream"
_PICTURES = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}


class SweepQuestions:
    """Questions about sweeps that the service answers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def best(
        self,
        job: Sweep,
        *,
        metric: str | None = None,
        over_seeds: str | None = None,
        minimum: float | None = None,
        per_arm: bool = True,
    ) -> BestSettings:
        """The best setting of each arm, or of all arms, and what it was selected among.

        Of many settings on the same seeds part of the best value is luck: confirm it on fresh seeds.

        Args:
            job: one, or several of the same problem.
            metric: to judge by; default: ``test_loss`` where there is a test part, ``full_train_loss`` of other
                datasets, ``final_loss`` of expressions.
            over_seeds: "median" (default), "mean" or "worst".
            minimum: the least possible loss, for ``gap``.
            per_arm: whether each arm has its best.

        Raises:
            NotFoundError: there is no such job.
            UnprocessableEntityError: an option does not fit; ``errors`` says why.
            RateLimitError: the team has as many answers computed as it may have at once.
        """
        asked = {"metric": metric, "over_seeds": over_seeds, "minimum": minimum, "per_arm": _truth(per_arm)}
        return parse(BestSettings, self._transport.get(*_asked(job, "best", asked)))

    def sensitivity(
        self,
        job: Sweep,
        axis: str | None = None,
        *,
        metric: str | None = None,
        over_seeds: str | None = None,
        minimum: float | None = None,
        arms: Iterable[str] | None = None,
        bins: int | None = None,
    ) -> Sensitivity:
        """What each arm reaches along one axis: at each value the best and the median over the other axes.

        Nothing is asked before the numbers or the picture are wanted.

        Args:
            job: one, or several of the same problem.
            axis: such as "learning_rate" or "ayla.n1"; default: the one with the most values.
            metric: as of ``best``, likewise ``over_seeds`` and ``minimum``.
            over_seeds: likewise.
            minimum: likewise.
            arms: names of the arms; default: all.
            bins: to put values into; default: listed values stand for themselves, drawn ones go into bins.
        """
        asked: Params = {"metric": metric, "over_seeds": over_seeds, "minimum": minimum}
        place = _asked(job, "sensitivity", {**asked, "axis": axis, "bins": bins, "arm": _names(arms)})
        return Sensitivity(lambda: parse(SensitivityNumbers, self._transport.get(*place)), self._pictures(place))

    def heatmap(
        self,
        job: Sweep,
        x: str | None = None,
        y: str | None = None,
        *,
        reduce: str | None = None,
        metric: str | None = None,
        over_seeds: str | None = None,
        minimum: float | None = None,
        arms: Iterable[str] | None = None,
        bins: int | None = None,
    ) -> HeatMap:
        """The heat map over two axes, a panel for each arm.

        Nothing is asked before the numbers or the picture are wanted. A picture has up to 1,000 × 1,000 cells.

        Args:
            job: one, or several of the same problem.
            x: axis along the columns; default: as ``y`` one of those with the most values.
            y: axis along the rows.
            reduce: which of the settings in one cell counts: "best" (default) or "median".
            metric: as of ``best``, likewise ``over_seeds`` and ``minimum``.
            over_seeds: likewise.
            minimum: likewise.
            arms: names of the arms; default: all.
            bins: along each axis; default: listed values stand for themselves, drawn ones go into bins.
        """
        asked: Params = {"metric": metric, "over_seeds": over_seeds, "minimum": minimum}
        asked = {**asked, "x": x, "y": y, "reduce": reduce, "bins": bins, "arm": _names(arms)}
        place = _asked(job, "heatmap", asked)
        return HeatMap(lambda: parse(HeatMapNumbers, self._transport.get(*place)), self._pictures(place))

    def table(
        self,
        job: Job | str,
        *,
        where: str | Iterable[str] | None = None,
        arm: str | None = None,
        states: Iterable[str] | None = None,
        sort: str | None = None,
    ) -> pandas.DataFrame:
        """The trials of a job as one frame: a row each, with its settings and results.

        Args:
            job: the job or its id.
            where: conditions such as "learning_rate>0.01", all of which trials have to meet.
            arm: only trials of this arm.
            states: only trials in these states, such as ``["completed", "diverged"]``.
            sort: a column of numbers to sort by; with ``-`` before it the largest first.

        Raises:
            MissingDependency: pandas is not installed.
            UnprocessableEntityError: a condition does not fit; or there are more rows than come as JSON, which is used
                where pyarrow is not installed.
        """
        _require_pandas()
        asked = {
            "where": [where] if isinstance(where, str) else _names(where),
            "arm": arm,
            "states": None if states is None else ",".join(states),
            "sort": sort,
        }
        return _frame(self._transport, f"/v1/jobs/{segment(job)}/summary", asked)

    def _pictures(self, place: tuple[str, Params]) -> Any:
        path, asked = place

        def draw(form: str, drawing: Mapping[str, Drawing]) -> bytes:
            wanted = {**asked, **without_none(**drawing), "format": form}
            return self._transport.get(path, wanted, accept=_PICTURES.get(form, "*/*")).content

        return draw


def _asked(job: Sweep, what: str, options: Params) -> tuple[str, Params]:
    """Path and parameters of a question about one job or several."""
    if isinstance(job, Sequence) and not isinstance(job, str):
        return f"/v1/sweeps/{what}", {**options, "job_id": [id_of(one) for one in job]}
    return f"/v1/jobs/{segment(job)}/{what}", options


def _names(names: Iterable[str] | None) -> list[str] | None:
    return None if names is None else [names] if isinstance(names, str) else list(names)


def _truth(value: bool) -> str:  # noqa: FBT001  # it is what is written
    return "true" if value else "false"


def _require_pandas() -> None:
    try:
        import pandas  # noqa: F401
    except ImportError as error:
        raise MissingDependency("pandas", "table()", "pandas") from error


def _frame(transport: Transport, path: str, asked: Params) -> pandas.DataFrame:
    """A table of the service as a frame: by Arrow where that can be read, else by JSON."""
    import pandas

    try:
        import pyarrow.ipc
    except ImportError:
        return pandas.DataFrame(json_of(transport.get(path, asked))["columns"])
    content = transport.get(path, asked, accept=_ARROW).content
    found: pandas.DataFrame = pyarrow.ipc.open_stream(io.BytesIO(content)).read_all().to_pandas()
    return found
