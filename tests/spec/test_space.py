"""The settings of a job as columns, and its trials as batches."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from ayla_spec import JobSpec, ResolvedJobSpec, resolve
from ayla_spec.batch import TrialBatch
from ayla_spec.design import plan_points
from ayla_spec.space import Space
from ayla_spec.trials import plan_trials
from hypothesis import given
from hypothesis import strategies as st

SPEC: dict[str, Any] = {
    "problem": {"type": "expression", "expression": "x**2", "start": {"x": 1.0}},
    "optimizers": [
        {"name": "adam", "learning_rate": 0.1, "ayla": {"n1": 0.5}},
        {"name": "sgd", "learning_rate": 0.2, "label": "plain", "arm": "sgd"},
    ],
    "budget": {"steps": 3},
    "seeds": [5, 0, 7],
}
SWEPT: dict[str, Any] = {
    "name": "adam",
    "learning_rate": {"values": [0.1, 0.2]},
    "ayla": {"n1": {"low": 0.5, "high": 1.5, "count": 3}},
}
DRAWN = {"name": "adam", "learning_rate": {"low": 0.1, "high": 0.2}, "ayla": {"n1": {"values": [0.5, 1.0, 1.5]}}}
DIGITS = {
    "type": "dataset",
    "dataset": {"name": "digits"},
    "model": {"name": "mlp", "hidden": [{"values": [4, 8]}]},
    "batch_size": {"values": [32, 16]},
}


def resolved(**fields: Any) -> ResolvedJobSpec:
    return resolve(JobSpec.model_validate(SPEC | fields))


def space_of(**fields: Any) -> Space:
    spec = resolved(**fields)
    return Space.of(spec, plan_points(spec))


def test_a_job_without_axes_has_one_setting_for_each_arm() -> None:
    space = space_of()
    assert [(arm.name, arm.label, arm.first, arm.settings) for arm in space.arms] == [
        ("AYLA-Adam lr=0.1 N1=0.5 N2=1", "AYLA-Adam lr=0.1 N1=0.5 N2=1", 0, 1),
        ("sgd", "plain", 1, 1),
    ]
    assert (space.settings_total, space.trials_total, space.has_variants) == (2, 6, False)
    assert [space.arm_of(number).entry for number in range(2)] == [0, 1]


def test_a_batch_says_what_the_plans_say() -> None:
    spec = resolved()
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
    batch = space_of().batch(0, 6)
    part = batch.take(slice(2, 4))
    assert part.indices.tolist() == [2, 3]
    assert part.seeds.tolist() == [7, 5]
    assert part.numbers("learning_rate").tolist() == [0.1, 0.2]


def test_a_grid_lists_every_combination_and_its_last_axis_changes_first() -> None:
    space = space_of(optimizers=[SWEPT, SPEC["optimizers"][1]])
    assert [(arm.label, arm.first, arm.settings) for arm in space.arms] == [("AYLA-Adam N2=1", 0, 6), ("plain", 6, 1)]
    columns = space.columns(0, 0, 6)
    assert list(zip(*(column.tolist() for column in columns.values()), strict=True)) == list(
        product([0.1, 0.2], [0.5, 1.0, 1.5])
    )
    assert [space.label(number) for number in (0, 5, 6)] == [
        "AYLA-Adam N2=1: lr=0.1 N1=0.5",
        "AYLA-Adam N2=1: lr=0.2 N1=1.5",
        "plain",
    ]
    setting = space.setting(4)
    assert (setting.learning_rate, setting.ayla and setting.ayla.n1) == (0.2, 1.0)
    assert (setting.label, setting.arm) == ("AYLA-Adam N2=1: lr=0.2 N1=1", "AYLA-Adam N2=1")


def test_a_batch_of_arms_with_and_without_axes() -> None:
    space = space_of(optimizers=[SPEC["optimizers"][1], SWEPT])
    batch = space.batch(1, 10)
    assert batch.indices.tolist() == list(range(1, 11))
    assert batch.arms.tolist() == [0, 0] + [1] * 8
    assert batch.seeds.tolist() == [0, 7] + [5, 0, 7] * 2 + [5, 0]
    assert batch.numbers("learning_rate").tolist() == [0.2] * 2 + [0.1] * 8
    assert batch.numbers("ayla.n1", 1.0).tolist() == [1.0] * 2 + [0.5] * 3 + [1.0] * 3 + [1.5] * 2
    assert np.isnan(batch.columns["ayla.n1"][:2]).all()
    assert batch.settings(9).model_dump(exclude={"label", "arm"}) == space.setting(3).model_dump(
        exclude={"label", "arm"}
    )


def test_axes_that_move_as_one() -> None:
    arm = {"name": "adam", "learning_rate": {"values": [3.0, 1.0]}, "beta1": {"low": 0.5, "high": 0.9, "count": 2}}
    space = space_of(optimizers=[arm], search={"together": [["beta1", "learning_rate"]]})
    assert {path: column.tolist() for path, column in space.columns(0, 0, 2).items()} == {
        "learning_rate": [3.0, 1.0],
        "beta1": [0.5, 0.9],
    }


def test_settings_of_one_problem_stand_together() -> None:
    space = space_of(problem=DIGITS, optimizers=[SWEPT | {"clip_norm": {"values": [1.0, 2.0]}}], seeds=[0])
    columns = space.columns(0, 0, 48)
    assert columns["problem.model.hidden.0"].tolist() == [4] * 24 + [8] * 24
    assert columns["problem.batch_size"].tolist() == ([32] * 12 + [16] * 12) * 2
    batch = space.batch(12, 12)
    assert (batch.problem.batch_size, batch.problem.model.hidden) == (16, [4])  # type: ignore[union-attr]
    assert not any(path.startswith("problem.") for path in batch.columns)
    assert space.problem_at(24).model.hidden == [8]  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="batch_size differs"):
        space.batch(11, 2)


def test_drawn_settings_of_one_problem_stand_together() -> None:
    arm = {"name": "adam", "learning_rate": {"low": 0.1, "high": 0.2}}
    search = {"design": "random", "settings": 40}
    space = space_of(problem=DIGITS, optimizers=[arm], search=search)
    columns = space.columns(0, 0, 40)
    kinds = list(zip(columns["problem.model.hidden.0"], columns["problem.batch_size"], strict=True))
    assert kinds == sorted(kinds)
    assert len(set(kinds)) == 4


def test_a_start_differs_within_a_batch() -> None:
    problem = {
        "type": "expression",
        "expression": "x**2 + y[1] + y[0]",
        "start": {"x": {"values": [1, 2]}, "y": [0, {"values": [3, 4]}]},
    }
    space = space_of(problem=problem, seeds=[0])
    batch = space.batch(0, 8)
    assert batch.columns["problem.start.x"].tolist() == [1, 1, 2, 2] * 2
    assert batch.columns["problem.start.y.1"].tolist() == [3, 4] * 4
    assert space.problem_at(3).start == {"x": 2.0, "y": [0.0, 4.0]}  # type: ignore[union-attr]
    assert space.label(2) == "AYLA-Adam lr=0.1 N1=0.5 N2=1: start.x=2 start.y.1=3"


@pytest.mark.parametrize("design", ["random", "sobol"])
def test_drawn_points_lie_in_the_axes_and_are_the_same_again(design: str) -> None:
    search = {"design": design, "settings": 100, "seed": 3}
    one, other = (plan_points(resolved(optimizers=[DRAWN, DRAWN], search=search)) for _ in range(2))
    for mine, yours in zip(one, other, strict=True):
        assert all((mine[path] == yours[path]).all() for path in mine)
        assert ((mine["learning_rate"] >= 0.1) & (mine["learning_rate"] <= 0.2)).all()
        assert set(mine["ayla.n1"]) == {0.5, 1.0, 1.5}
    assert (one[0]["learning_rate"] != one[1]["learning_rate"]).all()
    another = plan_points(resolved(optimizers=[DRAWN], search=search | {"seed": 4}))
    assert (one[0]["learning_rate"] != another[0]["learning_rate"]).all()


@pytest.mark.parametrize("design", ["random", "sobol"])
def test_shared_axes_have_the_same_points_in_every_arm(design: str) -> None:
    search = {"design": design, "settings": 100, "share": ["learning_rate"]}
    plain = {"name": "sgd", "learning_rate": DRAWN["learning_rate"], "momentum": {"low": 0.0, "high": 0.9}}
    adam, sgd = plan_points(resolved(optimizers=[DRAWN, plain], search=search))
    assert (adam["learning_rate"] == sgd["learning_rate"]).all()
    assert abs(np.corrcoef(adam["learning_rate"], sgd["momentum"])[0, 1]) < 0.3


@pytest.mark.parametrize("design", ["random", "sobol"])
@pytest.mark.parametrize("settings", [1, 7, 29, 30])
def test_axes_with_a_number_of_points_give_no_setting_twice(design: str, settings: int) -> None:
    arm = {
        "name": "adam",
        "learning_rate": {"values": [0.1, 0.2, 0.3]},
        "clip_norm": {"low": 1.0, "high": 10.0, "count": 10},
    }
    (points,) = plan_points(resolved(optimizers=[arm], search={"design": design, "settings": settings}))
    assert len(set(zip(*points.values(), strict=True))) == settings


@pytest.mark.parametrize("design", ["random", "sobol"])
def test_fewer_points_are_the_first_ones(design: str) -> None:
    spec = resolved(optimizers=[DRAWN], search={"design": design, "settings": 100})
    (all_of_them,), (some,) = plan_points(spec), plan_points(spec, 5)
    assert all((some[path] == all_of_them[path][:5]).all() for path in some)


def test_another_axis_changes_nothing_of_the_points_of_the_others() -> None:
    search = {"design": "sobol", "settings": 10}
    (before,) = plan_points(resolved(optimizers=[DRAWN], search=search | {"design": "random"}))
    (after,) = plan_points(
        resolved(optimizers=[DRAWN | {"clip_norm": {"low": 1.0, "high": 2.0}}], search=search | {"design": "random"})
    )
    assert (before["learning_rate"] == after["learning_rate"]).all()


def test_shuffled_settings_are_the_same_ones_in_another_order() -> None:
    arm = {
        "name": "adam",
        "learning_rate": {"low": 0.1, "high": 1.0, "count": 100},
        "clip_norm": {"values": [1.0, 2.0]},
    }
    listed = space_of(optimizers=[arm]).columns(0, 0, 200)
    space = space_of(optimizers=[arm], search={"order": "shuffled", "seed": 1})
    mixed = space.columns(0, 0, 200)
    pairs = [list(zip(*(columns[path].tolist() for path in columns), strict=True)) for columns in (listed, mixed)]
    assert sorted(pairs[0]) == sorted(pairs[1]) != pairs[1]
    assert [space.columns(0, place, place + 1)["learning_rate"][0] for place in range(20)] == pairs_of(pairs[1][:20])
    # The first part covers the whole axis.
    assert np.histogram(mixed["learning_rate"][:40], bins=4, range=(0.1, 1.0))[0].min() >= 4


def pairs_of(pairs: list[tuple[float, float]]) -> list[float]:
    return [first for first, _ in pairs]


@st.composite
def jobs(draw: st.DrawFn) -> ResolvedJobSpec:
    """Jobs with some arms, each with some axes."""
    design = draw(st.sampled_from(["grid", "random", "sobol"]))
    values = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4, unique=True).map(lambda found: {"values": found})
    ranges = st.builds(
        lambda count, scale: {"low": 0.01, "high": 0.9, "scale": scale} | ({"count": count} if count else {}),
        st.integers(2, 5) if design == "grid" else st.none() | st.integers(2, 5),
        st.sampled_from(["linear", "log", "reverse-log"]),
    )
    number = st.just(0.5) | values | ranges
    arm = st.fixed_dictionaries(
        {"name": st.just("adam"), "learning_rate": number, "beta1": number}, optional={"clip_norm": number}
    )
    optimizers = draw(st.lists(arm, min_size=1, max_size=3))
    axes: list[Any] = [value for one in optimizers for value in one.values() if isinstance(value, dict)]
    if not axes:
        return resolved(optimizers=optimizers)
    search = {"design": design, "order": draw(st.sampled_from(["listed", "shuffled"])), "seed": draw(st.integers(0, 9))}
    least = min(len(axis["values"]) if "values" in axis else axis.get("count", 5) for axis in axes)
    return resolved(
        optimizers=optimizers,
        seeds=list(range(draw(st.integers(1, 3)))),
        search=search if design == "grid" else search | {"settings": draw(st.integers(1, least))},
    )


@given(jobs())
def test_counts_are_those_of_the_list_and_labels_are_unique(spec: ResolvedJobSpec) -> None:
    space = Space.of(spec, plan_points(spec))
    settings = [space.setting(number) for number in range(space.settings_total)]
    assert sum(arm.settings for arm in space.arms) == len(settings)
    assert space.trials_total == len(settings) * len(spec.seeds)
    labels = [setting.label for setting in settings]
    assert len(set(labels)) == len(labels)
    for arm in space.arms:
        found = space.columns(arm.entry, 0, arm.settings)
        assert list(found) == list(arm.axes)
        for path, column in found.items():
            assert len(column) == arm.settings
            assert ((column >= arm.axes[path].least) & (column <= arm.axes[path].most)).all()
    if spec.search and spec.search.design == "grid":
        for arm in space.arms:
            own = settings[arm.first : arm.first + arm.settings]
            assert len({setting.model_dump_json(exclude={"label"}) for setting in own}) == arm.settings


@given(jobs(), st.data())
def test_any_part_of_a_batch_says_what_single_settings_say(spec: ResolvedJobSpec, data: st.DataObject) -> None:
    space = Space.of(spec, plan_points(spec))
    first = data.draw(st.integers(0, space.trials_total - 1))
    count = data.draw(st.integers(1, space.trials_total - first))
    batch = space.batch(first, count)
    assert batch.indices.tolist() == list(range(first, first + count))
    seeds = len(spec.seeds)
    for place, index in enumerate(batch.indices.tolist()):
        mine, theirs = batch.settings(place), space.setting(index // seeds)
        assert mine.model_copy(update={"label": None, "arm": None}) == theirs.model_copy(
            update={"label": None, "arm": None}
        )
        assert batch.seeds[place] == spec.seeds[index % seeds]


def test_points_are_read_piece_by_piece() -> None:
    spec = resolved(optimizers=[SPEC["optimizers"][1], DRAWN], search={"design": "random", "settings": 50})
    points = plan_points(spec)
    asked: list[tuple[int, int, int]] = []

    def source(arm: int, start: int, stop: int) -> dict[str, Any]:
        asked.append((arm, start, stop))
        return {path: column[start:stop] for path, column in points[arm].items()}

    batch = Space.of(spec, source).batch(6, 30)
    assert asked == [(1, 1, 11)]
    assert batch.columns["learning_rate"].tolist() == np.repeat(points[1]["learning_rate"][1:11], 3).tolist()
    with pytest.raises(ValueError, match="the space needs them"):
        Space.of(spec).batch(6, 30)
