"""Private files: what a process makes is readable by its user alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_OTHERS = 0o077


@contextmanager
def private_files() -> Iterator[int]:
    """Make all folders of this process with mode 0700 and files with 0600 at most.

    What is there already is left as it is. Gives the process's mask from before, for programs of others that it starts.
    """
    before = os.umask(_OTHERS)
    os.umask(before | _OTHERS)
    try:
        yield before
    finally:
        os.umask(before)
