"""NPZ: a zip of NumPy arrays. Nothing is unpickled, and nothing unpacked that a header has not announced."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from tokenize import TokenError
from typing import IO, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ayla_data.errors import TableError, is_lack_of_room, reason, shown
from ayla_data.limits import check_not_too_large, check_size, rows_at_once
from ayla_data.table import Floats
from ayla_data.values import from_numpy

Scratch = Callable[[], IO[bytes]]
"""Makes an empty file that an array is unpacked into: on disk, or a BytesIO in memory."""

_PAIRS = (("inputs", "targets"), ("X", "y"))
"""Names that the two arrays may have."""

_TEST_PAIR = ("test_inputs", "test_targets")
_MOST_MEMBERS = 4

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
    def features(self) -> int:
        """Numbers of a sample."""
        return prod(self.shape[1:])

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """An unpacked array.

    Attributes:
        name: in the file.
        stored: the values as they are stored; the first axis is the samples.
    """

    name: str
    stored: npt.NDArray[Any]

    @property
    def label(self) -> str:
        """What messages call it."""
        return _label(self.name)

    @property
    def features(self) -> int:
        """Numbers of a sample."""
        return prod(self.stored.shape[1:])

    @property
    def is_single(self) -> bool:
        """Whether it was stored as float32."""
        return self.stored.dtype.newbyteorder("=") == np.float32

    def numbers(self, first: int = 0, last: int | None = None) -> Floats:
        """The values of these samples, by default of all: finite float64 of shape [samples, features].

        Raises:
            TableError: when one is no finite number, or a whole number that no float64 is.
        """
        part, features = self.stored[first:last], self.features
        return from_numpy(
            part.reshape(len(part), features),
            lambda index: (self.place(index % features), first + index // features + 1),
        )

    def place(self, feature: int) -> str:
        """What messages call one number of its samples."""
        return f"{self.label}, feature {feature}" if self.features > 1 else self.label


class Arrays(NamedTuple):
    """Arrays of a file; ``test`` is inputs and targets of its test part, None without one."""

    inputs: Array
    targets: Array
    test: tuple[Array, Array] | None


class NpzTable:
    """Arrays without a test part and with one target as columns ``x0``, ``x1``, ... and ``target``.

    Args:
        arrays: what the file holds.
    """

    order: Literal["C"] = "C"

    def __init__(self, arrays: Arrays) -> None:
        self._inputs, self._targets = arrays.inputs, arrays.targets
        self.rows = len(self._inputs.stored)
        self.names: Sequence[str] = [*(f"x{place}" for place in range(self._inputs.features)), "target"]

    def is_single(self, name: str) -> bool:
        """As of ``Table``."""
        return (self._targets if name == self.names[-1] else self._inputs).is_single

    def values(self, columns: Sequence[str]) -> Iterator[Floats]:
        """As of ``Table``."""
        places = [self.names.index(name) for name in columns] if columns != self.names else slice(None)
        step = rows_at_once(len(self.names))
        for first in range(0, self.rows, step):
            parts = [array.numbers(first, first + step) for array in (self._inputs, self._targets)]
            yield np.hstack(parts)[:, places]


def read_npz(file: IO[bytes], scratch: Scratch, *, as_table: bool) -> Arrays:
    """The arrays ``inputs`` [n, ...] and ``targets`` [n] or [n, k], or ``X`` and ``y``, and those of a test part.

    Args:
        file: the file.
        scratch: makes a file for an array.
        as_table: whether the arrays have to fit into one table: without a test part, and with one target.

    Raises:
        TableError: for other content, arrays of objects, and shapes that do not fit together or are too large.
    """
    _check_directory(file)
    try:
        with zipfile.ZipFile(file) as archive:
            members = [_header(archive, info) for info in _members(archive, as_table=as_table)]
            _check_shapes(members, as_table=as_table)
            inputs, targets, *test = (_unpacked(archive, member, scratch()) for member in members)
            return Arrays(inputs, targets, (test[0], test[1]) if test else None)
    except TableError:
        raise
    except _DAMAGE as error:
        if is_lack_of_room(error):
            raise
        raise TableError(f"The file cannot be read as NPZ: {reason(error)}. {_FIX}") from error


def _check_directory(file: IO[bytes]) -> None:
    """Refuse an archive that says it has more files than an NPZ has, before a list of them is made."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT))
    tail = file.read()
    place = tail.rfind(_END, 0, len(tail) - _END_BYTES + len(_END))
    if place < 0:
        raise TableError(f"The file is cut off or is no NPZ: it has no directory at its end. {_FIX}")
    entries, directory = struct.unpack_from("<HL", tail, place + 10)
    if entries > _MOST_MEMBERS or directory > _LARGEST_DIRECTORY:
        raise TableError(f"The file holds {entries} files; an NPZ holds two arrays, inputs and targets.")


def _members(archive: zipfile.ZipFile, *, as_table: bool) -> list[zipfile.ZipInfo]:
    """The arrays: inputs, targets, and those of the test part."""
    found = {info.filename: info for info in archive.infolist()}
    tests: tuple[tuple[str, ...], ...] = ((),) if as_table else ((), _TEST_PAIR)
    for pair, test in product(_PAIRS, tests):
        wanted = [f"{name}.npy" for name in (*pair, *test)]
        if set(found) == set(wanted) and len(archive.infolist()) == len(wanted):
            return [_plain(found[name]) for name in wanted]
    names = ", ".join(shown(info.filename.removesuffix(".npy")) for info in archive.infolist()[:_MOST_MEMBERS])
    also = "" if as_table else " but test_inputs and test_targets, both or neither"
    raise TableError(
        f"The file holds {names or 'nothing'}; it must hold the arrays inputs and targets, or X and y, and nothing "
        f"else{also}."
    )


def _plain(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise TableError(f"{shown(info.filename)} is encrypted or compressed in an unusual way. {_FIX}")
    return info


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    what = _label(_name(info))
    with archive.open(info) as stream:
        # A copy of the start: a header may claim to be gigabytes long, and NumPy would read them.
        start = io.BytesIO(stream.read(_HEADER_BYTES))
    shape, is_fortran, dtype = _parse_header(start, what)
    if dtype.kind not in _NUMERIC_KINDS or dtype.itemsize > _LARGEST_ITEM:
        raise TableError(f"{what} is of type {dtype}; store numbers of at most 64 bits, or booleans.")
    if not shape:
        raise TableError(f"{what} is a single number; its first axis must be the samples.")
    member = _Member(info, shape, is_fortran, dtype, start.tell())
    if min(shape) < 0 or info.file_size != member.start + member.size:
        raise TableError(f"{what} is cut off or damaged: it is not as long as its header says. {_FIX}")
    return member


def _name(info: zipfile.ZipInfo) -> str:
    return info.filename.removesuffix(".npy")


def _label(name: str) -> str:
    return f"Array {shown(name)}"


def _parse_header(start: IO[bytes], what: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        reader = _HEADER_READERS.get(np.lib.format.read_magic(start))
        if reader is not None:
            return reader(start)
    # The header is a Python literal, and a damaged one fails wherever its parser happens to be.
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, TokenError) as error:
        raise TableError(f"{what} has no valid header. {_FIX}") from error
    raise TableError(f"{what} is not a plain array of numbers. {_FIX}")


def _check_shapes(members: Sequence[_Member], *, as_table: bool) -> None:
    inputs, targets, *test = members
    _check_pair(inputs, targets, as_table=as_table)
    check_size(inputs.shape[0], inputs.features + 1)
    if test:
        _check_pair(test[0], test[1], as_table=as_table)
        _check_same_samples(inputs, test[0])
        _check_same_samples(targets, test[1])


def _check_pair(inputs: _Member, targets: _Member, *, as_table: bool) -> None:
    if not inputs.features or not targets.features:
        raise TableError("A sample of the inputs or targets has no values; it needs at least one.")
    for member in (inputs, targets):
        check_not_too_large(member.shape[0], member.features + 1)
    if len(targets.shape) > 2 or (as_table and targets.features != 1):
        fitting = "use one number per sample: [n] or [n, 1]" if as_table else "use [n] or [n, k]"
        raise TableError(f"{_label(_name(targets.info))} has the shape {list(targets.shape)}; {fitting}.")
    if inputs.shape[0] != targets.shape[0]:
        raise TableError(
            f"There are {inputs.shape[0]} samples in {_name(inputs.info)} and {targets.shape[0]} in "
            f"{_name(targets.info)}; each sample needs its target."
        )


def _check_same_samples(train: _Member, test: _Member) -> None:
    if not test.shape[0]:
        raise TableError("The test part has no samples; leave it out.")
    if train.shape[1:] != test.shape[1:] and (train.features, test.features) != (1, 1):
        raise TableError(
            f"Samples are of shape {list(train.shape[1:])} in {_name(train.info)} and of {list(test.shape[1:])} in "
            f"{_name(test.info)}; they must be the same."
        )


def _unpacked(archive: zipfile.ZipFile, member: _Member, file: IO[bytes]) -> Array:
    """The array in a file, as large as its header says and no larger."""
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
    return Array(_name(member.info), _mapped(member, file))


def _mapped(member: _Member, file: IO[bytes]) -> npt.NDArray[Any]:
    order: Literal["C", "F"] = "F" if member.is_fortran else "C"
    if isinstance(file, io.BytesIO):
        return np.frombuffer(file.getbuffer(), member.dtype).reshape(member.shape, order=order)
    return np.memmap(file, member.dtype, "r", 0, member.shape, order)
