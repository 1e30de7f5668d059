"""How the service scales: claims of ten to a thousand workers, teams, and processes of the API.

    .venv/bin/python -m benchmarks.scale                            # everything, some seven minutes; writes the results
    .venv/bin/python -m benchmarks.scale --quick                    # tiny sizes, a minute; writes nothing
    .venv/bin/python -m benchmarks.scale --only claims,submissions  # some sections, the others' results stay

Results go to ``benchmarks/results/scale.json`` and ``docs/benchmarks-scale.md``. PostgreSQL is started for the run, as
for the tests, and is gone afterwards. Nothing else should run on the machine.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent
# Behind the standard library, one of whose modules is called like a file beside this one.
sys.path[0:1] = []
sys.path += [str(_ROOT), str(Path(__file__).parent)]

from measure import report  # noqa: E402
from measure.command import Benchmark  # noqa: E402
from queue_measure.start import run  # noqa: E402
from scale_measure import claiming, submitting, thousand, waiting_teams  # noqa: E402

SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "claims": ("Claims", claiming.measure),
    "teams": ("Teams that wait", waiting_teams.measure),
    "workers": ("A thousand workers", thousand.measure),
    "submissions": ("Submissions", submitting.measure),
}
REPORT = report.Report(
    Path("benchmarks") / "results" / "scale.json",
    Path("docs") / "benchmarks-scale.md",
    "Benchmarks of scale",
    "`.venv/bin/python -m benchmarks.scale` measures all of this and writes this page; do not edit it. "
    "[Operations](operations.md#a-thousand-workers) says what follows for an installation. All runs on one machine, "
    "whose cores store, workers, API and clients share: rates are this machine's, and a store of its own has more.",
)
BENCHMARK = Benchmark("-m benchmarks.scale", "Measures how the service scales.", SECTIONS, REPORT)

if __name__ == "__main__":
    run(BENCHMARK, sys.argv[1:])
