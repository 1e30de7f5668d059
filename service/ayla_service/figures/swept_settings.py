"""Settings of jobs with axes, asked for by number: they are too many to have a line each."""

from collections.abc import Sequence
from dataclasses import dataclass

from ayla_spec import ResolvedJobSpec
from ayla_spec.optimizers import AnyOptimizer
from sqlalchemy.orm import Session

from ayla_service.errors import InvalidQuery
from ayla_service.trials.points import stored_space


@dataclass(frozen=True, slots=True)
class SweptSetting:
    """A setting of a job with axes.

    Attributes:
        entry: place of its arm in the job's optimizers.
        optimizer: its settings, with label and arm.
    """

    entry: int
    optimizer: AnyOptimizer


def swept_settings(
    session: Session, job_id: str, spec: ResolvedJobSpec, numbers: Sequence[int], most: int
) -> dict[int, SweptSetting]:
    """The settings with these running numbers, which grow through all arms.

    Args:
        session: the unit of work.
        job_id: the job.
        spec: its own, with axes.
        numbers: of the settings.
        most: so many of them at once.

    Raises:
        InvalidQuery: if there is none of them, if they are more than ``most``, or one is not in the job.
    """
    wanted = sorted(set(numbers))
    if not wanted or len(wanted) > most:
        raise InvalidQuery("settings", f"Names {len(wanted)} settings; name 1 to {most}.")
    space = stored_space(session, job_id, spec)
    if wanted[-1] >= space.settings_total:
        raise InvalidQuery(
            "settings", f"The job has {space.settings_total:,} settings, numbered from 0; there is no {wanted[-1]}."
        )
    return {number: SweptSetting(space.arm_of(number).entry, space.setting(number)) for number in wanted}
