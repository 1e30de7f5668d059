"""Files to upload, and datasets made of them."""

import io
import tempfile
import zipfile
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ayla_data.errors import TableError
from ayla_data.formats import Format
from ayla_service.datasets.checking import TableSummary, check
from ayla_service.datasets.schemas import DatasetDetail
from ayla_service.datasets.service import DatasetService, NewDataset, UploadMetadata
from ayla_service.db.session import Database
from ayla_service.errors import InvalidDataset
from ayla_service.teams.principal import LOCAL, Principal

ROWS = 30
FLOWERS = b"width,height,target\n" + b"".join(b"%d.5,%d,%d\n" % (row, -row, row % 3) for row in range(ROWS))
"""Three columns: numbers, whole numbers, and the classes 0, 1 and 2."""


def npz_file(**arrays: Any) -> bytes:
    """An NPZ with these arrays."""
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def zip_file(members: dict[str, bytes]) -> bytes:
    """A zip with these files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def npy_claiming(shape: str, kind: str = "<f8") -> bytes:
    """The header of an array of this shape, and no values."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


def parquet_file(columns: dict[str, Any], **options: Any) -> bytes:
    """A Parquet file with these columns."""
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content, **options)
    return content.getvalue()


def in_this_process(kind: Format, source: IO[bytes], target: IO[bytes], *, header: bool = False) -> TableSummary:
    """Checks a file without another process, which takes a quarter of a second to start."""
    try:
        return check(kind, source, target, header=header)
    except TableError as fault:
        raise InvalidDataset(str(fault)) from fault


def new_dataset(
    content: bytes = FLOWERS, name: str = "flowers", kind: Format = "csv", *, header: bool = False
) -> NewDataset:
    """A file that was checked and is ready to be stored."""
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by who stores it
    try:
        checked = in_this_process(kind, io.BytesIO(content), kept, header=header)
    except InvalidDataset:
        kept.close()
        raise
    return NewDataset.of(UploadMetadata(name, None, kind), checked, kept)


def upload(
    database: Database,
    content: bytes = FLOWERS,
    name: str = "flowers",
    kind: Format = "csv",
    caller: Principal = LOCAL,
    *,
    header: bool = False,
) -> DatasetDetail:
    """Store a dataset."""
    new = new_dataset(content, name, kind, header=header)
    with new.file, database.write() as session:
        return DatasetService(database).add(session, caller, new)


def upload_problem(**dataset: Any) -> dict[str, Any]:
    """A problem on the dataset of ``FLOWERS``, as a user would write it."""
    settings = {"name": "upload", "dataset": "flowers", **dataset}
    return {"type": "dataset", "dataset": settings, "model": {"name": "linear"}}
