"""What the queue is worth: latency, jobs per second beside bare Celery, claims in a long queue, recovery from faults.

    .venv/bin/python benchmarks/queue.py                        # everything, about half an hour; writes the results
    .venv/bin/python benchmarks/queue.py --quick                # tiny sizes, some minutes; writes nothing
    .venv/bin/python benchmarks/queue.py --only drain,claims    # some sections, the others' results stay

Results go to ``benchmarks/results/queue.json`` and ``docs/benchmarks-queue.md``. PostgreSQL and Redis are started for
the run, as for the tests, and are gone afterwards. Nothing else should run on the machine.
"""

import argparse
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

_ROOT = Path(__file__).parent.parent
# Behind the standard library, one of whose modules is called like this file; the servers are those of the tests.
sys.path[0:1] = []
sys.path += [str(_ROOT), str(Path(__file__).parent)]

from ayla_service.logging import configure_logging  # noqa: E402  # after the path
from ayla_service.settings import Settings  # noqa: E402
from measure import machine, report  # noqa: E402
from queue_measure import claims, drain, latency, recovery, submit  # noqa: E402

SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "latency": ("From submission to start and end", latency.measure),
    "drain": ("Jobs per second", drain.measure),
    "claims": ("A long queue", claims.measure),
    "recovery": ("Time to recover", recovery.measure),
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
_KEPT = "AYLA_CACHE_DIR"
"""Where the compiled kernels are."""


def main(arguments: Sequence[str]) -> None:
    """Measure the chosen sections, print them, and write them unless the run is a quick one."""
    options = _parser().parse_args(arguments)
    _forget_settings()
    configure_logging(Settings(log_level="warning"))
    signal.signal(signal.SIGTERM, _leave)
    command = shlex.join([".venv/bin/python", "benchmarks/queue.py", *_shown(options)])
    root = options.output or (None if options.quick else _ROOT)
    print(", ".join(f"{name}: {value}" for name, value in machine.description().items()), flush=True)
    for name in options.only:
        found = _measure(name, command, quick=options.quick)
        if root is not None:
            report.write(root, {name: found}, list(SECTIONS), REPORT)


def _forget_settings() -> None:
    """The service's settings of whoever runs this would change what is measured."""
    for name in list(os.environ):
        if name.startswith("AYLA_") and name != _KEPT:
            del os.environ[name]


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """Told to stop, as on Ctrl-C: everything that was started is stopped first."""
    raise SystemExit(128 + signal.SIGTERM)


def _measure(name: str, command: str, *, quick: bool) -> dict[str, Any]:
    """One section: measured, printed, and in the form it is kept in."""
    title, measure = SECTIONS[name]
    print(f"\n{title} ({name})", flush=True)
    started = time.perf_counter()
    findings = measure(quick=quick)
    taken = time.perf_counter() - started
    print(f"{taken:.1f} s", *findings.remarks, sep="\n")
    print(*(report.line(row) for row in findings.rows), sep="\n")
    print(*(report.table(table) for table in findings.tables), sep="\n", flush=True)
    return report.section(title, command, taken, findings)


def _shown(options: argparse.Namespace) -> list[str]:
    """The options that decide what is measured, for the page."""
    chosen = [] if options.only == list(SECTIONS) else ["--only", ",".join(options.only)]
    return [*chosen, *(["--quick"] if options.quick else [])]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measures the queue: latency, throughput, long queues, recovery.")
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
