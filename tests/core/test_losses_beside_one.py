"""How often the loss was below and above 1, by every way of computing, counted again in plain Python."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from ayla_core import Engine, MemoryRecorder, TrialOutcome
from ayla_core import checkpoint as packing
from ayla_core.trial_statistics import LATER
from ayla_spec import ResolvedJobSpec
from ayla_spec.optimizers.effect import LossCounts, effective
from ayla_spec.trials import plan_trials

from tests.core.batches import CPU, QUARTIC, ROSENBROCK, assert_same_columns, every_trial, job, preset, run

pytestmark = pytest.mark.usefixtures("way")

SGD: dict[str, Any] = {"name": "sgd", "learning_rate": 0.001}
ADAM: dict[str, Any] = {"name": "adam", "learning_rate": 0.05}
AYLAS: list[dict[str, Any] | None] = [None, {"n1": 1.4, "n2": 0.8}, {"n1": 0.9, "max_scale": 1.1}]
SAMPLES = {"n1": 0.8, "n2": 1.2, "transform_on": "sample"}


def expression(text: str, **start: float) -> dict[str, Any]:
    return {"type": "expression", "expression": text, "start": start}


def counted(sizes: Iterable[float]) -> tuple[int, int]:
    """How many are below and above 1; 0 and 1 are neither."""
    below = above = 0
    for size in sizes:
        below += 0 < abs(size) < 1
        above += abs(size) > 1
    return below, above


def counts(summary: TrialOutcome) -> tuple[int | None, int | None]:
    return summary.losses_below_one, summary.losses_above_one


def test_every_loss_that_an_update_followed_counts_on_its_side() -> None:
    """The plain optimizers too: whether AYLA could have acted. Losses below zero count by their size."""
    both = 0
    problems = [QUARTIC, ROSENBROCK, expression("sin(3*x) + y**2 - 1.2", x=0.4, y=1.5), expression("x**2", x=0.9)]
    for problem in problems:
        optimizers = [kind | {"ayla": ayla} for kind in (SGD, ADAM) for ayla in AYLAS]
        recorder = run(job(problem, optimizers, 400))
        for index, summary in recorder.outcomes.items():
            expected = counted(recorder.trajectories[index]["loss"].tolist()[:-1])
            assert counts(summary) == expected
            both += min(expected) > 0
    assert both > 5, "several pass 1 on the way"


def test_steps_that_are_not_recorded_count_and_blocks_change_nothing() -> None:
    optimizers = [ADAM, ADAM | {"ayla": AYLAS[1]}]
    every, few = (run(job(ROSENBROCK, optimizers, 300, record={"every": every})) for every in (1, 250))
    cut = run(job(ROSENBROCK, optimizers, 300, record={"every": 250}), blocks=[1, 7, 100])
    assert every.outcomes == few.outcomes == cut.outcomes


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_zero_one_and_the_state_after_the_last_update_count_on_neither_side(dtype: str) -> None:
    """The losses are 2, 1.5, 1, 0.5, 0, -0.5, -1 and -1.5, and no update follows the last one."""
    summary = run(job(expression("x", x=2.0), [SGD | {"learning_rate": 0.5}], 7, dtype=dtype)).outcomes[0]
    assert counts(summary) == (2, 2)
    summary = run(job(expression("x", x=2.0), [SGD | {"learning_rate": 0.5}], 8, dtype=dtype)).outcomes[0]
    assert counts(summary) == (2, 3)


def test_the_step_of_divergence_does_not_count_nor_what_follows() -> None:
    wild = {"name": "sgd", "learning_rate": 5.0}
    recorder = run(job(QUARTIC, [wild, ADAM, wild | {"ayla": {"n1": 1.4}}], 400))
    for index in (0, 2):
        summary = recorder.outcomes[index]
        assert summary.outcome == "diverged"
        assert counts(summary) == counted(recorder.trajectories[index]["loss"].tolist()[:-1])
        assert sum(counts(summary)) == summary.steps_done  # type: ignore[arg-type]  # they are known
    assert sum(counts(recorder.outcomes[1])) == 400  # type: ignore[arg-type]  # likewise


def test_where_samples_are_transformed_the_residuals_count() -> None:
    """Beside trials of the same batch that count one loss for each step."""
    steps = 20
    optimizers = [ADAM | {"ayla": ayla} for ayla in (None, {"n1": 1.5, "n2": 1.2}, SAMPLES)]
    record = {"predictions_at": list(range(steps))}
    for dtype in ("float64", "float32"):
        spec = preset("curve-a", optimizers=optimizers, budget={"steps": steps}, record=record, dtype=dtype)
        recorder = run(spec)
        for index in (0, 1):
            losses = recorder.trajectories[index]["loss"].tolist()[:-1]
            assert counts(recorder.outcomes[index]) == counted(losses) == (steps, 0)
        residuals = [
            rows.columns["prediction"] - rows.columns["target"] for rows in recorder.predictions if rows.index == 2
        ]
        expected = counted(np.concatenate(residuals).tolist())
        assert counts(recorder.outcomes[2]) == expected
        assert min(expected) > 0, "N2 acts on some samples, though on no loss"


def test_a_checkpoint_of_an_earlier_version_goes_on_without_counts() -> None:
    """What was counted before is not known, so nothing is claimed of the whole; all else is as ever."""
    spec = job(QUARTIC, [ADAM, ADAM | {"ayla": AYLAS[1]}], 60)
    whole, recorder = run(spec), MemoryRecorder()
    engine = Engine(spec, plan_trials(spec), CPU)
    recorder.write(engine.advance(25), lambda: earlier(engine, spec))
    engine = Engine(spec, plan_trials(spec), CPU)
    engine.restore(recorder.checkpoint or b"")
    recorder.write(engine.advance(20), engine.checkpoint)
    again = Engine(spec, plan_trials(spec), CPU)
    again.restore(recorder.checkpoint or b"")
    recorder.write(again.advance(20), again.checkpoint)
    for index, columns in whole.trajectories.items():
        assert_same_columns(columns, recorder.trajectories[index])
        assert counts(whole.outcomes[index]) != (None, None)
        assert counts(recorder.outcomes[index]) == (None, None)
        assert recorder.outcomes[index].best_loss == whole.outcomes[index].best_loss


def earlier(engine: Engine, spec: ResolvedJobSpec) -> bytes:
    """A checkpoint as it was written before there were counts."""
    state = {name: item for name, item in engine._state().items() if name.removeprefix("ledger.") not in LATER}
    owner = packing.fingerprint(spec, every_trial(spec))
    assert len(state) == len(engine._state()) - 2
    return packing.pack(state, step=engine.step, finished=False, owner=owner)


def test_a_checkpoint_is_that_of_the_same_settings_under_other_names() -> None:
    plain, named, other = (
        job(QUARTIC, [ADAM | names], 60) for names in ({}, {"label": "mine", "arm": "tuned"}, {"beta1": 0.8})
    )
    marks = [packing.fingerprint(spec, every_trial(spec)) for spec in (plain, named, other)]
    assert marks[0] == marks[1] != marks[2]


def test_a_checkpoint_that_lacks_anything_else_is_refused() -> None:
    spec = job(QUARTIC, [ADAM], 60)
    engine = Engine(spec, plan_trials(spec), CPU)
    owner = packing.fingerprint(spec, every_trial(spec))
    for name in engine._state():
        lacking = {other: item for other, item in engine._state().items() if other != name}
        data = packing.pack(lacking, step=0, finished=False, owner=owner)
        if name.removeprefix("ledger.") in LATER:
            engine.restore(data)
        else:
            with pytest.raises(packing.CheckpointError, match="other names or shapes"):
                engine.restore(data)


def test_settings_that_differ_only_in_what_had_no_effect_take_the_same_course_bit_for_bit() -> None:
    """A max_scale that did not act either is not seen through; so some that take the same course are told apart."""
    plain = {"name": "adam", "learning_rate": 0.01}
    aylas = [
        {"n1": n1, "n2": n2, "max_scale": most, "transform_on": reading}
        for n1 in (1.0, 1.5)
        for n2 in (1.0, 0.8, 1.3)
        for most in (None, 0.9)
        for reading in ("loss", "sample")
    ]
    optimizers = [plain, *(plain | {"ayla": ayla} for ayla in aylas)]
    spec = preset("curve-a", optimizers=optimizers, budget={"steps": 12})
    recorder, groups = run(spec), dict[str, list[int]]()
    for index, settings in enumerate(spec.optimizers):
        loss_counts = LossCounts.known(*counts(recorder.outcomes[index]))
        groups.setdefault(str(effective(settings.model_dump(mode="json"), loss_counts)), []).append(index)
    assert len(groups) < len(optimizers)
    firsts = [tuple(recorder.trajectories[group[0]]["loss"]) for group in groups.values()]
    assert 8 < len(set(firsts)) < len(groups)
    for first, *copies in groups.values():
        for copy in copies:
            assert recorder.trajectories[first]["loss"].tolist() == recorder.trajectories[copy]["loss"].tolist()
