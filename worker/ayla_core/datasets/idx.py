"""The IDX format of MNIST: a big-endian header of magic number and dimensions, then bytes."""

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import IO, cast

import numpy as np
from ayla_spec.limits import MAX_SAMPLES

from ayla_core.datasets.dataset import Bytes
from ayla_core.datasets.errors import DatasetError

_GZIP_MAGIC = b"\x1f\x8b"
_BYTES_MAGIC = 0x0800  # plus the number of dimensions


def idx_header(shape: tuple[int, ...]) -> bytes:
    """The header of a file that holds bytes of this shape."""
    return np.array([_BYTES_MAGIC + len(shape), *shape], ">u4").tobytes()


def read_idx(path: Path, sample_shape: tuple[int, ...]) -> Bytes:
    """The samples of an IDX file, gzip-compressed or not, of shape [samples, *sample_shape].

    Raises:
        DatasetError: when the file is damaged or holds something else.
    """
    try:
        with _opened(path) as stream:
            return _read(stream, sample_shape)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise _damaged(path, f"cannot be read ({reason})") from error
    except _InvalidIdx as error:
        raise _damaged(path, str(error)) from error


class _InvalidIdx(Exception):
    """The bytes are not what they should be."""


def _damaged(path: Path, what: str) -> DatasetError:
    return DatasetError(f"{path} {what}. Replace it, or delete it to have it downloaded again.")


def _opened(path: Path) -> IO[bytes]:
    # By content, not by name: browsers unpack on the way and keep the name.
    with path.open("rb") as file:
        is_gzip = file.read(2) == _GZIP_MAGIC
    return cast("IO[bytes]", gzip.open(path)) if is_gzip else path.open("rb")


def _read(stream: IO[bytes], sample_shape: tuple[int, ...]) -> Bytes:
    shape = _shape(stream, sample_shape)
    size = prod(shape)
    # One byte more than there should be shows what follows, without reading all of it.
    body = stream.read(size + 1)
    if len(body) != size:
        raise _InvalidIdx(
            f"is {'shorter' if len(body) < size else 'longer'} than its header says ({size} bytes of data)"
        )
    return np.frombuffer(body, np.uint8).reshape(shape)


def _shape(stream: IO[bytes], sample_shape: tuple[int, ...]) -> tuple[int, ...]:
    expected = idx_header((0, *sample_shape))
    header = stream.read(len(expected))
    if len(header) < len(expected) or header[:4] != expected[:4]:
        raise _InvalidIdx(f"is not an IDX file of bytes in {1 + len(sample_shape)} dimensions")
    count, *found = (int(number) for number in np.frombuffer(header, ">u4")[1:])
    if tuple(found) != sample_shape:
        raise _InvalidIdx(
            f"has samples of {' x '.join(map(str, found))}; needed are {' x '.join(map(str, sample_shape))}"
        )
    if not 0 < count <= MAX_SAMPLES:
        raise _InvalidIdx(f"says it has {count} samples; 1 to {MAX_SAMPLES} are possible")
    return count, *sample_shape
