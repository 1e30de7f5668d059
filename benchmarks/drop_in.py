"""What a step of AYLA in one's own training loop costs, beside the optimizer of torch.optim that it goes around.

    .venv/bin/python benchmarks/drop_in.py            # everything, some minutes; writes the results
    .venv/bin/python benchmarks/drop_in.py --quick    # a few steps; writes nothing

Results go to ``benchmarks/results/drop_in.json`` and ``docs/benchmarks-drop-in.md``. Times are those that the thread
computes, so that other work on the machine disturbs them less; still, it should be quiet.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Behind the standard library, one of whose modules a neighbour of this file is called like.
sys.path.append(sys.path.pop(0))

from measure import optimizer_steps, report  # the path
from measure.command import Benchmark  # likewise

SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "layers": ("A step of a network of a few layers", optimizer_steps.of_layers),
    "tensors": ("A step of sixty small tensors", optimizer_steps.of_tensors),
    "import": ("Import", optimizer_steps.of_import),
}
REPORT = report.Report(
    Path("benchmarks") / "results" / "drop_in.json",
    Path("docs") / "benchmarks-drop-in.md",
    "Benchmarks of AYLA in one's own training loop",
    "`.venv/bin/python benchmarks/drop_in.py` measures all of this and writes this page; do not edit it. Values with × "
    "are the time of a step of AYLA over that of a step of the optimizer inside, with PyTorch's default settings, "
    "taken in turn in one process: the median over rounds of some steps each. One thread, float32, about a million "
    "parameters, gradients that are there already.",
)

if __name__ == "__main__":
    Benchmark("benchmarks/drop_in.py", "Measures a step of AYLA beside torch.optim.", SECTIONS, REPORT).run(
        sys.argv[1:]
    )
