"""Generated data and scikit-learn's digits: as documented, and the same for the same seed."""

from collections.abc import Callable

import numpy as np
import pytest
from ayla_core.datasets import DatasetError, DataSource, load_dataset
from ayla_core.datasets.built_in import draw_classification, draw_regression, load_digits
from ayla_core.datasets.dataset import LoadedDataset
from ayla_core.datasets.split import split_rows
from ayla_spec.datasets import ClassificationDataset, CurveDataset, DigitsDataset, RegressionDataset
from hypothesis import given
from hypothesis import strategies as st

Settings = RegressionDataset | ClassificationDataset | DigitsDataset


def inputs_of_all(dataset: LoadedDataset) -> np.ndarray:
    assert dataset.test_inputs is not None
    return np.concatenate([dataset.inputs, dataset.test_inputs])


@given(
    samples=st.integers(2, 500),
    test_fraction=st.floats(0, 1, exclude_max=True),
    data_seed=st.integers(0, 2**32 - 1),
)
def test_a_split_is_a_partition_and_the_same_for_the_same_seed(
    samples: int, test_fraction: float, data_seed: int
) -> None:
    settings = DigitsDataset(test_fraction=test_fraction, data_seed=data_seed)
    train, test = split_rows(samples, settings, np.random.default_rng(data_seed))
    assert sorted([*train, *test]) == list(range(samples))
    assert len(train) == settings.kept(samples)
    assert (train.tolist(), test.tolist()) == (sorted(train), sorted(test))
    again = split_rows(samples, settings, np.random.default_rng(data_seed))
    assert [part.tolist() for part in again] == [train.tolist(), test.tolist()]


@pytest.mark.parametrize("kind", [RegressionDataset, ClassificationDataset])
@given(
    samples=st.integers(2, 200), features=st.integers(1, 8), fraction=st.floats(0, 0.99), seed=st.integers(0, 2**32 - 1)
)
def test_sizes_are_those_the_settings_promise(
    kind: type[RegressionDataset] | type[ClassificationDataset],
    samples: int,
    features: int,
    fraction: float,
    seed: int,
) -> None:
    settings = kind(samples=samples, feature_count=features, test_fraction=fraction, data_seed=seed)
    draw = draw_regression if isinstance(settings, RegressionDataset) else draw_classification
    dataset = draw(settings)  # type: ignore[arg-type]  # each with its own settings
    assert dataset.samples == settings.training_samples
    assert dataset.samples + dataset.test_samples == samples
    assert dataset.shape == (features,)


@pytest.mark.parametrize(
    ("draw", "settings"),
    [
        (draw_regression, RegressionDataset()),
        (draw_classification, ClassificationDataset()),
        (load_digits, DigitsDataset()),
    ],
)
def test_the_seed_decides_everything(draw: Callable[[Settings], LoadedDataset], settings: Settings) -> None:
    dataset, again = draw(settings), draw(settings)
    other = draw(settings.model_copy(update={"data_seed": 1}))
    np.testing.assert_array_equal(dataset.inputs, again.inputs)
    np.testing.assert_array_equal(dataset.targets, again.targets)
    assert not np.array_equal(dataset.inputs, other.inputs)


@pytest.mark.parametrize("informative", [None, 1, 3])
def test_a_regression_has_a_target_of_unit_variance_that_some_features_explain(informative: int | None) -> None:
    dataset = draw_regression(
        RegressionDataset(samples=20_000, feature_count=8, informative=informative, noise=0.0, test_fraction=0.5)
    )
    inputs, targets = dataset.inputs, dataset.targets[:, 0]
    weights, *_ = np.linalg.lstsq(inputs, targets, rcond=None)
    np.testing.assert_allclose(inputs @ weights, targets, atol=1e-10)
    assert np.count_nonzero(np.abs(weights) > 1e-10) == (informative or 8)
    assert targets.var() == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(inputs.std(axis=0), 1, atol=0.05)


def test_the_noise_of_a_regression_has_its_standard_deviation() -> None:
    with_noise = draw_regression(RegressionDataset(samples=20_000, noise=0.5))
    without = draw_regression(RegressionDataset(samples=20_000, noise=0.0))
    np.testing.assert_array_equal(with_noise.inputs, without.inputs)
    assert (with_noise.targets - without.targets).std() == pytest.approx(0.5, rel=0.03)


def test_a_classification_has_a_cloud_of_unit_variance_at_each_centre() -> None:
    settings = ClassificationDataset(samples=40_000, feature_count=5, class_count=4, separation=3.0, test_fraction=0.0)
    dataset = draw_classification(settings)
    assert (dataset.classes, dataset.outputs, dataset.targets.dtype.name) == (4, 4, "int64")
    assert np.bincount(dataset.targets).tolist() == [10_000] * 4
    for label in range(4):
        cloud = dataset.inputs[dataset.targets == label]
        assert np.linalg.norm(cloud.mean(axis=0)) == pytest.approx(3.0, abs=0.1)
        np.testing.assert_allclose(cloud.std(axis=0), 1, atol=0.05)


def test_the_digits_are_scikit_learns(offline: DataSource) -> None:
    dataset = load_dataset(DigitsDataset(), offline)
    assert (dataset.samples, dataset.test_samples) == (DigitsDataset().training_samples, 359)
    assert (dataset.shape, dataset.classes, dataset.inputs.dtype.name) == ((8, 8), 10, "uint8")
    assert inputs_of_all(dataset).max() * dataset.input_scale == 1.0
    everything = load_dataset(DigitsDataset(test_fraction=0.0), offline)
    assert everything.targets[:10].tolist() == [*range(10)]
    assert everything.inputs[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_generated_data_that_no_worker_has_room_for_are_refused(offline: DataSource) -> None:
    with pytest.raises(DatasetError, match="The generated dataset has more values"):
        load_dataset(RegressionDataset(samples=1_000_000, feature_count=10_000), offline)


def test_a_curve_is_drawn_and_not_loaded(offline: DataSource) -> None:
    with pytest.raises(TypeError, match="curve"):
        load_dataset(CurveDataset(), offline)
