"""What the API is worth: submissions, long lists, trajectories in every form, comparisons, hundreds of streams.

    .venv/bin/python benchmarks/api.py                        # everything, some minutes; writes the results
    .venv/bin/python benchmarks/api.py --quick                # tiny sizes; writes nothing
    .venv/bin/python benchmarks/api.py --only submit,streams  # some sections, the others' results stay

Results go to ``benchmarks/results/api.json`` and ``docs/benchmarks-api.md``. PostgreSQL and Redis are started for the
run, as for the tests, and are gone afterwards. Nothing else should run on the machine.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent
# Behind the standard library, one of whose modules is called like a file here; the servers are those of the tests.
sys.path[0:1] = []
sys.path += [str(_ROOT), str(Path(__file__).parent)]

from api_measure import comparisons, pages, streams, submissions, trajectories  # noqa: E402  # after the path
from measure import report  # noqa: E402
from measure.command import Benchmark  # noqa: E402
from queue_measure.start import run  # noqa: E402

SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "submit": ("Submitting", submissions.measure),
    "pages": ("A list of a million jobs", pages.measure),
    "trajectories": ("A trajectory of 200 000 steps", trajectories.measure),
    "comparisons": ("Comparisons of 100 000 trials", comparisons.measure),
    "streams": ("Hundreds of streams", streams.measure),
}
REPORT = report.Report(
    Path("benchmarks") / "results" / "api.json",
    Path("docs") / "benchmarks-api.md",
    "Benchmarks of the API",
    "`.venv/bin/python benchmarks/api.py` measures all of this and writes this page; do not edit it. Real processes "
    "over real servers, all on one machine: API, store and clients share its cores, and what the clients cost is part "
    "of every number.",
)


BENCHMARK = Benchmark(
    "benchmarks/api.py", "Measures the API: submissions, pages, trajectories, comparisons, streams.", SECTIONS, REPORT
)

if __name__ == "__main__":
    run(BENCHMARK, sys.argv[1:])
