"""The settings of a job as columns, and its trials as batches."""

from ayla_spec import JobSpec, resolve
from ayla_spec.batch import TrialBatch
from ayla_spec.space import Space
from ayla_spec.trials import plan_trials

SPEC = {
    "problem": {"type": "expression", "expression": "x**2", "start": {"x": 1.0}},
    "optimizers": [
        {"name": "adam", "learning_rate": 0.1, "ayla": {"n1": 0.5}},
        {"name": "sgd", "learning_rate": 0.2, "label": "plain", "arm": "sgd"},
    ],
    "budget": {"steps": 3},
    "seeds": [5, 0, 7],
}


def test_a_job_without_axes_has_one_setting_for_each_arm() -> None:
    spec = resolve(JobSpec.model_validate(SPEC))
    space = Space.of(spec)
    assert [(arm.name, arm.label, arm.first, arm.settings) for arm in space.arms] == [
        ("AYLA-Adam lr=0.1 N1=0.5 N2=1", "AYLA-Adam lr=0.1 N1=0.5 N2=1", 0, 1),
        ("sgd", "plain", 1, 1),
    ]
    assert (space.settings_total, space.trials_total) == (2, 6)
    assert [space.arm_of(number).entry for number in range(2)] == [0, 1]


def test_a_batch_says_what_the_plans_say() -> None:
    spec = resolve(JobSpec.model_validate(SPEC))
    plans = plan_trials(spec)[1:5]
    for batch in (Space.of(spec).batch(1, 4), TrialBatch.of(spec.problem, plans)):
        assert len(batch) == 4
        assert batch.first == 1
        assert batch.indices.tolist() == [plan.index for plan in plans]
        assert batch.seeds.tolist() == [plan.seed for plan in plans]
        assert [batch.settings(place) for place in range(4)] == [plan.settings for plan in plans]
        assert batch.numbers("learning_rate").tolist() == [plan.settings.learning_rate for plan in plans]
        assert batch.numbers("ayla.n1", default=1.0).tolist() == [0.5, 0.5, 1.0, 1.0]


def test_a_part_of_a_batch_keeps_its_trials() -> None:
    batch = Space.of(resolve(JobSpec.model_validate(SPEC))).batch(0, 6)
    part = batch.take(slice(2, 4))
    assert part.indices.tolist() == [2, 3]
    assert part.seeds.tolist() == [7, 5]
    assert part.numbers("learning_rate").tolist() == [0.1, 0.2]
