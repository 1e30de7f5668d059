"""Check of an uploaded file in a subprocess, which may fail without harm."""

import json
import os
import signal
import subprocess
import sys
from typing import IO, Any

import structlog
from ayla_data.errors import TableError
from ayla_data.formats import Format, check_start

from ayla_service.datasets.checking import TableSummary
from ayla_service.datasets.summaries import ColumnSummary
from ayla_service.errors import InvalidDataset, UploadsUnavailable

_SECONDS = 600.0
_LOGGED = 2000

_COMMAND = (sys.executable, "-P", "-m", "ayla_service.datasets.subprocess_main")

# Variables that the subprocess inherits. Any other may hold a password: settings of ours, of PostgreSQL's client
# (PGPASSWORD), of the cloud that the service runs in.
_INHERITED = frozenset({
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT",
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE",
})  # fmt: skip

_FRUGAL = {
    # One thread is enough.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # A limit on memory needs allocators that take what is needed when it is needed, and give all of it back.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_MMAP_THRESHOLD_": "65536",
}

_log = structlog.get_logger("ayla_service.datasets")


def check_in_subprocess(kind: Format, source: IO[bytes], target: IO[bytes], *, header: bool = False) -> TableSummary:
    """As ``checking.check``, with limits that the operating system holds.

    Raises:
        InvalidDataset: when the content is not a table of finite numbers within the limits, or reading it takes too
            long or too much memory.
        UploadsUnavailable: when this machine lacks the disk or memory for it.
    """
    source.flush()
    try:
        check_start(kind, source)
    except TableError as fault:
        raise InvalidDataset(str(fault)) from fault
    answer = _run(kind, source, target, header=header)
    if "fault" in answer:
        raise InvalidDataset(answer["fault"])
    if "no_room" in answer:
        raise UploadsUnavailable("The service has no room on its disk to check the file. Try again later.")
    return TableSummary(answer["rows"], [ColumnSummary(**column) for column in answer["columns"]])


def _run(kind: Format, source: IO[bytes], target: IO[bytes], *, header: bool) -> dict[str, Any]:
    files = (source.fileno(), target.fileno())
    command = [*_COMMAND, kind, *map(str, files), *(["header"] if header else [])]
    try:
        ran = subprocess.run(  # noqa: S603  # nothing of the command is a stranger's
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=files,
            env=_environment(),
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise InvalidDataset(f"Reading the file takes more than {_SECONDS:g} s.") from None
    if ran.returncode == 0:
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer
    if ran.returncode == -signal.SIGKILL:
        _log.warning("check killed; the system has too little memory")
        raise UploadsUnavailable("The service has too little memory to check the file at the moment. Try again later.")
    _log.warning("check failed", status=ran.returncode, said=ran.stderr.decode(errors="replace")[-_LOGGED:])
    raise InvalidDataset("The file cannot be read: it is damaged, or takes far more time or memory than it should.")


def _environment() -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name in _INHERITED}, **_FRUGAL}
