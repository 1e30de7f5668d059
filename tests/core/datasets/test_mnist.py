"""MNIST and Fashion-MNIST from files in the folder: what is taken, and what is refused with the file's name."""

import gzip
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from ayla_core.datasets import DatasetError, DatasetUnavailable, DataSource, load_dataset
from ayla_core.datasets.mnist import FILES
from ayla_spec.datasets import FashionMnistDataset, MnistDataset

from tests.core.datasets.idx_files import Contents, images, labels, packed, put, real_mnist, small_dataset

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = FILES


@pytest.mark.parametrize("settings", [MnistDataset(), FashionMnistDataset()])
@pytest.mark.parametrize("pack", [packed, lambda contents: contents], ids=["packed", "unpacked"])
def test_four_files_are_the_dataset(
    folder: Path,
    offline: DataSource,
    settings: MnistDataset | FashionMnistDataset,
    pack: Callable[[Contents], Contents],
) -> None:
    contents = small_dataset()
    put(folder / settings.name, pack(contents))
    dataset = load_dataset(settings, offline)
    assert (dataset.inputs.dtype.name, dataset.inputs.shape, dataset.input_scale) == ("uint8", (20, 28, 28), 1 / 255)
    assert (dataset.targets.dtype.name, dataset.classes, dataset.outputs) == ("int64", 10, 10)
    assert (dataset.shape, dataset.features, dataset.samples, dataset.test_samples) == ((28, 28), 784, 20, 10)
    assert dataset.inputs.tobytes() == contents[TRAIN_IMAGES][16:]
    assert dataset.targets.tolist() == [*range(10)] * 2
    assert dataset.test_inputs is not None
    assert dataset.test_inputs.tobytes() == contents[TEST_IMAGES][16:]


def test_names_may_have_a_dot_and_content_decides_what_is_packed(folder: Path, offline: DataSource) -> None:
    contents = {name.replace("-idx", ".idx"): content for name, content in small_dataset().items()}
    unpacked_under_a_packed_name = {f"{name}.gz": content for name, content in contents.items()}
    put(folder / "mnist", unpacked_under_a_packed_name)
    assert load_dataset(MnistDataset(), offline).samples == 20


DAMAGES: dict[str, tuple[str, bytes, str]] = {
    "gzip cut off": (f"{TRAIN_IMAGES}.gz", gzip.compress(images(20))[:5000], "cannot be read"),
    "gzip damaged": (f"{TRAIN_IMAGES}.gz", gzip.compress(images(20))[:-8] + b"12345678", "cannot be read"),
    "gzip of noise": (f"{TRAIN_IMAGES}.gz", b"\x1f\x8b\x08\x00" + bytes(range(256)), "cannot be read"),
    "empty": (TRAIN_IMAGES, b"", "is not an IDX file"),
    "a web page": (f"{TRAIN_LABELS}.gz", b"<html>moved</html>", "is not an IDX file"),
    "labels for images": (TRAIN_IMAGES, labels([1] * 20), "is not an IDX file of bytes in 3 dimensions"),
    "floats": (TRAIN_IMAGES, struct.pack(">4i", 0xD03, 20, 28, 28), "is not an IDX file of bytes"),
    "other size": (TEST_IMAGES, images(10, side=32), "has samples of 32 x 32; needed are 28 x 28"),
    "cut off": (TEST_IMAGES, images(10)[:-1], "is shorter than its header says"),
    "too long": (TEST_LABELS, labels([*range(10)]) + b"\0", "is longer than its header says"),
    "no samples": (TEST_LABELS, labels([]), "says it has 0 samples"),
    "a claim of billions": (TRAIN_IMAGES, struct.pack(">4I", 0x803, 2**32 - 1, 28, 28), "says it has 4294967295"),
    "a label of 10": (TEST_LABELS, labels([10] * 10), "has the label 10"),
    "fewer labels": (TEST_LABELS, labels([1] * 9), "10 images and .* 9 labels"),
}


@pytest.mark.parametrize(("file", "content", "message"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_refused_by_name(
    folder: Path, offline: DataSource, file: str, content: bytes, message: str
) -> None:
    put(folder / "mnist", small_dataset())
    (folder / "mnist" / file.removesuffix(".gz")).unlink()
    put(folder / "mnist", {file: content})
    with pytest.raises(DatasetError, match=message) as refusal:
        load_dataset(MnistDataset(), offline)
    assert str(folder / "mnist" / file) in str(refusal.value)
    assert "Replace" in str(refusal.value)


def test_without_files_and_downloads_the_error_says_what_to_do(folder: Path, offline: DataSource) -> None:
    put(folder / "fashion-mnist", {TRAIN_IMAGES: images(20)})
    with pytest.raises(DatasetUnavailable) as refusal:
        load_dataset(FashionMnistDataset(), offline)
    assert str(refusal.value) == (
        "The dataset 'fashion-mnist' is not on this worker. Downloads are turned off (AYLA_DOWNLOAD_DATASETS). Put "
        "train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz (packed or unpacked) into "
        f"{folder / 'fashion-mnist'}, or name servers that have them in AYLA_FASHION_MNIST_MIRRORS; "
        "AYLA_DATASETS_DIR sets the folder."
    )


@pytest.fixture
def real(folder: Path) -> Callable[[Literal["mnist", "fashion-mnist"]], None]:
    """Puts the real MNIST under a dataset's name."""

    def copy(name: str) -> None:
        shutil.copytree(real_mnist(), folder / name)

    return copy


def test_the_real_mnist(real: Callable[[str], None], offline: DataSource) -> None:
    real("mnist")
    dataset = load_dataset(MnistDataset(), offline)
    assert (dataset.samples, dataset.test_samples) == (MnistDataset().training_samples, 10_000)
    assert dataset.targets[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(dataset.targets).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert dataset.inputs.mean() * dataset.input_scale == pytest.approx(0.1307, abs=1e-4)
    assert load_dataset(MnistDataset(), offline) is dataset


def test_mnist_is_not_taken_for_fashion(real: Callable[[str], None], offline: DataSource) -> None:
    real("fashion-mnist")
    with pytest.raises(DatasetError, match="are those of MNIST, not of Fashion-MNIST"):
        load_dataset(FashionMnistDataset(), offline)


def test_other_images_are_not_taken_for_mnist(folder: Path, offline: DataSource) -> None:
    blank = struct.pack(">4i", 0x803, 60_000, 28, 28) + bytes(60_000 * 784)
    put(folder / "mnist", small_dataset() | {TRAIN_IMAGES: blank, TRAIN_LABELS: labels([0] * 60_000)})
    with pytest.raises(DatasetError, match=f"{TRAIN_IMAGES} are not those of MNIST"):
        load_dataset(MnistDataset(), offline)
