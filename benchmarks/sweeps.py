"""What sweeps are worth through the service: grids from POST to the picture, beside Optuna, and what they weigh.

    .venv/bin/pip install -e '.[benchmark]'                     # Optuna
    .venv/bin/python benchmarks/sweeps.py                       # everything, ten minutes; writes the results
    .venv/bin/python benchmarks/sweeps.py --quick               # tiny sizes; writes nothing
    .venv/bin/python benchmarks/sweeps.py --only large,compared # some sections, the others' results stay

Results go to ``benchmarks/results/sweeps.json`` and ``docs/benchmarks-sweeps.md``. PostgreSQL is started for the run,
as for the tests, and is gone afterwards. Nothing else should run on the machine.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent
# Behind the standard library, one of whose modules is called like a file here; the servers are those of the tests.
sys.path[0:1] = []
sys.path += [str(_ROOT), str(Path(__file__).parent)]

from measure import report  # noqa: E402
from measure.command import Benchmark  # noqa: E402
from queue_measure.start import run  # noqa: E402
from sweep_measure import building, compared, embedded_grids, killed, two_workers, validating  # noqa: E402

SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "small": ("A grid of 100 × 100 beside Optuna", embedded_grids.small),
    "large": ("A grid of 1 000 × 1 000", embedded_grids.large),
    "killed": ("A grid of 1 000 × 1 000, killed in the middle", killed.measure),
    "workers": ("PostgreSQL with two workers", two_workers.measure),
    "validating": ("Validating specs of 1 MiB", validating.measure),
    "building": ("Building 10 000 settings", building.measure),
    "compared": ("Comparing 100 000 trials", compared.measure),
}
REPORT = report.Report(
    Path("benchmarks") / "results" / "sweeps.json",
    Path("docs") / "benchmarks-sweeps.md",
    "Benchmarks of sweeps",
    "`.venv/bin/python benchmarks/sweeps.py` measures all of this and writes this page; do not edit it. Real processes "
    "over real servers, all on one machine, whose cores API, worker, store and client share. Values with × are ratios "
    "of times taken in one run.",
)
BENCHMARK = Benchmark(
    "benchmarks/sweeps.py", "Measures sweeps: grids from POST to the picture, memory, store, peers.", SECTIONS, REPORT
)

if __name__ == "__main__":
    run(BENCHMARK, sys.argv[1:])
