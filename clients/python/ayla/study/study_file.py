"""The file of a study: problems, arms, and the protocol by which the arms are tuned and compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ayla.builders import functions
from ayla.errors import InvalidRequest

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+-]*$", max_length=36)]
"""Of a study, a problem or an arm; it becomes part of tags and of names of files."""
Seeds = Annotated[int, Field(ge=1, le=1000)] | Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]

MOST_PROBLEMS = 100
MOST_ARMS = 50

FIRST_CONFIRMATION_SEED = 1000
"""Where only the number of confirmation seeds is given: far from the tuning seeds, which begin at 0."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StudyProblem(_Part):
    """A problem of a study: a test function with a start that is drawn, or any problem of a job.

    Attributes:
        name: in the report and in the names of its jobs.
        function: name of a test function of the catalogue, such as "rosenbrock"; its start is drawn from its domain.
        dimension: of the function's vector; None: the customary one.
        noise: standard deviation of the noise in each component of the gradient; None: none.
        problem: in place of the function: as in a job.
        budget: length of a trial, as in a job: ``{"steps": 500}`` or ``{"epochs": 10}``.
        dtype: as in a job; None: the service's default.
        optional: whether the study may go on without it, as where its data are not everywhere.
    """

    name: Name
    function: str | None = None
    dimension: Annotated[int, Field(ge=1, le=1000)] | None = None
    noise: Annotated[float, Field(gt=0)] | None = None
    problem: dict[str, Any] | None = None
    budget: dict[str, int]
    dtype: str | None = None
    optional: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> StudyProblem:
        if (self.function is None) == (self.problem is None):
            raise ValueError("give a 'function' of the catalogue, or a 'problem' as in a job")
        if self.problem is not None and (self.dimension is not None or self.noise is not None):
            raise ValueError("'dimension' and 'noise' are of a 'function'; in a 'problem' they stand inside it")
        if self.function is not None and self.function not in functions.__all__:
            raise ValueError(f"there is no function '{self.function}'; there are {', '.join(functions.__all__)}")
        return self

    @property
    def spec(self) -> dict[str, Any]:
        """The problem as in a job.

        Raises:
            TypeError: the function does not have this dimension.
        """
        if self.problem is not None:
            return self.problem
        given = {"dimension": self.dimension} if self.dimension is not None else {}
        made: dict[str, Any] = getattr(functions, str(self.function))(random=True, noise=self.noise, **given)
        return made


class StudyArm(_Part):
    """An optimizer with the axes that it is tuned over, and perhaps a second arm that has AYLA on top.

    Attributes:
        arm: its name.
        optimizer: as in a job, with axes where it is tuned.
        ayla: AYLA's exponents with their axes: makes a second arm, "AYLA-" with the name. None: there is none.
    """

    arm: Name
    optimizer: dict[str, Any]
    ayla: dict[str, Any] | None = None


class StudyProtocol(_Part):
    """How arms are tuned and compared.

    Attributes:
        settings: that are drawn of each arm; the same number for all.
        design: "random" or "sobol"; or "grid", where the axes give the number.
        design_seed: of the draws.
        tuning_seeds: a number, counted from 0, or a list.
        confirm_seeds: a number, counted from 1000, or a list; none of them a tuning seed.
        metric: by which settings are selected and arms judged; None: each problem's default.
        confidence: of intervals and tests.
    """

    settings: Annotated[int, Field(ge=1, le=10_000)] | None = 16
    design: Annotated[str, StringConstraints(pattern="^(random|sobol|grid)$")] = "random"
    design_seed: Annotated[int, Field(ge=0)] = 0
    tuning_seeds: Seeds = 5
    confirm_seeds: Seeds = 20
    metric: str | None = None
    confidence: Annotated[float, Field(ge=0.5, le=0.999)] = 0.95

    @model_validator(mode="after")
    def _are_apart(self) -> StudyProtocol:
        both = {*self.tuning} & {*self.confirmation}
        if both:
            named = ", ".join(map(str, sorted(both)[:5]))
            raise ValueError(f"seeds {named} are tuning and confirmation seeds; what is selected by luck would win")
        return self

    @property
    def tuning(self) -> tuple[int, ...]:
        """The tuning seeds."""
        return tuple(range(self.tuning_seeds)) if isinstance(self.tuning_seeds, int) else tuple(self.tuning_seeds)

    @property
    def confirmation(self) -> tuple[int, ...]:
        """The confirmation seeds."""
        if isinstance(self.confirm_seeds, int):
            return tuple(range(FIRST_CONFIRMATION_SEED, FIRST_CONFIRMATION_SEED + self.confirm_seeds))
        return tuple(self.confirm_seeds)


class Study(_Part):
    """A study as its file describes it.

    Attributes:
        study: its name, which is the project of its jobs.
        question: what it is to answer, for the head of the report.
        problems: at least one.
        arms: at least one that has AYLA on top, or two.
        protocol: how they are tuned and compared.
    """

    study: Name
    question: Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\n\r]*$")] | None = None
    problems: Annotated[list[StudyProblem], Field(min_length=1, max_length=MOST_PROBLEMS)]
    arms: Annotated[list[StudyArm], Field(min_length=1, max_length=MOST_ARMS)]
    protocol: StudyProtocol = StudyProtocol()

    @model_validator(mode="after")
    def _names_are_different(self) -> Study:
        for what, names in (
            ("problems", [one.name for one in self.problems]),
            ("arms", [str(one["arm"]) for one in self.entries]),
        ):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two {what} are called '{twice}'")
        return self

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The optimizers of a tuning job: each arm, and behind it the one with AYLA."""
        found: list[dict[str, Any]] = []
        for one in self.arms:
            found.append({**one.optimizer, "arm": one.arm, "label": one.arm})
            if one.ayla is not None:
                name = f"AYLA-{one.arm}"
                found.append({**one.optimizer, "ayla": one.ayla, "arm": name, "label": name})
        return found


def study_of(document: Mapping[str, Any]) -> Study:
    """The study that a document describes.

    Raises:
        InvalidRequest: a field is wrong; ``pointer`` says which, the message how it would be right.
    """
    try:
        study = Study.model_validate({**document})
        for place, problem in enumerate(study.problems):
            _checked(problem, place)
    except ValidationError as error:
        first = error.errors()[0]
        pointer = "".join(f"/{part}" for part in first["loc"] if not str(part).startswith(("constrained", "list[")))
        raise InvalidRequest(pointer, f"{first['msg'].removeprefix('Value error, ')}.") from error
    return study


def _checked(problem: StudyProblem, place: int) -> None:
    """Make the problem once, as a function may not have the dimension."""
    try:
        _ = problem.spec
    except TypeError as error:
        raise InvalidRequest(f"/problems/{place}", f"{error}.") from error
