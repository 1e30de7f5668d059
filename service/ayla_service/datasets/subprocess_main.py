"""``python -m ayla_service.datasets.subprocess_main``: checks one file in a process of its own.

A reader of a hostile file may crash, hang or ask for all memory there is. That does no harm here: the system holds
this process to its limits, and it has neither the store nor its password.

Arguments: the format, and the numbers of two open files: the upload, and where it is written to as it is kept; a fourth
one says that the first line of a CSV has the names. Prints one JSON object.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn, get_args

from ayla_data.errors import TableError, is_lack_of_room
from ayla_data.formats import Format

from ayla_service.datasets.checking import check

MEMORY_BYTES = 896 * 2**20
"""The most that a table within the limits was seen to take is 768 MiB: a CSV of ten thousand columns of one digit."""

CPU_SECONDS = 180
"""A table of ten thousand columns takes some 20 s; anything of ordinary shape about one."""

FILE_BYTES = 2**30
"""No file that a table within the limits needs is larger."""


def main() -> NoReturn:
    """Check what the arguments name, and end this process."""
    _limit()
    kind, source, target, *header = sys.argv[1:]
    formats = {name: name for name in get_args(Format)}
    with os.fdopen(int(source), "rb") as upload, os.fdopen(int(target), "w+b") as kept:
        json.dump(_answer(formats[kind], upload, kept, header=bool(header)), sys.stdout)
    sys.stdout.flush()
    # Not the ordinary end: it takes down what PyArrow's threads still use, which now and then aborts the process.
    os._exit(0)


def _limit() -> None:
    for what, most, more in (
        (resource.RLIMIT_DATA, MEMORY_BYTES, 0),
        # At the second limit the system kills, which is to say something else: that this machine lacks memory.
        (resource.RLIMIT_CPU, CPU_SECONDS, 5),
        (resource.RLIMIT_FSIZE, FILE_BYTES, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        # Not every system knows every limit; the checks bound themselves as well.
        with suppress(OSError, ValueError):
            hard = resource.getrlimit(what)[1]
            highest = most + more if hard == resource.RLIM_INFINITY else min(most + more, hard)
            resource.setrlimit(what, (min(most, highest), highest))
    # Where memory runs out, this process is ended and not the service that waits for it.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _answer(kind: Format, upload: Any, kept: Any, *, header: bool) -> dict[str, Any]:
    try:
        return asdict(check(kind, upload, kept, header=header))
    except TableError as fault:
        return {"fault": str(fault)}
    except MemoryError:
        return {"fault": "Reading the file takes more memory than a dataset of the size allowed needs."}
    except OSError as error:
        if is_lack_of_room(error):
            return {"no_room": True}
        raise


if __name__ == "__main__":
    main()
