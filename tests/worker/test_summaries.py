"""Metrics of whole parts and computing by oneself, as a worker stores them with each trial and clients read them."""

import pytest
import torch
from ayla_core.engine import Engine
from ayla_core.recorder import MemoryRecorder
from ayla_core.training import train
from ayla_service.db.session import Database
from ayla_service.jobs.schemas import JobDetail
from ayla_service.queue.attempts import record, release
from ayla_service.queue.claims import claim
from ayla_service.settings import Settings
from ayla_service.states import TrialState
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.columns import CODES, MISSING, Summaries
from ayla_service.trials.progress import advanced
from ayla_service.trials.schemas import TrialMetric, TrialSummary
from ayla_service.trials.selection import TrajectoryQuery, TrialSelection
from ayla_service.trials.service import ResultReader
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.metrics import WHOLE_PART_METRICS
from ayla_spec.trials import plan_trials
from ayla_worker.identity import describe_worker
from ayla_worker.runner import Runner

from tests.factories import WORKER, jobs, progress, submit
from tests.factories import summaries as made

pytestmark = pytest.mark.every_store

CLASSES = {"name": "classification", "samples": 60, "feature_count": 3, "class_count": 3}
CLASSIFIED = {"type": "dataset", "dataset": CLASSES, "model": {"name": "mlp", "hidden": [3]}, "batch_size": 16}
NUMBERS = CLASSIFIED | {"dataset": {"name": "regression", "samples": 60}}
ADAM = {"name": "adam", "learning_rate": 0.02}


def run_all(database: Database) -> None:
    settings = Settings(heartbeat_seconds=0.001, retry_seconds=0)
    runner = Runner(database, settings, describe_worker(settings), lambda: False)
    while runner.run_next():
        pass


def summaries(database: Database, job: JobDetail) -> list[TrialSummary]:
    found = [trial.summary for trial in jobs(database).trials(job.id).items]
    return [summary for summary in found if summary is not None]


def test_metrics_are_stored_as_the_core_has_them(database: Database) -> None:
    """Of a trial that diverges no final ones; and the table tells the same as the trials."""
    wild = {"name": "sgd", "learning_rate": 4.0}
    made = [
        submit(database, problem=CLASSIFIED, optimizers=[ADAM], budget={"epochs": 9}, record={"metrics_every": 2}),
        submit(database, problem=NUMBERS, optimizers=[wild, ADAM], budget={"steps": 300}),
        submit(database),
    ]
    run_all(database)
    reader = ResultReader(database)
    for job in made:
        spec, memory = ResolvedJobSpec.model_validate(job.resolved), MemoryRecorder()
        train(Engine(spec, plan_trials(spec), torch.device("cpu")), memory)
        summary = reader.summary(reader.of_job(None, LOCAL.team_id, job.id, TrialSelection()))
        table = summary.whole(10, 1000).to_pylist()
        for index, found in enumerate(summaries(database, job)):
            expected = memory.outcomes[index].metrics
            assert found.metrics == {
                name: TrialMetric(final=one.final, best=one.best, best_epoch=one.best_epoch)
                for name, one in expected.items()
            }
            for name in WHOLE_PART_METRICS:
                one = found.metrics.get(name) or TrialMetric(final=None, best=None, best_epoch=None)
                row = [table[index][column] for column in (name, f"best_{name}", f"best_{name}_epoch")]
                assert row == [one.final, one.best, one.best_epoch]
    classified, (diverged, _), (expression, _) = (summaries(database, job) for job in made)
    assert list(classified[0].metrics) == list(WHOLE_PART_METRICS)
    assert classified[0].metrics["full_train_loss"].best_epoch == 9, "it was evaluated once"
    assert (diverged.metrics["test_loss"].final, diverged.metrics["test_loss"].best is None) == (None, False)
    assert "full_train_loss" not in diverged.metrics
    assert expression.metrics == {}
    trial = jobs(database).trials(made[0].id).items[0]
    rows = reader.metrics(LOCAL.team_id, trial.id, TrajectoryQuery())
    assert rows.column_names == ["step", "epoch", "train_loss", "train_accuracy", *WHOLE_PART_METRICS]


def test_who_has_computed_alone_is_known(database: Database) -> None:
    single = {"optimizers": [ADAM], "budget": {"steps": 12}}
    alone = [submit(database, problem=CLASSIFIED, **single)]
    run_all(database)
    alone += [submit(database, problem=problem, **single) for problem in (CLASSIFIED, NUMBERS)]
    beside = submit(database, problem=CLASSIFIED, **single | {"seeds": [0, 1]})
    packed = [submit(database, **single) for _ in range(2)]
    run_all(database)
    told = {job.id: [summary.ran_alone for summary in summaries(database, job)] for job in (*alone, beside, *packed)}
    assert [told[job.id] for job in alone] == [[True]] * 3, "networks of a pack come one after the other"
    assert told[beside.id] == [False, False]
    assert [told[job.id] for job in packed] == [[False]] * 2


@pytest.mark.parametrize(
    ("first", "second", "expected"), [(True, True, True), (False, True, False), (None, True, None)]
)
def test_a_trial_was_alone_if_it_was_in_all_its_attempts(
    first: bool | None, second: bool, expected: bool | None
) -> None:
    codes = {None: MISSING, False: 0, True: 1}
    stored = Summaries.blank(1)
    for steps, alone in ((5, first), (10, second)):
        state = CODES[TrialState.QUEUED if steps < 10 else TrialState.COMPLETED]
        block = made(1, state=state, steps_done=steps, wall_seconds=0.5, ran_alone=codes[alone])
        stored = advanced(stored, block)
    assert stored["ran_alone"].tolist() == [codes[expected]]


def test_an_attempt_that_begins_anew_does_not_forget_the_one_before(database: Database) -> None:
    job = submit(database, optimizers=[ADAM], budget={"steps": 10})
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    record(database, claimed, progress(claimed, 0, 3), 30)  # of it nobody knows
    release(database, claimed)
    run_all(database)
    assert jobs(database).attempts(job.id).items[-1].first_step == 0
    assert [summary.ran_alone for summary in summaries(database, job)] == [None]
