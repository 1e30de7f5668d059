"""The builders say everything that the committed contract knows, and nothing else."""

import inspect
import json
from pathlib import Path
from typing import Any

import ayla
import numpy
import pytest
from ayla.builders import models, optimizers, problems, schedules
from ayla.builders.settings import CommonSettings

from tests.client.fake_service import FakeService

SCHEMAS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "openapi.json").read_text())["components"]["schemas"]


def members(union: dict[str, Any]) -> dict[str, set[str]]:
    """Name and settings of each member of a union that ``name`` tells apart."""
    mapping = union["discriminator"]["mapping"]
    return {
        name: {*SCHEMAS[reference.rpartition("/")[2]]["properties"]} - {"name"} for name, reference in mapping.items()
    }


def without_null(schema: dict[str, Any]) -> dict[str, Any]:
    (found,) = [option for option in schema["anyOf"] if option.get("type") != "null"]
    assert isinstance(found, dict)
    return found


OPTIMIZERS = members(without_null(SCHEMAS["JobSpec"]["properties"]["optimizers"])["items"])
SCHEDULES = members(without_null(SCHEMAS["Sgd"]["properties"]["schedule"]))
MODELS = members(SCHEMAS["DatasetProblem"]["properties"]["model"])
DATASETS = members(SCHEMAS["DatasetProblem"]["properties"]["dataset"])


def parameters(function: Any) -> set[str]:
    names = {*inspect.signature(function).parameters}
    return names - {"common"} | {*CommonSettings.__annotations__} if "common" in names else names


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_has_a_builder_with_all_its_settings(name: str) -> None:
    habits = {"lr"} | ({"betas"} if {"beta1", "beta2"} <= OPTIMIZERS[name] else set())
    assert parameters(getattr(optimizers, name)) == OPTIMIZERS[name] | habits
    assert getattr(ayla, name) is getattr(optimizers, name)


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_has_a_builder_with_all_its_settings(name: str) -> None:
    assert parameters(getattr(schedules, name)) == SCHEDULES[name]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_builder_with_all_its_settings(name: str) -> None:
    assert parameters(getattr(models, name)) == MODELS[name]
    assert getattr(ayla, name)() == getattr(models, name)()


def test_aylas_settings_are_all_there() -> None:
    assert parameters(ayla.transform) == {*SCHEMAS["Ayla"]["properties"]}


def test_every_dataset_is_named_where_an_editor_shows_it() -> None:
    assert all(f'"{name}"' in (problems.dataset.__doc__ or "") for name in DATASETS)
    fields = {*SCHEMAS["DatasetProblem"]["properties"]} - {"type", "dataset"}
    assert parameters(problems.dataset) == fields | {"name", "settings"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_service_takes_what_a_builder_makes(name: str) -> None:
    build = getattr(ayla, name)
    settings = build(0.1, schedule=ayla.schedules.cosine(warmup_steps=2), clip_norm=1.0, ayla=ayla.transform(1.5, 1.0))
    job = FakeService().client().jobs.submit(problem=ayla.expression("x**2", x=1.0), optimizers=[settings], budget=9)

    assert job.resolved is not None
    assert job.resolved["optimizers"][0].items() >= {"name": name, "learning_rate": 0.1, "clip_norm": 1.0}.items()


def test_a_setting_that_there_is_not_is_a_wrong_call() -> None:
    with pytest.raises(TypeError, match="adam\\(\\) got an unexpected keyword argument 'beta3'"):
        ayla.adam(0.1, beta3=0.5)  # type: ignore[call-arg]  # what the test is about


def test_only_what_is_given_is_sent() -> None:
    assert ayla.rmsprop(0.1, centered=False) == {"name": "rmsprop", "learning_rate": 0.1, "centered": False}
    assert ayla.mlp() == {"name": "mlp"}
    assert ayla.mlp(64, 32, activation="tanh", initialization="he") == {
        "name": "mlp",
        "hidden": [64, 32],
        "activation": "tanh",
        "initialization": {"name": "he"},
    }
    assert ayla.cnn(8, initialization={"name": "normal", "std": 0.1})["initialization"]["std"] == 0.1
    assert ayla.linear() == {"name": "linear"}
    assert ayla.schedules.step(100, factor=0.5) == {"name": "step", "every": 100, "factor": 0.5}


@pytest.mark.parametrize(
    ("problem", "steps"),
    [
        (ayla.dataset("mnist", model=ayla.mlp(128), batch_size=32), 2 * 1875),
        (ayla.dataset("digits", model=ayla.cnn(4), loss="mse-softmax", batch_size=100, test_fraction=0.5), 2 * 9),
        (ayla.dataset("regression", model=ayla.linear(), samples=200, feature_count=3), 2),
    ],
    ids=["mnist", "digits", "regression"],
)
def test_a_dataset_is_submitted_for_epochs(problem: dict[str, Any], steps: int) -> None:
    client = FakeService().client()
    job = client.jobs.submit(problem=problem, optimizers=[ayla.adamw(1e-3)], budget={"epochs": 2})

    assert job.resolved is not None
    assert job.resolved["budget"] == {"steps": steps}
    assert job.resolved["problem"]["dataset"].items() >= problem["dataset"].items()


@pytest.mark.parametrize("x", [[3.0, -2.0], (3, -2), numpy.array([3.0, -2.0])], ids=["list", "tuple", "array"])
def test_a_start_may_be_a_vector(x: Any) -> None:
    problem = ayla.expression("sum(x[i]**2 for i in range(len(x))) + y", x=x, y=1.0)
    job = FakeService().client().jobs.submit(problem=problem, optimizers=[ayla.lion(0.1)], budget=5)

    assert job.resolved is not None
    assert job.resolved["problem"]["start"] == {"x": [3.0, -2.0], "y": 1.0}


def test_a_start_may_be_drawn_and_a_gradient_noisy() -> None:
    text = "sum(x) + y + sum(z)"
    x, y = ayla.uniform(-5, 5, dimension=3), ayla.normal(0, 2)
    problem = ayla.expression(text, x=x, y=y, z=[ayla.uniform(0, 1), 1], noise=0.5)
    job = FakeService().client().jobs.submit(problem=problem, optimizers=[ayla.sgd(0.1)], budget=5)

    assert job.resolved is not None
    assert job.resolved["problem"] == {
        "type": "expression",
        "expression": text,
        "start": {
            "x": {"uniform": [-5.0, 5.0], "dimension": 3},
            "y": {"normal": [0.0, 2.0]},
            "z": [{"uniform": [0.0, 1.0]}, 1.0],
        },
        "noise": 0.5,
    }


def test_a_variable_may_be_called_noise_as_ever() -> None:
    problem = {"type": "expression", "expression": "noise**2 + x", "start": {"noise": 1.0, "x": 2.0}}
    assert ayla.expression("noise**2 + x", noise=1.0, x=2.0) == problem
    assert "noise" not in ayla.expression("x", x=2.0)


def test_a_preset_may_start_at_random() -> None:
    assert ayla.preset("poly-sgd") == {"type": "preset", "preset": "poly-sgd"}
    job = FakeService().client().jobs.submit(problem=ayla.preset("poly-sgd", start="random"))

    assert job.resolved is not None
    assert job.resolved["problem"]["start"] == {"x": {"uniform": [-1.0, 3.0]}}


def test_axes_and_designs_are_taken_by_the_service() -> None:
    adam = ayla.adam(
        ayla.log(1e-4, 0.1, 4),
        beta2=ayla.reverse_log(0.9, 0.999, 3),
        schedule=ayla.schedules.cosine(warmup_steps=ayla.values(0, 2)),
        ayla=ayla.transform(n1=ayla.linear(0.5, 2, 4), n2=ayla.values([0.5, 1.0], 1.5, numpy.array([2.0]))),
    )
    tied = ayla.grid(together=[("ayla.n1", "ayla.n2")], shuffled=True, seed=3)
    job = (
        FakeService()
        .client()
        .jobs.submit(problem=ayla.expression("x**2", x=ayla.values(1, 2)), optimizers=[adam], budget=9, search=tied)
    )
    assert job.resolved is not None
    assert job.resolved["optimizers"][0]["learning_rate"] == {"low": 1e-4, "high": 0.1, "scale": "log", "count": 4}
    assert job.resolved["optimizers"][0]["ayla"]["n2"] == {"values": [0.5, 1.0, 1.5, 2.0]}
    assert job.resolved["search"]["together"] == [["ayla.n1", "ayla.n2"]]


@pytest.mark.parametrize("design", [ayla.random, ayla.sobol])
def test_designs_that_draw(design: Any) -> None:
    search = design(8, seed=1, share=["learning_rate"])
    optimizers = [ayla.adam(ayla.log(1e-4, 0.1)), ayla.sgd(ayla.log(1e-4, 0.1), momentum=ayla.linear(0, 0.9))]
    job = (
        FakeService()
        .client()
        .jobs.submit(problem=ayla.expression("x**2", x=1), optimizers=optimizers, budget=9, search=search)
    )
    assert job.resolved is not None
    assert job.resolved["search"].items() >= {"design": design.__name__, "settings": 8, "seed": 1}.items()


@pytest.mark.parametrize(
    "fields", [{"low": 1.0}, {"low": 1.0, "count": 3}, {"low": 1, "high": 2, "initialization": "he"}]
)
def test_a_line_is_an_axis_or_a_model(fields: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="takes low and high"):
        ayla.linear(**fields)
