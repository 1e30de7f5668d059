"""MNIST and Fashion-MNIST: four IDX files, found in the folder or downloaded, and checked."""

import hashlib
from pathlib import Path
from typing import Literal

import numpy as np

from ayla_core.datasets.dataset import Bytes, Labels, LoadedDataset
from ayla_core.datasets.download import DownloadFailed, RemoteFile, fetch
from ayla_core.datasets.errors import DatasetError, DatasetUnavailable
from ayla_core.datasets.idx import idx_header, read_idx
from ayla_core.datasets.source import DataSource

Name = Literal["mnist", "fashion-mnist"]

IMAGE_SHAPE = (28, 28)
CLASSES = 10

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
"""Names of the unpacked files: training images and labels, test images and labels."""

PACKED_MD5: dict[Name, tuple[str, ...]] = {
    "mnist": (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    "fashion-mnist": (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
}
"""Of the compressed files as they are served, in the order of ``FILES``."""

_MNIST_TRAINING_MD5 = "6bbc9ace898e44ae57da46a324031adb"
_OFFICIAL_COUNT = 60_000


def locate(name: Name, source: DataSource) -> tuple[Path, ...]:
    """The four files, in the order of ``FILES``; those that are missing are downloaded.

    Raises:
        DatasetUnavailable: when files are missing and cannot be fetched.
    """
    folder = source.folder / name
    found = [_find(folder, file) for file in FILES]
    missing = [
        RemoteFile(f"{file}.gz", md5)
        for file, md5, path in zip(FILES, PACKED_MD5[name], found, strict=True)
        if path is None
    ]
    fetched = iter(_fetched(name, missing, source))
    return tuple(path or next(fetched) for path in found)


def read(name: Name, files: tuple[Path, ...]) -> LoadedDataset:
    """The dataset in four files given in the order of ``FILES``: bytes of shape [samples, 28, 28], scaled by 1/255.

    Raises:
        DatasetError: when a file is damaged, or holds other data than its place says.
    """
    train_images, train_labels, test_images, test_labels = files
    inputs, targets = _read_part(train_images, train_labels)
    _check_identity(name, inputs, train_images)
    test_inputs, test_targets = _read_part(test_images, test_labels)
    return LoadedDataset(inputs, targets, test_inputs, test_targets, CLASSES, 1 / 255)


def _find(folder: Path, file: str) -> Path | None:
    # Some archives write the format after a dot: train-images.idx3-ubyte.
    names = (f"{stem}{suffix}" for stem in (file, file.replace("-idx", ".idx")) for suffix in (".gz", ""))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _fetched(name: Name, missing: list[RemoteFile], source: DataSource) -> list[Path]:
    if not missing:
        return []
    if not source.allow_download:
        raise _unavailable(name, missing, source, "Downloads are turned off (AYLA_DOWNLOAD_DATASETS).")
    mirrors = source.mirrors.get(name, ())
    try:
        return [
            fetch(file, source.folder / name, mirrors, source.timeout_seconds, source.on_progress) for file in missing
        ]
    except DownloadFailed as error:
        raise _unavailable(name, missing, source, f"Downloading failed: {error}.") from error


def _unavailable(name: Name, missing: list[RemoteFile], source: DataSource, reason: str) -> DatasetUnavailable:
    files = ", ".join(file.name for file in missing)
    mirrors = f"AYLA_{name.upper().replace('-', '_')}_MIRRORS"
    return DatasetUnavailable(
        f"The dataset '{name}' is not on this worker. {reason} Put {files} (packed or unpacked) into "
        f"{source.folder / name}, or name servers that have them in {mirrors}; AYLA_DATASETS_DIR sets the folder."
    )


def _read_part(images: Path, labels: Path) -> tuple[Bytes, Labels]:
    inputs, targets = read_idx(images, IMAGE_SHAPE), read_idx(labels, ())
    if len(inputs) != len(targets):
        raise DatasetError(
            f"{images} has {len(inputs)} images and {labels} {len(targets)} labels; they do not belong together. "
            "Replace both, or delete both to have them downloaded again."
        )
    if targets.max() >= CLASSES:
        raise DatasetError(f"{labels} has the label {targets.max()}; labels are 0 to {CLASSES - 1}. Replace it.")
    return inputs, targets.astype(np.int64)


def _check_identity(name: Name, images: Bytes, path: Path) -> None:
    # The two datasets look the same from outside, and a swapped folder would give wrong results without a sign.
    # A different number of images is a dataset of somebody's own making, which may be in this format.
    if len(images) != _OFFICIAL_COUNT:
        return
    digest = hashlib.md5(idx_header(images.shape), usedforsecurity=False)
    digest.update(images.tobytes())
    if (digest.hexdigest() == _MNIST_TRAINING_MD5) != (name == "mnist"):
        what = "are not those of MNIST" if name == "mnist" else "are those of MNIST, not of Fashion-MNIST"
        raise DatasetError(f"The images in {path} {what}. Replace it, or delete it to have it downloaded again.")
