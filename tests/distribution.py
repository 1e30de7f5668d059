"""Which process of the suite runs which file: those that wait, one after the other, beside those that compute."""

from collections.abc import Iterable
from typing import Any

from xdist.scheduler import LoadFileScheduling

WAITING = (
    "tests/browser/",
    "tests/chaos/",
    "tests/processes/",
    "tests/queue/celery/",
    "tests/system/",
    "tests/worker/",
)
"""Folders whose tests wait more than they compute: for workers that start, leases that run out, pages that load."""


def next_file(queue: Iterable[str], under_way: Iterable[str]) -> str:
    """The file of the queue to run next.

    By name alone those that wait would come together, most of them last, when nothing is left to be computed meanwhile.

    Args:
        queue: the files that no process has yet, in order; at least one.
        under_way: those that the other processes run.
    """
    files = list(queue)
    somebody_waits = any(file.startswith(WAITING) for file in under_way)
    fitting = [file for file in files if file.startswith(WAITING) != somebody_waits]
    return (fitting or files)[0]


class Distribution(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """A process runs all tests of a file, so that what they share is made once: a database, a service, a worker."""

    def _assign_work_unit(self, node: Any) -> None:
        others = [files for other, files in self.assigned_work.items() if other is not node]
        under_way = [file for files in others for file, tests in files.items() if not all(tests.values())]
        self.workqueue.move_to_end(next_file(self.workqueue, under_way), last=False)
        super()._assign_work_unit(node)
