"""What the engine is worth, side by side in one run: ratios against plain PyTorch, and the memory it takes.

    .venv/bin/python benchmarks/core.py                        # everything, some minutes; writes the results
    .venv/bin/python benchmarks/core.py --quick                # tiny sizes, under a minute; writes nothing
    .venv/bin/python benchmarks/core.py --only sweep,memory    # some sections, the others' results stay

Results go to ``benchmarks/results/core.json``, ``docs/benchmarks.md`` and ``docs/figures/``. The network sections use
MNIST where AYLA_DATASETS_DIR names a folder with ``mnist/``, else generated data of the same shape. Nothing else
should run on the machine.
"""

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# Behind the standard library, one of whose modules a neighbour of this file is called like.
sys.path.append(sys.path.pop(0))

from measure import gpu, machine, memory, network, recording, report, single, sweep, together  # the path

SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "sweep": ("A sweep of 10 000 trials", sweep.measure),
    "mnist": ("One run of a small network", network.measure),
    "trials": ("Runs of the network at once", together.measure),
    "single": ("A single short job", single.measure),
    "recording": ("Recording every step", recording.measure),
    "memory": ("Memory", memory.measure),
    "gpu": ("On a GPU", gpu.measure),
}
_ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str]) -> None:
    """Measure the chosen sections, print them, and write them unless the run is a quick one."""
    options = _parser().parse_args(arguments)
    command = shlex.join([".venv/bin/python", "benchmarks/core.py", *_shown(options)])
    root = options.output or (None if options.quick else _ROOT)
    print(", ".join(f"{name}: {value}" for name, value in machine.description().items()), flush=True)
    for name in options.only:
        found = _measure(name, command, quick=options.quick)
        if root is not None:
            report.write(root, {name: found}, list(SECTIONS))


def _measure(name: str, command: str, *, quick: bool) -> dict[str, Any]:
    """One section: measured, printed, and in the form it is kept in."""
    title, measure = SECTIONS[name]
    started = time.perf_counter()
    findings = measure(quick=quick)
    taken = time.perf_counter() - started
    print(f"\n{title} ({name}, {taken:.1f} s)", *findings.remarks, sep="\n")
    print(*(report.line(row) for row in findings.rows), sep="\n")
    print(*(report.table(table) for table in findings.tables), sep="\n", flush=True)
    return report.section(title, command, taken, findings)


def _shown(options: argparse.Namespace) -> list[str]:
    """The options that decide what is measured, for the page."""
    chosen = [] if options.only == list(SECTIONS) else ["--only", ",".join(options.only)]
    return [*chosen, *(["--quick"] if options.quick else [])]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measures the engine side by side with plain PyTorch.")
    parser.add_argument("--quick", action="store_true", help="tiny sizes; writes nothing unless --output is given")
    parser.add_argument("--only", type=_sections, default=list(SECTIONS), help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--output", type=Path, help="folder that results and page go below; default: this repository")
    return parser


def _sections(text: str) -> list[str]:
    wanted = text.split(",")
    unknown = [name for name in wanted if name not in SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return [name for name in SECTIONS if name in wanted]


if __name__ == "__main__":
    main(sys.argv[1:])
