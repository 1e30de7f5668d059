"""Figures of jobs in the store: which trials are read, what of them, and when a figure changes."""

from typing import Any

import numpy as np
import pytest
from ayla_service.db.models import PredictionSetRow
from ayla_service.db.session import Database
from ayla_service.errors import FigureTooLarge, InvalidQuery, JobNotFound
from ayla_service.figures import repository
from ayla_service.figures.data import FigureData
from ayla_service.figures.options import FigureOptions, Form, Kind
from ayla_service.figures.service import FigurePlan, FigureService
from ayla_service.states import TrialState
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.encoding import encode

from tests.factories import set_trials, stranger, submit
from tests.trials.chunked import add_chunk, ids_of, place_of

pytestmark = pytest.mark.every_store

LOSS, NONE = Kind.LOSS, FigureOptions()


def store(database: Database, trial_id: str, columns: dict[str, Any], **fields: Any) -> None:
    """A trial's trajectory as one chunk, and where it stands."""
    fields = {"state": TrialState.COMPLETED, "steps_done": columns["step"][-1]} | fields
    set_trials(database, *place_of(trial_id), **fields)
    add_chunk(database, trial_id, columns)


def planned(database: Database, job_id: str, kind: Kind = LOSS, **options: Any) -> FigurePlan:
    plan = FigureService(database).plan(LOCAL, job_id, kind, FigureOptions(**options), Form.SVG)
    assert isinstance(plan, FigurePlan)
    return plan


def read(database: Database, job_id: str, kind: Kind = LOSS, **options: Any) -> FigureData:
    """What is drawn of a job."""
    return FigureService(database)._read(planned(database, job_id, kind, **options))


def test_settings_have_their_trials_with_what_they_recorded(database: Database) -> None:
    job = submit(database, seeds=[3, 4])
    first, second, third, fourth = ids_of(database, job.id)
    steps = list(range(11))
    for place, trial_id in enumerate((first, second, third)):
        losses = [float(place + 1)] * 11
        store(database, trial_id, {"step": steps, "loss": losses, "param.x": losses}, final_loss=float(place))
    store(database, fourth, {"step": [0, 1], "loss": [1.0, np.inf]}, state=TrialState.DIVERGED)
    found = read(database, job.id)
    assert [setting.label for setting in found.settings] == ["SGD lr=0.03", "AYLA-SGD lr=0.03 N1=1 N2=1.4"]
    assert [[run.seed for run in setting.trials] for setting in found.settings] == [[3, 4], [3, 4]]
    assert [run.column("loss")[0] for setting in found.settings for run in setting.trials] == [1, 2, 3, 1]
    assert [setting.median_loss for setting in found.settings] == [0.5, np.inf]
    assert found.settings[1].trials[1].diverged
    assert "param.x" not in found.settings[0].trials[0].columns


def test_wanted_settings_only(database: Database) -> None:
    job = submit(database, seeds=[0, 1])
    assert [setting.index for setting in read(database, job.id, optimizers=(1,)).settings] == [1]
    with pytest.raises(InvalidQuery, match="query parameter"):
        planned(database, job.id, optimizers=(0, 2))


def test_trials_of_several_seeds_are_thinned_to_the_same_steps(database: Database) -> None:
    job = submit(database, seeds=[0, 1], budget={"steps": 1000})
    for trial_id in ids_of(database, job.id):
        losses = np.random.default_rng(len(trial_id)).normal(size=1001)
        store(database, trial_id, {"step": list(range(1001)), "loss": losses})
    for setting in read(database, job.id, max_points=100).settings:
        one, other = (run.steps.tolist() for run in setting.trials)
        assert one == other
        assert one[-1] == 1000
        assert 90 < len(one) <= 102


def test_one_seed_keeps_its_extremes(database: Database) -> None:
    job = submit(database, budget={"steps": 1000})
    losses = np.ones(1001)
    losses[537] = 99.0
    store(database, ids_of(database, job.id)[0], {"step": list(range(1001)), "loss": losses})
    (run,) = read(database, job.id, max_points=20, optimizers=(0,)).settings[0].trials
    assert run.column("loss").max() == 99.0
    assert len(run.steps) <= 20


def test_of_many_seeds_the_first_are_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "MOST_TRIALS", 6)
    job = submit(database, seeds=list(range(10)))
    found = read(database, job.id)
    assert found.seeds_text == "the first 3 of 10 seeds"
    assert [len(setting.trials) for setting in found.settings] == [3, 3]


def test_only_as_much_is_read_as_can_be(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "MOST_BYTES", 250)
    job = submit(database, seeds=[0, 1, 2])
    for trial_id in ids_of(database, job.id):
        store(database, trial_id, {"step": [0], "loss": [1.0]}, stored_bytes=60)
    assert read(database, job.id).seeds == 2
    monkeypatch.setattr(repository, "MOST_BYTES", 100)
    with pytest.raises(FigureTooLarge, match="optimizers"):
        planned(database, job.id)
    assert planned(database, job.id, optimizers=(1,)).subset.trials == (3,)


def test_a_figure_of_another_team_does_not_exist(database: Database) -> None:
    job, rival = submit(database), stranger(database)
    with pytest.raises(JobNotFound):
        FigureService(database).plan(rival, job.id, LOSS, NONE, Form.SVG)
    with pytest.raises(JobNotFound):
        FigureService(database).job(rival, job.id)


def test_a_figure_changes_with_its_results_and_options_alone(database: Database) -> None:
    job, figures = submit(database), FigureService(database)
    first, _ = ids_of(database, job.id)

    def version(options: FigureOptions = NONE, form: Form = Form.SVG, kind: Kind = LOSS) -> str:
        return figures.plan(LOCAL, job.id, kind, options, form).version

    before = version()
    assert version() == before
    others = {version(form=Form.PNG), version(kind=Kind.LANDSCAPE), version(FigureOptions(title="other"))}
    assert len(others | {before}) == 4
    second_alone = version(FigureOptions(optimizers=(1,)))
    store(database, first, {"step": [0, 1], "loss": [2.0, 1.0]})
    assert version() != before
    assert version(FigureOptions(optimizers=(1,))) == second_alone


def test_fitted_curves_are_in_the_order_of_the_job_whatever_the_order_of_the_store(database: Database) -> None:
    problem = {"type": "preset", "preset": "curve-a"}
    optimizers = [{"name": "sgd", "learning_rate": 0.01 * (place + 1)} for place in range(8)]
    job = submit(database, problem=problem, optimizers=optimizers, budget=None)
    row = encode({"x": [0.0], "prediction": [1.0]})
    with database.write() as session:
        for trial_id in reversed(ids_of(database, job.id)):
            job_id, index = place_of(trial_id)
            session.add_all(
                PredictionSetRow(job_id=job_id, trial_index=index, step=step, data=row) for step in (400, 150)
            )
    fits = read(database, job.id, Kind.CURVE).fits
    assert fits is not None
    assert list(fits.columns) == [(step, place) for step in (150, 400) for place in range(8)]
