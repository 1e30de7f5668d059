"""NPZ: a zip of NumPy arrays. Nothing is unpickled, and nothing unpacked that a header has not announced."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from tokenize import TokenError
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ayla_service.datasets.bounds import check_not_too_large, rows_at_once
from ayla_service.datasets.faults import Unusable, is_lack_of_room, reason, shown
from ayla_service.datasets.spool import Scratch
from ayla_service.datasets.table import Floats

_PAIRS = (("inputs", "targets"), ("X", "y"))
"""Names that the two arrays may have."""

_NUMERIC_KINDS = "biuf"
_LARGEST_ITEM = 8
_HEADER_BYTES = 10_240  # NumPy itself takes no longer headers from a file it does not trust
_PIECE_BYTES = 2**20
_FIX = "Write it anew with numpy.savez(file, inputs=..., targets=...)."
_HEADER_READERS: dict[tuple[int, int], Callable[[Any], tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
_LARGEST_DIRECTORY = 4096
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1

# RuntimeError is what zipfile says of what it does not know, ValueError and OSError of a place outside of the file.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError, struct.error)


@dataclass(frozen=True, slots=True)
class _Member:
    """An array by its header.

    Attributes:
        info: its place in the archive.
        shape: of the array.
        is_fortran: whether the first axis changes fastest.
        dtype: of its values.
        start: where they begin in the unpacked member.
    """

    info: zipfile.ZipInfo
    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]
    start: int

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return prod(self.shape) * self.dtype.itemsize


class NpzTable:
    """Inputs, feature by feature, and a target: the columns ``x0``, ``x1``, ... and ``target``."""

    def __init__(self, inputs: npt.NDArray[Any], targets: npt.NDArray[Any]) -> None:
        self.rows = len(inputs)
        self.names: Sequence[str] = [*(f"x{place}" for place in range(prod(inputs.shape[1:]))), "target"]
        self._inputs, self._targets = inputs, targets

    def batches(self) -> Iterator[Floats]:
        """All rows, as ``Table`` says."""
        step = rows_at_once(len(self.names))
        for first in range(0, self.rows, step):
            inputs, targets = self._inputs[first : first + step], self._targets[first : first + step]
            block = np.empty((len(inputs), len(self.names)), order="F")
            block[:, :-1] = inputs.reshape(len(inputs), -1)
            block[:, -1] = targets.reshape(-1)
            yield block


def read_npz(file: IO[bytes], scratch: Scratch) -> NpzTable:
    """The arrays ``inputs`` [n, ...] and ``targets`` [n] or [n, 1], or ``X`` and ``y``.

    Args:
        file: the upload.
        scratch: makes a file for an array.

    Raises:
        Unusable: for other content, arrays of objects, and shapes that do not fit together or are too large.
    """
    _check_directory(file)
    try:
        with zipfile.ZipFile(file) as archive:
            inputs, targets = (_header(archive, info) for info in _members(archive))
            _check_pair(inputs, targets)
            return NpzTable(_unpacked(archive, inputs, scratch()), _unpacked(archive, targets, scratch()))
    except Unusable:
        raise
    except _DAMAGE as error:
        if is_lack_of_room(error):
            raise
        raise Unusable(f"The file cannot be read as NPZ: {reason(error)}. {_FIX}") from error


def _check_directory(file: IO[bytes]) -> None:
    """Refuse an archive that says it has more files than an NPZ has, before a list of them is made."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT))
    tail = file.read()
    place = tail.rfind(_END, 0, len(tail) - _END_BYTES + len(_END))
    if place < 0:
        raise Unusable(f"The file is cut off or is no NPZ: it has no directory at its end. {_FIX}")
    entries, directory = struct.unpack_from("<HL", tail, place + 10)
    if entries > 2 * len(_PAIRS) or directory > _LARGEST_DIRECTORY:
        raise Unusable(f"The file holds {entries} files; an NPZ to upload holds two arrays, inputs and targets.")


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The two arrays, inputs first."""
    found = {info.filename: info for info in archive.infolist()}
    for pair in _PAIRS:
        if set(found) == {f"{name}.npy" for name in pair} and len(archive.infolist()) == len(pair):
            return [_plain(found[f"{name}.npy"]) for name in pair]
    names = ", ".join(shown(info.filename.removesuffix(".npy")) for info in archive.infolist()[:4]) or "nothing"
    raise Unusable(f"The file holds {names}; it must hold the arrays inputs and targets, or X and y, and nothing else.")


def _plain(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise Unusable(f"{shown(info.filename)} is encrypted or compressed in an unusual way. {_FIX}")
    return info


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    what = f"Array {shown(info.filename.removesuffix('.npy'))}"
    with archive.open(info) as stream:
        # A copy of the start: a header may claim to be gigabytes long, and NumPy would read them.
        start = io.BytesIO(stream.read(_HEADER_BYTES))
    shape, is_fortran, dtype = _parse_header(start, what)
    if dtype.kind not in _NUMERIC_KINDS or dtype.itemsize > _LARGEST_ITEM:
        raise Unusable(f"{what} is of type {dtype}; store numbers of at most 64 bits, or booleans.")
    if not shape:
        raise Unusable(f"{what} is a single number; its first axis must be the samples.")
    member = _Member(info, shape, is_fortran, dtype, start.tell())
    if min(shape) < 0 or info.file_size != member.start + member.size:
        raise Unusable(f"{what} is cut off or damaged: it is not as long as its header says. {_FIX}")
    return member


def _parse_header(start: IO[bytes], what: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        reader = _HEADER_READERS.get(np.lib.format.read_magic(start))
        if reader is not None:
            return reader(start)
    # The header is a Python literal, and a damaged one fails wherever its parser happens to be.
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, TokenError) as error:
        raise Unusable(f"{what} has no valid header. {_FIX}") from error
    raise Unusable(f"{what} is not a plain array of numbers. {_FIX}")


def _check_pair(inputs: _Member, targets: _Member) -> None:
    features = prod(inputs.shape[1:])
    if not features:
        raise Unusable("A sample of the inputs has no values; it needs at least one.")
    check_not_too_large(max(inputs.shape[0], targets.shape[0]), features + 1)
    if prod(targets.shape[1:]) != 1 or len(targets.shape) > 2:
        raise Unusable(f"The targets have the shape {list(targets.shape)}; use one number per sample: [n] or [n, 1].")
    if inputs.shape[0] != targets.shape[0]:
        raise Unusable(
            f"There are {inputs.shape[0]} samples in the inputs and {targets.shape[0]} in the targets; each sample "
            "needs its target."
        )


def _unpacked(archive: zipfile.ZipFile, member: _Member, file: IO[bytes]) -> npt.NDArray[Any]:
    """The array on disk, as large as its header says and no larger."""
    left = member.size
    with archive.open(member.info) as stream:
        stream.read(member.start)
        while left:
            piece = stream.read(min(left, _PIECE_BYTES))
            if not piece:
                raise EOFError("an array is shorter than its header says")
            file.write(piece)
            left -= len(piece)
        # The checksum is compared when the end is read.
        stream.read(1)
    file.flush()
    if not member.size:
        return np.empty(member.shape, member.dtype)
    return np.memmap(file, member.dtype, "r", 0, member.shape, "F" if member.is_fortran else "C")
