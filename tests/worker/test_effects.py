"""What a worker counts of losses below and above 1, and what results and comparisons say of it."""

import pytest
import torch
from ayla_core import checkpoint
from ayla_core.engine import Engine
from ayla_core.recorder import MemoryRecorder
from ayla_core.training import train
from ayla_core.trial_statistics import LATER
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.service import ComparisonResult, ComparisonService
from ayla_service.db.session import Database
from ayla_service.jobs.schemas import JobDetail
from ayla_service.queue.attempts import release
from ayla_service.queue.claimed import SavedState
from ayla_service.queue.claims import claim
from ayla_service.settings import Settings
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.schemas import TrialSummary
from ayla_service.trials.selection import TrialSelection
from ayla_service.trials.service import ResultReader
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.trials import plan_trials
from ayla_worker.identity import describe_worker
from ayla_worker.runner import Runner

from tests.factories import WORKER, jobs, submit

IMAGES = {
    "type": "dataset",
    "dataset": {"name": "classification", "samples": 200, "feature_count": 12, "class_count": 10, "separation": 1.0},
    "model": {"name": "mlp", "hidden": [16]},
    "batch_size": 32,
}
"""Like the paper's images: ten classes, cross-entropy, mini-batches; at a small rate the loss stays at about 2.3."""


def run_all(database: Database) -> None:
    settings = Settings(heartbeat_seconds=0.05, retry_seconds=0, checkpoint_seconds=0.0, download_datasets=False)
    runner = Runner(database, settings, describe_worker(settings), lambda: False)
    while runner.run_next():
        pass


def summaries(database: Database, job: JobDetail) -> list[TrialSummary]:
    found = [trial.summary for trial in jobs(database).trials(job.id, limit=200).items]
    return [summary for summary in found if summary is not None]


def alone(job: JobDetail) -> MemoryRecorder:
    """The same job by the core alone."""
    spec, memory = ResolvedJobSpec.model_validate(job.resolved), MemoryRecorder()
    train(Engine(spec, plan_trials(spec), torch.device("cpu")), memory)
    return memory


def compare(database: Database, *jobs: JobDetail) -> ComparisonResult:
    return ComparisonService(database).compare(LOCAL, [job.id for job in jobs], ComparisonQuery())


def test_copies_of_a_grid_of_exponents_are_named(database: Database) -> None:
    """No loss of this curve is above 1 from the start, so N2 never acts, as in a search over both exponents."""
    grid = [(n1, n2) for n1 in (1.0, 1.5, 1.8) for n2 in (0.8, 1.0, 1.3, 2.0)]
    adam = {"name": "adam", "learning_rate": 0.01}
    optimizers = [adam, *(adam | {"ayla": {"n1": n1, "n2": n2}} for n1, n2 in grid)]
    problem = {"type": "preset", "preset": "curve-a"}
    job = submit(database, problem=problem, optimizers=optimizers, budget={"steps": 8}, seeds=[1, 2])
    run_all(database)
    found = summaries(database, job)
    assert {(summary.losses_below_one, summary.losses_above_one) for summary in found} == {(8, 0)}
    none = "N2 had no effect, as the loss was above 1 in size on no step."
    nothing = "So AYLA changed nothing: the run is that of the optimizer without it."
    told = [[], *([] if n2 == 1 else [none, nothing] if n1 == 1 else [none] for n1, n2 in grid)]
    assert [summary.notes for summary in found[::2]] == [summary.notes for summary in found[1::2]] == told
    comparison = compare(database, job)
    (result,) = comparison.results
    labels = [summary.label for summary in result.summaries]
    assert [summary.notes for summary in result.summaries] == told
    assert [summary.copy_of for summary in result.summaries] == [
        None, *[labels[0]] * 4, None, *[labels[5]] * 3, None, *[labels[9]] * 3,
    ]  # fmt: skip
    first, second, copied = comparison.notes[-3:]
    assert first == f"{labels[1]}, {labels[3]} and {labels[4]}: {none} {nothing}"
    assert second == f"{labels[5]}, {labels[7]}, {labels[8]} and 3 more: {none}"
    assert copied == (
        "10 of 13 optimizers are copies of another one, as they differ only in exponents that had no effect: "
        f"({labels[0]}, {labels[1]}, {labels[2]} and 2 more), ({labels[5]}, {labels[6]}, {labels[7]} and 1 more), "
        f"({labels[9]}, {labels[10]}, {labels[11]} and 1 more)."
    )
    for group in (range(5), range(5, 9), range(9, 13)):
        assert len({found[2 * place].final_loss for place in group}) == 1, "they are copies, to the last bit"


def test_the_images_of_the_paper_as_written_are_those_of_plain_sgd(database: Database) -> None:
    sgd = {"name": "sgd", "learning_rate": 1e-4}
    aylas = [None, {"n1": 1.5, "n2": 1.0}, {"n1": 1.0, "n2": 1.5}, {"n1": 1.5, "n2": 1.0, "transform_on": "sample"}]
    optimizers = [sgd | {"ayla": ayla} for ayla in aylas]
    job = submit(database, problem=IMAGES, optimizers=optimizers, budget={"epochs": 2}, seeds=[0])
    run_all(database)
    plain, written, reversed_, samples = summaries(database, job)
    steps, seen = 2 * 5, 2 * 160  # a fifth of the samples is for testing
    assert (plain.losses_below_one, plain.losses_above_one) == (0, steps), "the plain optimizer tells it as well"
    assert written.notes == [
        "N1 had no effect, as the loss was between 0 and 1 in size on no step.",
        "So AYLA changed nothing: the run is that of the optimizer without it.",
    ]
    assert written.final_loss == plain.final_loss != reversed_.final_loss
    assert reversed_.notes == []
    assert (samples.losses_below_one, samples.losses_above_one) == (0, seen), "a loss for each sample"
    assert samples.notes[0] == (
        "N1 had no effect, as no sample's residual (with cross-entropy its loss) was between 0 and 1 in size."
    )
    result = compare(database, job).results[0].summaries
    assert [summary.copy_of for summary in result] == [None, result[0].label, None, result[0].label]
    assert compare(database, job).notes[-1].startswith("2 of 4 optimizers are copies of another one")


def test_a_pack_of_small_jobs_counts_each_trial_by_itself(database: Database) -> None:
    """Among them one whose trial diverges; and tables tell the same as the trials."""
    rates = {"small": 0.01, "wild": 50.0}
    made = [
        submit(database, name=name, optimizers=[{"name": "sgd", "learning_rate": rate, "ayla": {"n1": 1.2}}])
        for name, rate in rates.items()
    ]
    run_all(database)
    for job in made:
        (found,), expected = summaries(database, job), alone(job).outcomes[0]
        assert (found.losses_below_one, found.losses_above_one) == (
            expected.losses_below_one,
            expected.losses_above_one,
        )
        reader = ResultReader(database)
        summary = reader.summary(reader.of_job(None, LOCAL.team_id, job.id, TrialSelection()))
        table = summary.whole(10, 1000).to_pylist()
        (row,) = table
        assert (row["losses_below_one"], row["losses_above_one"]) == (found.losses_below_one, found.losses_above_one)
        assert row["notes"] == (" ".join(found.notes) or None)


@pytest.mark.parametrize("earlier", [False, True], ids=["this version", "the version before"])
def test_a_shard_that_is_resumed_counts_all_of_its_steps_or_tells_nothing(database: Database, *, earlier: bool) -> None:
    """The second optimizer's N2 never acts."""
    ayla = {"name": "sgd", "learning_rate": 0.03, "ayla": {"n1": 0.9, "n2": 1.4}}
    problem = {"type": "expression", "expression": "x**2", "start": {"x": 0.9}}
    job = submit(database, problem=problem, optimizers=[ayla | {"ayla": None}, ayla], budget={"steps": 300})
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    engine = Engine(claimed.spec, claimed.trials, torch.device("cpu"))
    engine.advance(120)
    saved = engine.checkpoint()
    if earlier:
        state = {name: item for name, item in engine._state().items() if name.removeprefix("ledger.") not in LATER}
        owner = checkpoint.fingerprint(claimed.spec, claimed.trials)
        saved = checkpoint.pack(state, step=engine.step, finished=False, owner=owner)
    release(database, claimed, SavedState(engine.step, saved))
    run_all(database)
    assert jobs(database).attempts(job.id).items[-1].first_step == 120
    expected = alone(job).outcomes
    for index, found in enumerate(summaries(database, job)):
        known = (expected[index].losses_below_one, expected[index].losses_above_one)
        assert (found.losses_below_one, found.losses_above_one) == ((None, None) if earlier else known)
        assert (found.final_loss, found.best_loss) == (expected[index].final_loss, expected[index].best_loss)
        assert bool(found.notes) == (index == 1 and not earlier)
    assert any("had no effect" in note for note in compare(database, job).notes) == (not earlier)
