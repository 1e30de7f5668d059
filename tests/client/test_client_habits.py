"""What users of torch and other libraries are used to works, or is answered with what to write."""

from collections.abc import Callable
from typing import Any

import ayla
import pytest
from ayla.builders import functions
from ayla_spec import JobSpec
from ayla_spec.functions import TEST_FUNCTIONS

from tests.client.fake_service import FakeService

X: Any = ayla.expression("x**2", x=1.0)
UNTYPED: Any = ayla
"""A type checker refuses most of what these tests write."""


def test_a_learning_rate_may_be_called_lr_and_two_betas_be_a_pair() -> None:
    assert ayla.adam(lr=0.1) == ayla.adam(0.1) == {"name": "adam", "learning_rate": 0.1}
    assert ayla.adamw(lr=0.1, betas=(0.8, 0.99)) == ayla.adamw(0.1, beta1=0.8, beta2=0.99)
    assert ayla.lion(lr=ayla.log(1e-4, 0.1, 4))["learning_rate"]["scale"] == "log"


def jobs() -> Any:
    return FakeService().client().jobs


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: UNTYPED.adam(), r"adam\(\) needs a learning rate: adam\(0.01\), or adam\(lr=0.01\)"),
        (lambda: UNTYPED.adam(0.1, lr=0.1), "twice"),
        (lambda: UNTYPED.sgd(iter([1.0]), lr=0.1), "no parameters to give: the service makes those"),
        (lambda: UNTYPED.adam("0.1"), "takes a number as learning rate, not '0.1'"),
        (lambda: UNTYPED.spec(problem=X, n_seeds=5), "seeds here: seeds=5"),
        (lambda: UNTYPED.adam(0.1, betas=(0.9, 0.99), beta1=0.9), "betas, and beta1"),
        (lambda: UNTYPED.adam(0.1, betas=0.9), "two betas"),
        (lambda: UNTYPED.adam(0.1, eps=1e-6), "'eps'; it is epsilon here"),
        (lambda: UNTYPED.adam(0.1, amsgrad=True), "an optimizer of its own"),
        (lambda: UNTYPED.adagrad(0.1, initial_accumulator_value=1), "initial_accumulator here"),
        (lambda: UNTYPED.sgd(0.1, fused=True), "; it is not needed"),
        (lambda: UNTYPED.sgd(0.1, n2=0.5), "ayla.transform"),
        (lambda: UNTYPED.adam(0.1, beta3=1), "unexpected keyword argument 'beta3'$"),
        (lambda: ayla.expression("x**2", start=1.0), "start names the variables"),
        (lambda: ayla.expression("x**2", start={"x": 1.0}, x=2.0), "start of x twice"),
        (lambda: functions.powell(6), "a multiple of 4"),
        (lambda: functions.trid(3, random=True), "the domain depends on the dimension"),
        (lambda: functions.sphere(3, x=[1.0]), "the start of x is given"),
        (lambda: jobs().submit(problem=X, epochs=3), r"part of the budget"),
        (lambda: jobs().submit(problem=X, optimizer=1), "optimizers here, a list"),
        (lambda: UNTYPED.spec(problem=X, seeds=0), "at least 1"),
        (lambda: UNTYPED.spec(problem=X, seeds=2.5), "a number of seeds"),
    ],
)
def test_a_word_or_value_that_is_another_one_here_is_told(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        call()


def test_a_number_of_seeds_and_one_optimizer_are_lists() -> None:
    job = FakeService().client().jobs.submit(problem=X, optimizers=ayla.sgd(lr=0.1), budget=5, seeds=3, tags="mine")
    assert job.resolved is not None
    assert job.resolved["seeds"] == [0, 1, 2]
    assert job.spec is not None
    assert job.spec["tags"] == ["mine"]
    assert ayla.spec(problem=X, budget=5) == {"problem": X, "budget": {"steps": 5}}


def test_a_start_is_a_mapping_or_a_variable_of_that_name() -> None:
    assert ayla.expression("x**2 + y", start={"x": 1.0}, y=2.0)["start"] == {"x": 1.0, "y": 2.0}
    assert ayla.expression("start**2", start=3.0)["start"] == {"start": 3.0}
    assert ayla.expression("start**2", start=ayla.uniform(0, 1))["start"] == {"start": {"uniform": [0, 1]}}
    assert ayla.expression("restart**2", start={"restart": 1})["start"] == {"restart": 1}


@pytest.mark.parametrize("known", TEST_FUNCTIONS, ids=lambda known: known.name)
def test_a_test_function_is_the_services(known: Any) -> None:
    build = getattr(ayla.functions, known.name.replace("-", "_"))
    assert build() == {"type": "expression", "expression": known.expression, "start": as_lists(known.start)}
    assert build(random=True)["start"] == {
        name: value.model_dump(mode="json", exclude_none=True) for name, value in known.random_start.items()
    }
    if known.family is not None:
        dimension = 3 * known.family.multiple
        assert build(dimension)["start"] == as_lists(known.in_dimension(dimension).start)
    JobSpec.model_validate({"problem": build(noise=0.1), "optimizers": [ayla.sgd(0.1)], "budget": {"steps": 1}})


def as_lists(start: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, float) else [*value] for name, value in start.items()}
