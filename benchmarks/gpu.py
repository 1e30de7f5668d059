"""Everything about a GPU in one command of at most eight minutes: the tests marked gpu, networks and sweeps.

    .venv/bin/python benchmarks/gpu.py            # on a machine with a GPU; writes the results
    .venv/bin/python benchmarks/gpu.py --quick    # tiny sizes, on the CPU where there is no GPU; writes nothing

Results go to ``benchmarks/results/gpu.json`` and ``docs/benchmarks-gpu.md``. Each section has a share of the time and
leaves out its largest sizes where that is spent. MNIST is used where AYLA_DATASETS_DIR names a folder with ``mnist/``.
JAX takes part where it is installed and finds the same GPU: ``pip install 'jax[cuda12]'``.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Behind the standard library, one of whose modules a neighbour of this file is called like.
sys.path.append(sys.path.pop(0))

from measure import gpu_networks, gpu_sweeps, gpu_tests, report  # the path
from measure.command import Benchmark  # likewise

SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "tests": ("Tests on a GPU", gpu_tests.measure),
    "networks": ("Runs of the network at once", gpu_networks.measure),
    "sweeps": ("Sweeps", gpu_sweeps.measure),
}
REPORT = report.Report(
    Path("benchmarks") / "results" / "gpu.json",
    Path("docs") / "benchmarks-gpu.md",
    "Benchmarks on a GPU",
    "`.venv/bin/python benchmarks/gpu.py` measures all of this in at most eight minutes and writes this page; do not "
    "edit it. Values with × are ratios of times of the same run. What the engine does beyond its peers (AYLA's scale, "
    "recording, the best loss) is included.",
)

if __name__ == "__main__":
    Benchmark("benchmarks/gpu.py", "Measures the engine on a GPU.", SECTIONS, REPORT).run(sys.argv[1:])
