"""The service's settings that the messages of the core name."""

from pathlib import Path

import pytest
from ayla_core.datasets import DatasetUnavailable, DataSource, load_dataset
from ayla_service.settings import Settings
from ayla_spec.datasets import FashionMnistDataset, MnistDataset


def test_the_defaults_find_everything_without_being_set() -> None:
    settings = Settings()
    assert settings.datasets_folder == Path("ayla-data/datasets")
    assert settings.download_datasets
    assert [url[-7:] for url in settings.mnist_mirrors] == ["/mnist/", "/mnist/"]
    assert len(settings.fashion_mnist_mirrors) == 1


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_DATASETS_DIR", "/srv/data")
    monkeypatch.setenv("AYLA_DOWNLOAD_DATASETS", "false")
    monkeypatch.setenv("AYLA_MNIST_MIRRORS", '["http://files.example.org/mnist"]')
    monkeypatch.setenv("AYLA_FASHION_MNIST_MIRRORS", "[]")
    settings = Settings()
    assert (settings.datasets_folder, settings.download_datasets) == (Path("/srv/data"), False)
    assert (settings.mnist_mirrors, settings.fashion_mnist_mirrors) == (["http://files.example.org/mnist"], [])


@pytest.mark.parametrize("dataset", [MnistDataset(), FashionMnistDataset()])
def test_every_setting_that_an_error_names_exists(tmp_path: Path, dataset: MnistDataset | FashionMnistDataset) -> None:
    with pytest.raises(DatasetUnavailable) as refusal:
        load_dataset(dataset, DataSource(tmp_path, allow_download=False))
    words = str(refusal.value).replace("(", " ").replace(")", " ").replace(";", " ").replace(".", " ").split()
    named = {word.removeprefix("AYLA_").lower() for word in words if word.startswith("AYLA_")}
    assert len(named) == 3
    assert named <= set(Settings.model_fields)
