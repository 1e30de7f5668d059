"""What the queue is worth: latency, jobs per second beside bare Celery, claims in a long queue, recovery from faults.

    .venv/bin/python benchmarks/queue.py                        # everything, about half an hour; writes the results
    .venv/bin/python benchmarks/queue.py --quick                # tiny sizes, some minutes; writes nothing
    .venv/bin/python benchmarks/queue.py --only drain,claims    # some sections, the others' results stay

Results go to ``benchmarks/results/queue.json`` and ``docs/benchmarks-queue.md``. PostgreSQL and Redis are started for
the run, as for the tests, and are gone afterwards. Nothing else should run on the machine.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent
# Behind the standard library, one of whose modules is called like this file; the servers are those of the tests.
sys.path[0:1] = []
sys.path += [str(_ROOT), str(Path(__file__).parent)]

from measure import report  # noqa: E402
from measure.command import Benchmark  # noqa: E402
from queue_measure import claims, drain, latency, recovery, stopping, submit  # noqa: E402
from queue_measure.start import run  # noqa: E402

SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "latency": ("From submission to start and end", latency.measure),
    "drain": ("Jobs per second", drain.measure),
    "claims": ("A long queue", claims.measure),
    "recovery": ("Time to recover", recovery.measure),
    "stopping": ("Stopping a long job", stopping.measure),
    "submit": ("Submitting", submit.measure),
}
REPORT = report.Report(
    Path("benchmarks") / "results" / "queue.json",
    Path("docs") / "benchmarks-queue.md",
    "Benchmarks of the queue",
    "`.venv/bin/python benchmarks/queue.py` measures all of this and writes this page; do not edit it. Real "
    "processes over real servers, all on one machine, so API, workers, store, broker and clients share its cores. "
    "Absolute times and rates are this machine's, and those that wait for a commit its disk's; values with × are "
    "ratios taken in one run.",
)
BENCHMARK = Benchmark(
    "benchmarks/queue.py", "Measures the queue: latency, throughput, long queues, recovery.", SECTIONS, REPORT
)

if __name__ == "__main__":
    run(BENCHMARK, sys.argv[1:])
