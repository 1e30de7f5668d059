"""NPZ: a zip of NumPy arrays. Headers are checked before any array is unpacked."""

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from ayla_spec.datasets import FileDataset

from ayla_core.datasets.dataset import Array, Floats
from ayla_core.datasets.errors import DatasetError
from ayla_core.datasets.numbers import unusable
from ayla_core.datasets.raw import RawData
from ayla_core.datasets.sizes import check_size
from ayla_core.progress import got_on

_REQUIRED = ("inputs", "targets")
_OPTIONAL = ("test_inputs", "test_targets")
_NUMERIC_KINDS = "biuf"
_HEADER_BYTES = 10_240  # NumPy itself takes no longer headers from a file it does not trust
_FIX = "Write it anew with numpy.savez."
_HEADER_READERS: dict[tuple[int, int], Callable[[Any], tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

Shape = tuple[int, ...]


def read_npz(settings: FileDataset, path: Path) -> RawData:
    """The arrays ``inputs`` [n, ...] and ``targets`` [n] or [n, k], and the test part where there is one.

    Raises:
        DatasetError: for other content, arrays of objects, shapes that do not fit together or are too large, and
            values that are not finite.
    """
    if settings.inputs is not None:
        raise DatasetError(f"{path.name} holds arrays, not columns; leave 'inputs' out.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = _checked_members(archive, path)
            arrays = {member.name: _read(archive, member, path) for member in members.values()}
    # RuntimeError is what zipfile says of an encrypted member, NotImplementedError of an unknown compression.
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise DatasetError(f"{path.name} cannot be read as NPZ: {error}. {_FIX}") from error
    return RawData(
        arrays["inputs"],
        arrays["targets"],
        arrays.get("test_inputs"),
        arrays.get("test_targets"),
        lambda place: f"Array 'inputs', feature {place}",
        "Array 'targets'",
    )


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    shape: Shape
    dtype: np.dtype[Any]

    @property
    def full_shape(self) -> Shape:
        """With an axis of features or outputs, which an array of one number per sample may leave out."""
        return (*self.shape, 1) if len(self.shape) == 1 else self.shape


def _checked_members(archive: zipfile.ZipFile, path: Path) -> dict[str, _Member]:
    _check_names(archive.namelist(), path)
    members = {member.name: member for member in (_header(archive, info, path) for info in archive.infolist())}
    has_test = bool(set(_OPTIONAL) & set(members))
    for name in (*_REQUIRED, *_OPTIONAL) if has_test else _REQUIRED:
        if name not in members:
            raise DatasetError(f"{path.name} has no array {name!r}; add it with numpy.savez.")
    _check_pair(members["inputs"], members["targets"], path)
    if has_test:
        _check_pair(members["test_inputs"], members["test_targets"], path)
        _check_same_samples(members, path)
    return members


def _check_names(names: list[str], path: Path) -> None:
    allowed = [f"{name}.npy" for name in (*_REQUIRED, *_OPTIONAL)]
    for name in names:
        if name not in allowed or names.count(name) > 1:
            shown = name.removesuffix(".npy")[:60]
            raise DatasetError(
                f"{path.name} holds {shown!r}; it may hold inputs, targets, test_inputs and test_targets, each once."
            )


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> _Member:
    name = info.filename.removesuffix(".npy")
    with archive.open(info) as stream:
        # A copy of the start: a header may claim to be gigabytes long, and NumPy would read them.
        start = io.BytesIO(stream.read(_HEADER_BYTES))
    shape, dtype = _shape_and_dtype(start, name, path)
    if dtype.kind not in _NUMERIC_KINDS:
        raise DatasetError(f"Array {name!r} of {path.name} is of type {dtype}; store numbers or booleans.")
    if not shape:
        raise DatasetError(f"Array {name!r} of {path.name} is a single number; its first axis must be the samples.")
    if min(shape) < 0 or info.file_size != start.tell() + prod(shape) * dtype.itemsize:
        raise DatasetError(f"Array {name!r} of {path.name} is cut off or damaged. {_FIX}")
    return _Member(name, shape, dtype)


def _shape_and_dtype(start: IO[bytes], name: str, path: Path) -> tuple[Shape, np.dtype[Any]]:
    try:
        reader = _HEADER_READERS.get(np.lib.format.read_magic(start))
        if reader is not None:
            shape, _, dtype = reader(start)
            return shape, dtype
    # The header is a Python literal, and a damaged one fails wherever its parser happens to be.
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, TokenError) as error:
        raise DatasetError(f"Array {name!r} of {path.name} has no valid header. {_FIX}") from error
    raise DatasetError(f"Array {name!r} of {path.name} is not a plain array of numbers. {_FIX}")


def _check_pair(inputs: _Member, targets: _Member, path: Path) -> None:
    check_size(f"Array {inputs.name!r} of {path.name}", inputs.full_shape[0], prod(inputs.full_shape[1:]))
    check_size(f"Array {targets.name!r} of {path.name}", targets.full_shape[0], prod(targets.full_shape[1:]))
    if len(targets.shape) > 2:
        raise DatasetError(f"Array {targets.name!r} of {path.name} has {len(targets.shape)} axes; use [n] or [n, k].")
    if inputs.shape[0] != targets.shape[0]:
        raise DatasetError(
            f"{path.name} has {inputs.shape[0]} samples in {inputs.name!r} and {targets.shape[0]} in {targets.name!r}; "
            "each sample needs its target."
        )


def _check_same_samples(members: dict[str, _Member], path: Path) -> None:
    for name in _REQUIRED:
        train, test = members[name].full_shape[1:], members[f"test_{name}"].full_shape[1:]
        if train != test:
            raise DatasetError(
                f"{path.name} has samples of shape {list(train)} in {name!r} and of {list(test)} in 'test_{name}'; "
                "they must be the same."
            )


@dataclass(frozen=True, slots=True)
class _Telling:
    """A stream that says with each read that the computation has got on."""

    stream: IO[bytes]

    def read(self, size: int) -> bytes:
        got_on()
        return self.stream.read(size)


def _read(archive: zipfile.ZipFile, member: _Member, path: Path) -> Floats:
    with archive.open(f"{member.name}.npy") as stream:
        telling: Any = _Telling(stream)
        try:
            stored: Array = np.lib.format.read_array(telling, allow_pickle=False)
        except ValueError as error:
            raise DatasetError(f"Array {member.name!r} of {path.name} is damaged: {error}. {_FIX}") from error
    with np.errstate(over="ignore"):  # a long double may be infinite as a double, which is found below
        values = stored.astype(np.float64).reshape(member.full_shape)
    faults = np.argwhere(~np.isfinite(values))
    if len(faults):
        row = int(faults[0][0])
        raise unusable(f"Array {member.name!r}", row + 1, str(values[tuple(faults[0])]))
    return values
