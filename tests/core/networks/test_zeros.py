"""Networks on inputs most of which are 0, whose products are left out: PyTorch's numbers, the same in any company."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from ayla_core import Engine, MemoryRecorder
from ayla_core.datasets import load_dataset
from ayla_core.devices import set_threads
from ayla_core.layout import Layout
from ayla_core.objectives import network_data
from ayla_core.objectives.network_data import load_network_data
from ayla_core.steppers import choose_stepper
from ayla_core.trial_statistics import TrialStatistics
from ayla_spec import ResolvedJobSpec
from ayla_spec.batch import TrialBatch
from ayla_spec.problems import DatasetProblem
from ayla_spec.trials import plan_trials

from tests.core.batches import FLOAT64, assert_same, assert_same_columns, job, needs_a_compiler, run
from tests.core.test_kernels import AYLAS, CLASSES, assert_close, network, optimizers, with_pytorch

pytestmark = needs_a_compiler
DIGITS: dict[str, Any] = {"name": "digits"}
STEPS = 30


def digits(*hidden: int, batch_size: int | None = 32, **more: Any) -> ResolvedJobSpec:
    """A job on images of digits, about half of whose pixels are 0."""
    problem = network(DIGITS, hidden=list(hidden), batch_size=batch_size, **more)
    return job(problem, optimizers(), STEPS, seeds=[0, 5], dtype="float64")


def leaves_out(spec: ResolvedJobSpec, layout: Layout = FLOAT64) -> bool:
    """Whether products with zeros are left out."""
    assert isinstance(spec.problem, DatasetProblem)
    dataset = load_dataset(spec.problem.dataset, None)  # type: ignore[arg-type]  # it needs no files
    return load_network_data(spec.problem, dataset, [0], layout).skips_zeros


@pytest.fixture
def two_threads() -> Iterator[None]:
    set_threads(2)
    yield
    set_threads(1)


def test_products_are_left_out_where_that_is_worth_it() -> None:
    assert leaves_out(digits(16))
    assert not leaves_out(digits(15))
    assert not leaves_out(digits(16, batch_size=1025))
    assert not leaves_out(job(network(CLASSES, hidden=[16]), optimizers(), STEPS))


@pytest.mark.parametrize("hidden", [(16,), (17,), (64, 20), (150,)])
@pytest.mark.parametrize("batch_size", [1, 32, 100])
def test_the_numbers_are_pytorchs_up_to_rounding(hidden: tuple[int, ...], batch_size: int) -> None:
    """Widths of one vector, of parts of vectors and of many; batches of parts of a word, of one and of several."""
    spec = digits(*hidden, batch_size=batch_size)
    assert leaves_out(spec)
    assert_close(run(spec), with_pytorch(spec), 1e-9)


def test_a_batch_may_be_as_large_as_there_is_room_for() -> None:
    spec = job(network(DIGITS, hidden=[16], batch_size=1024), optimizers(AYLAS[:1]), 4, dtype="float64")
    assert leaves_out(spec)
    assert_close(run(spec), with_pytorch(spec), 1e-9)


def test_float32() -> None:
    spec = job(network(DIGITS, hidden=[33], batch_size=20), optimizers(AYLAS[:2]), 10, dtype="float32")
    assert_close(run(spec), with_pytorch(spec), 2e-3)


@pytest.mark.parametrize("hidden", [(16,), (150, 20)])
def test_a_trial_depends_neither_on_its_neighbours_nor_on_threads(hidden: tuple[int, ...], two_threads: None) -> None:
    spec = digits(*hidden)
    several = run(spec)
    set_threads(1)
    assert_same(several, run(spec))
    for trial in plan_trials(spec)[::5]:
        assert_same_columns(several.trajectories[trial.index], run(spec, [trial]).trajectories[trial.index])


def test_a_wide_layer_alone_gives_the_same_bits_on_two_threads(two_threads: None) -> None:
    """Its sums are not shared out, unlike those of a product of the BLAS; so steps may be shared out or not."""
    spec = job(network(DIGITS, hidden=[700], batch_size=32), optimizers(AYLAS[:1])[:1], 10)
    together = run(spec)
    set_threads(1)
    assert_same(together, run(spec))


def test_a_checkpoint_goes_on_bit_for_bit() -> None:
    spec = digits(40)
    recorder = MemoryRecorder()
    for steps in (7, 1, STEPS):
        engine = Engine(spec, plan_trials(spec), FLOAT64.device)
        if recorder.checkpoint is not None:
            engine.restore(recorder.checkpoint)
        recorder.write(engine.advance(steps), engine.checkpoint)
    assert_same(run(spec), recorder)


def test_a_weight_that_is_not_finite_meets_zeros_too() -> None:
    """Its product with 0 is no number, as with PyTorch: the loss of a trial that dies of it is none either."""
    spec = job(network(DIGITS, hidden=[20], batch_size=50), optimizers(AYLAS[:1])[:1], 2, dtype="float64")
    trials = plan_trials(spec)
    stepper = choose_stepper(spec, TrialBatch.of(spec.problem, trials), FLOAT64.device, None).stepper
    stepper.state()["parameters"][0, 3] = torch.inf  # of the first pixel, which is 0 in every image
    assert np.isnan(stepper.metrics(["test"])["test_loss"]).all()
    statistics = TrialStatistics.blank(1, stepper.places)
    stepper.advance(0, 1, statistics, last=False)
    assert statistics.first_nonfinite[0] == 0
    assert np.isnan(statistics.final_loss[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_become_the_same_numbers(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images are read as bytes, and multiplied where they are used."""
    spec = job(network(DIGITS, hidden=[20], batch_size=50), optimizers(AYLAS[:1]), 10, dtype=dtype)
    pixels, made = run(spec), network_data._samples
    monkeypatch.setattr(network_data, "_samples", lambda part, _, **more: made(part, None, **more))
    assert_same(pixels, run(spec))
