"""Which figures a job has, by its spec alone, and which options they take."""

from dataclasses import replace
from typing import Any

import pytest
from ayla_service.errors import FigureUnavailable, InvalidQuery
from ayla_service.figures.availability import FigureJob, heatmap_axes, prediction_steps
from ayla_service.figures.drawing import title_of
from ayla_service.figures.options import Across, AxisScale, CellValue, FigureOptions, Form, Kind
from ayla_spec import JobSpec, resolve

from tests.factories import spec

NONE = FigureOptions()


def figure_job(**changes: Any) -> FigureJob:
    return FigureJob("some-id", "job", resolve(JobSpec.model_validate(spec(**changes))))


def expression(dimensions: int) -> dict[str, Any]:
    problem = {"expression": "sum(x[i]**2 for i in range(len(x)))", "start": {"x": [1.0] * dimensions}}
    return {"problem": {"type": "expression"} | problem}


DATASET = {"problem": {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}}}
CURVE = {"problem": {"type": "preset", "preset": "curve-a"}, "optimizers": None, "budget": None}
SWEEP = {
    "optimizers": [
        {"name": "sgd", "learning_rate": rate, "ayla": {"n1": 1.0, "n2": n2}}
        for rate in (0.01, 0.1)
        for n2 in (0.5, 1.0, 1.5)
    ]
}


OF_PAIRS = "forest slopes strip performance-profile data-profile"


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"optimizers": [{"name": "sgd", "learning_rate": 0.1}]}, "loss effective-lr x landscape strip"),
        (expression(2), f"loss effective-lr x landscape {OF_PAIRS}"),
        (expression(3), f"loss effective-lr x {OF_PAIRS}"),
        (expression(10) | SWEEP, f"loss effective-lr heatmap {OF_PAIRS} sensitivity tuning"),
        (DATASET, f"loss accuracy effective-lr {OF_PAIRS} epochs"),
        (CURVE, f"loss effective-lr curve heatmap {OF_PAIRS} sensitivity tuning epochs"),
    ],
)
def test_a_job_has_the_figures_that_make_sense_for_it(changes: dict[str, Any], kinds: str) -> None:
    job = figure_job(**changes)
    assert [kind for kind in Kind if job.unavailable_reason(kind) is None] == kinds.split()


def test_what_a_job_does_not_have_is_refused_with_what_it_has() -> None:
    with pytest.raises(FigureUnavailable, match=r"3 parameters, and at most 2 can be shown\. It has: loss, eff"):
        figure_job(**expression(3)).require(Kind.LANDSCAPE)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Kind.LOSS, {"axis_x": "learning_rate"}),
        (Kind.LOSS, {"at": (1,)}),
        (Kind.HEATMAP, {"max_points": 20}),
        (Kind.HEATMAP, {"across": Across.EPOCH}),
        (Kind.LOSS, {"value": CellValue.STEPS}),
        (Kind.ACCURACY, {"scale": AxisScale.LOG}),
        (Kind.LOSS, {"dpi": 100}),
        (Kind.LOSS, {"metric": "final_loss"}),
        (Kind.LOSS, {"baseline": "SGD"}),
        (Kind.STRIP, {"baseline": "SGD"}),
        (Kind.HEATMAP, {"smooth": 3}),
        (Kind.HEATMAP, {"metric": "test_loss", "value": CellValue.STEPS}),
        (Kind.FOREST, {"tuning_seeds": (1,)}),
        (Kind.FOREST, {"confirm_seeds": (1,)}),
    ],
)
def test_an_option_without_effect_is_refused(kind: Kind, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuery):
        FigureOptions(**options).check(kind, Form.SVG)


def test_a_picture_has_a_most_number_of_pixels() -> None:
    FigureOptions(width=16.0, height=12.0).check(Kind.LOSS, Form.PNG)
    FigureOptions(width=16.0, height=12.0).check(Kind.LOSS, Form.SVG)
    with pytest.raises(InvalidQuery) as raised:
        FigureOptions(width=16.0, height=12.0, dpi=300).check(Kind.LOSS, Form.PNG)
    assert "at most 204" in raised.value.issues[0].detail
    FigureOptions(width=16.0, height=12.0, dpi=204).check(Kind.LOSS, Form.PNG)


def test_the_axes_of_a_heat_map_are_the_settings_that_vary() -> None:
    job = figure_job(**SWEEP)
    assert heatmap_axes(job, NONE) == ("learning_rate", "ayla.n2")
    assert heatmap_axes(job, FigureOptions(axis_x="ayla.n2")) == ("ayla.n2", "learning_rate")
    assert heatmap_axes(job, FigureOptions(axis_y="learning_rate")) == ("ayla.n2", "learning_rate")
    for axis_x, axis_y in (("ayla.n1", None), (None, "label"), ("ayla.n2", "ayla.n2")):
        with pytest.raises(InvalidQuery):
            heatmap_axes(job, FigureOptions(axis_x=axis_x, axis_y=axis_y))


def test_of_many_settings_that_vary_those_with_the_most_values_are_the_axes() -> None:
    optimizers = [
        {"name": "adam", "learning_rate": rate, "beta1": beta1, "clip_norm": clip}
        for rate in (0.1, 0.2)
        for beta1 in (0.5, 0.6, 0.9)
        for clip in (1.0, 2.0, 3.0)
    ]
    assert set(heatmap_axes(figure_job(optimizers=optimizers), NONE)) == {"beta1", "clip_norm"}


def test_of_many_recorded_steps_some_are_drawn_the_first_and_last_among_them() -> None:
    job = figure_job(**CURVE | {"record": {"predictions_at": [0, 10, 20, 30, 40, 50, 60]}})
    assert prediction_steps(job, None) == [0, 20, 40, 60]
    assert prediction_steps(job, (60, 10)) == [10, 60]
    for wrong in ((15,), (0, 10, 20, 30, 40)):
        with pytest.raises(InvalidQuery):
            prediction_steps(job, wrong)


def test_ayla_beside_the_plain_optimizer_is_one_setting_that_varies() -> None:
    optimizers = [
        {"name": "sgd", "learning_rate": rate, "ayla": ayla, "arm": "AYLA-SGD" if ayla else "SGD"}
        for rate in (0.1, 0.2)
        for ayla in (None, {"n2": 1.5})
    ]
    job = figure_job(optimizers=optimizers)
    assert job.varying == {"learning_rate": [0.1, 0.2], "ayla.n2": [None, 1.5]}
    assert heatmap_axes(job, NONE) == ("learning_rate", "ayla.n2")


def test_a_figure_is_called_as_asked_else_as_the_job_else_as_its_preset() -> None:
    plain = replace(figure_job(**CURVE), name=None)
    assert title_of(figure_job(**CURVE), FigureOptions(title="asked")) == "asked"
    assert title_of(figure_job(**CURVE), NONE) == "job"
    assert title_of(plain, NONE) == "curve-a"
    assert title_of(replace(figure_job(**expression(2)), id="0123456789", name=None), NONE) == "Job 01234567"
