"""Trials computed again by small jobs of their own, with what their job did not keep of them."""

from collections.abc import Sequence

from ayla_spec import JobSpec, resolve
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow
from ayla_service.errors import TrajectoryKept, TrialUnfinished
from ayla_service.jobs.scoping import readable_spec
from ayla_service.jobs.submission import NewJob
from ayla_service.teams.principal import Principal
from ayla_service.trials.columns import STATES
from ayla_service.trials.points import stored_space
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.recomputed import keeps_trajectories, recomputations
from ayla_service.trials.snapshot import trial_columns
from ayla_service.trials.trial_ids import trial_id


def computed_again(session: Session, principal: Principal, wanted: str, *, all_seeds: bool = False) -> JobRow | NewJob:
    """The job that computes a trial again: one that does so already, or one to be submitted.

    Args:
        session: the unit of work.
        principal: who asks.
        wanted: id of the trial.
        all_seeds: whether the trials of its setting with the other seeds are wanted too.

    Raises:
        TrialNotFound: if the team has no such trial.
        TrajectoryKept: if its job keeps trajectories, so that there is nothing to compute again.
        TrialUnfinished: if the trial has not completed or diverged.
        SpecUnreadable: if another version of the service wrote the spec, and this one cannot read it.
    """
    job, columns = trial_columns(session, principal.team_id, wanted, ())
    index = int(columns.index[0])
    if keeps_trajectories(job):
        raise TrajectoryKept(trial_id(job.id, index))
    seeds = columns.layout.seeds.tolist() if all_seeds else [int(columns.seed[0])]
    first = int(columns.setting[0]) * len(seeds) if all_seeds else index
    _require_results(session, job, first, len(seeds))
    for known in recomputations(session, job, first):
        if known.job.trials_total - known.index >= len(seeds):
            return known.job
    return setting_again(session, job, int(columns.setting[0]), seeds, trial_id(job.id, first))


def _require_results(session: Session, job: JobRow, first: int, count: int) -> None:
    """Refuse trials that have not ended with a result: what is computed again has to be what was computed."""
    columns = TrialReader(session).columns(job, first, count, ())
    if not columns.has_result.all():
        place = int(columns.has_result.argmin())
        raise TrialUnfinished(trial_id(job.id, first + place), STATES[columns.state[place]])


def setting_again(session: Session, job: JobRow, setting: int, seeds: Sequence[int], origin: str) -> NewJob:
    """One setting of a job with some of its seeds, as a job that keeps everything.

    Args:
        session: the unit of work.
        job: the job.
        setting: its running number over all arms.
        seeds: of the job, consecutive.
        origin: id of the setting's trial with the first of them.
    """
    spec = readable_spec(job)
    space = stored_space(session, job.id, spec)
    settings = space.setting(setting)
    document = spec.model_dump(mode="json", exclude_none=True, exclude={"search", "tags"}) | {
        "name": f"{settings.label}, again"[:100],
        "problem": space.problem_at(setting).model_dump(mode="json", exclude_none=True),
        "optimizers": [settings.model_dump(mode="json", exclude_none=True)],
        "seeds": list(seeds),
    }
    document["record"] = {name: value for name, value in document["record"].items() if name != "trajectories"}
    wanted = JobSpec.model_validate(document)
    return NewJob(wanted, document, resolve(wanted), origin=origin)
