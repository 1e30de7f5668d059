# Generated from ayla/_async/sweeps.py by `make client`; changes belong there.
"""Questions about sweeps, of one job or of several: best settings, sensitivity, heat map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from ayla._json import without_none
from ayla._options import names
from ayla._responses import parse
from ayla._sync.base import PER_PAGE, Resource
from ayla._sync.objects import Job, JobList
from ayla._transport import Params, id_of, segment
from ayla.models.base import ResponseModel
from ayla.models.contract import RankedSetting
from ayla.sweep_pictures import Drawing, HeatMap, Sensitivity
from ayla.sweeps import BestSettings, HeatMapNumbers, SensitivityNumbers

Sweep: TypeAlias = Job | str | JobList
"""A job or its id, or several of the same problem: then arms of one name are one, and axes are united."""

if TYPE_CHECKING:
    from ayla._sync.client import Client

N = TypeVar("N", bound=ResponseModel)

_PICTURES = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}


class Sweeps(Resource):
    """Questions about sweeps that the service answers, of a job or of several."""

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
        return self._get(BestSettings, *_asked(job, "best", asked))

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
        place = _asked(job, "sensitivity", {**asked, "axis": axis, "bins": bins, "arm": names(arms)})
        answer = PicturedAnswer(self._client, SensitivityNumbers, place)
        return Sensitivity(answer.numbers, answer.picture)

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
        asked = {**asked, "x": x, "y": y, "reduce": reduce, "bins": bins, "arm": names(arms)}
        answer = PicturedAnswer(self._client, HeatMapNumbers, _asked(job, "heatmap", asked))
        return HeatMap(answer.numbers, answer.picture)

    def settings(
        self,
        job: Sweep,
        *,
        metric: str | None = None,
        over_seeds: str | None = None,
        minimum: float | None = None,
        arm: str | None = None,
        where: str | Iterable[str] | None = None,
        limit: int | None = None,
    ) -> Iterator[RankedSetting]:
        """The settings, the best first, page after page as they are needed; those without a value on a seed come last.

        Args:
            job: one, or several of the same problem.
            metric: as of ``best``, likewise ``over_seeds`` and ``minimum``.
            over_seeds: likewise.
            minimum: likewise.
            arm: only settings of this arm.
            where: conditions on the axes such as "learning_rate>0.01", all of which settings have to meet.
            limit: at most so many; None: all.
        """
        asked: Params = {"metric": metric, "over_seeds": over_seeds, "minimum": minimum}
        place = _asked(job, "settings", {**asked, "arm": arm, "where": names(where)})
        return self._pages(RankedSetting, *place, limit=limit, per_page=PER_PAGE)


class PicturedAnswer(Generic[N]):
    """An answer that comes as numbers and as a picture."""

    def __init__(self, client: Client, model: type[N], place: tuple[str, Params]) -> None:
        self._transport = client._transport
        self._model = model
        self._path, self._asked = place

    def numbers(self) -> N:
        """The numbers."""
        return parse(self._model, self._transport.get(self._path, self._asked))

    def picture(self, form: str, drawing: Mapping[str, Drawing]) -> bytes:
        """The picture in a format, drawn with these options."""
        wanted = {**self._asked, **without_none(**drawing), "format": form}
        answer = self._transport.get(self._path, wanted, accept=_PICTURES.get(form, "*/*"))
        return answer.content


def _asked(job: Sweep, what: str, options: Params) -> tuple[str, Params]:
    """Path and parameters of a question about one job or several."""
    if isinstance(job, Sequence) and not isinstance(job, str):
        return f"/v1/sweeps/{what}", {**options, "job_id": [id_of(one) for one in job]}
    return f"/v1/jobs/{segment(job)}/{what}", options


def _truth(value: bool) -> str:  # noqa: FBT001  # it is what is written
    return "true" if value else "false"
