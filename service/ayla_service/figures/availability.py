"""What is known of a job before any result: which figures it can have."""

from collections.abc import Iterator
from dataclasses import dataclass

from ayla_spec import ResolvedJobSpec
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from pydantic import ValidationError
from sqlalchemy.orm import Session

from ayla_service.errors import FigureUnavailable
from ayla_service.figures.options import Across, Kind
from ayla_service.jobs.scoping import job_of
from ayla_service.teams.principal import Principal
from ayla_service.trials.summaries import flat

MOST_PARAMETERS = 9
"""Parameters that have a panel of their own."""

_NAMES = frozenset({"label"})


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as far as its figures depend on it.

    Attributes:
        id: the job.
        name: what its user called it.
        spec: what is run.
    """

    id: str
    name: str | None
    spec: ResolvedJobSpec

    def why_not(self, kind: Kind) -> str | None:
        """Why the job has no figure of this kind; None if it has."""
        match kind:
            case Kind.LOSS | Kind.EFFECTIVE_LR:
                return None
            case Kind.ACCURACY:
                return None if self._has_classes else "only classes have an accuracy"
            case Kind.PARAMETERS:
                return self._why_no_parameters(MOST_PARAMETERS)
            case Kind.LANDSCAPE:
                return self._why_no_parameters(2)
            case Kind.CURVE:
                return (
                    None if self.spec.record.predictions_at else "no predictions are recorded (record.predictions_at)"
                )
            case Kind.HEATMAP:
                return self._why_no_heatmap()

    def require(self, kind: Kind) -> None:
        """Refuse a kind that the job does not have.

        Raises:
            FigureUnavailable: if it does not.
        """
        reason = self.why_not(kind)
        if reason is not None:
            having = ", ".join(other for other in Kind if self.why_not(other) is None)
            raise FigureUnavailable(f"The job has no figure '{kind}', as {reason}. It has: {having}.")

    @property
    def parameters(self) -> list[str]:
        """The scalars of an expression, in the order of its start point."""
        problem = self.spec.problem
        return list(problem.flat_start) if isinstance(problem, ExpressionProblem) else []

    @property
    def varying(self) -> dict[str, list[object]]:
        """The settings that differ between the job's optimizers, each with its values; None where one lacks it.

        One that only some have, all with its default, tells nothing: AYLA brings several at once.
        """
        flats = [flat(settings.model_dump(mode="json")) for settings in self.spec.optimizers]
        chosen = {
            name for one in self.spec.optimizers for name in flat(one.model_dump(mode="json", exclude_defaults=True))
        }
        names = dict.fromkeys(name for one in flats for name in one if name not in _NAMES)
        found = {name: list(dict.fromkeys(_plain(one.get(name)) for one in flats)) for name in names}
        return {
            name: values
            for name, values in found.items()
            if _has_several(values) or (len(values) > 1 and name in chosen)
        }

    @property
    def steps_per_epoch(self) -> int | None:
        """None where only the data tell."""
        problem = self.spec.problem
        return problem.steps_per_epoch if isinstance(problem, DatasetProblem) else 1

    def across(self, kind: Kind, wanted: Across | None) -> Across:
        """What the horizontal axis of a kind counts."""
        return wanted or (Across.EPOCH if kind is Kind.ACCURACY else Across.STEP)

    @property
    def _has_classes(self) -> bool:
        problem = self.spec.problem
        return isinstance(problem, DatasetProblem) and problem.dataset.has_classes

    def _why_no_parameters(self, most: int) -> str | None:
        if not self.parameters:
            return "its problem is a dataset, whose model has too many parameters to be shown"
        if len(self.parameters) > most:
            return f"its expression has {len(self.parameters)} parameters, and at most {most} can be shown"
        return None

    def _why_no_heatmap(self) -> str | None:
        varying = self.varying
        if len(varying) >= 2 and any(map(_has_several, varying.values())):
            return None
        what = f"only '{next(iter(varying))}' does" if len(varying) == 1 else "they do not"
        return f"two settings of its optimizers have to vary, and {what}"


def facts_of(session: Session, principal: Principal, job_id: str) -> JobFacts:
    """A job of the caller's team.

    Raises:
        JobNotFound: if there is none.
        FigureUnavailable: if another version of the service wrote its spec, and this one cannot read it.
    """
    job = job_of(session, principal, job_id)
    try:
        return JobFacts(job.id, job.name, ResolvedJobSpec.model_validate(job.resolved_spec))
    except ValidationError as error:
        raise FigureUnavailable(
            "The job has no figures, as another version of the service wrote its spec, and this one cannot read it."
        ) from error


def available(facts: JobFacts) -> Iterator[tuple[Kind, str | None]]:
    """Every kind, and why the job does not have it; None if it has."""
    for kind in Kind:
        yield kind, facts.why_not(kind)


def _has_several(values: list[object]) -> bool:
    """Whether there are two values, and not only one and its absence."""
    return sum(value is not None for value in values) > 1


def _plain(value: object) -> object:
    """A value that can be looked up: lists as texts."""
    return value if isinstance(value, str | int | float | bool | None) else str(value)
