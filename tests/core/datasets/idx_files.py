"""Small files in the format of MNIST, and the real ones where this machine has them."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from ayla_core.datasets.mnist import FILES

Contents = dict[str, bytes]


def images(count: int, *, side: int = 28, seed: int = 0) -> bytes:
    """An IDX file of random images."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, side, side), np.uint8)
    return struct.pack(">4i", 0x803, count, side, side) + pixels.tobytes()


def labels(values: list[int]) -> bytes:
    """An IDX file of labels."""
    return struct.pack(">2i", 0x801, len(values)) + bytes(values)


def small_dataset(seed: int = 0) -> Contents:
    """Twenty training and ten test images, unpacked, by name."""
    parts = (images(20, seed=seed), labels([*range(10)] * 2), images(10, seed=seed + 1), labels([*range(10)]))
    return dict(zip(FILES, parts, strict=True))


def packed(contents: Contents) -> Contents:
    """The same compressed, by the names that servers use."""
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in contents.items()}


def put(folder: Path, contents: Contents) -> None:
    """Write files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def real_mnist() -> Path:
    """The folder of the real MNIST; the test is skipped where there is none."""
    beside = Path(__file__).parents[4] / "shared" / "data" / "mnist"
    folder = Path(os.environ.get("AYLA_TEST_MNIST_DIR", beside))
    if not all((folder / f"{name}.gz").is_file() for name in FILES):
        pytest.skip("MNIST is not on this machine; AYLA_TEST_MNIST_DIR names a folder with its four .gz files")
    return folder
