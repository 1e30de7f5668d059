"""What the dashboard is worth: first paint, long lists, large sweeps, curves, live pages, memory, browsers' streams.

    .venv/bin/python benchmarks/web.py                 # everything, some ten minutes; writes the results
    .venv/bin/python benchmarks/web.py --quick         # tiny sizes; writes nothing
    .venv/bin/python benchmarks/web.py --only streams  # some sections, the others' results stay

Results go to ``benchmarks/results/web.json`` and ``docs/benchmarks-web.md``. All but the streams need Chromium
(``make browser``). Nothing else should run on the machine.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent
# Behind the standard library, one of whose modules is called like a file here; the servers are those of the tests.
sys.path[0:1] = []
sys.path += [str(_ROOT), str(Path(__file__).parent)]

from measure import report  # noqa: E402  # after the path
from measure.command import Benchmark  # noqa: E402
from measure.findings import Findings  # noqa: E402
from queue_measure.start import run  # noqa: E402
from web_measure import streams  # noqa: E402


def _in_browser(module: str, name: str) -> Callable[..., Findings]:
    """A measurement that needs a browser, which is loaded when it is wanted."""

    def measure(*, quick: bool) -> Findings:
        found: Any = getattr(__import__(f"web_measure.{module}", fromlist=[name]), name)
        findings: Findings = found(quick=quick)
        return findings

    return measure


SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "paint": ("First paint and weight", _in_browser("pages", "paint")),
    "jobs": ("A long list of jobs", _in_browser("pages", "jobs")),
    "curves": ("Long curves", _in_browser("pages", "curves")),
    "sweep": ("A large sweep", _in_browser("pages", "sweep")),
    "live": ("From the store to the screen", _in_browser("live", "measure")),
    "memory": ("Memory of a page that is open for long", _in_browser("memory", "measure")),
    "streams": ("Streams of many browsers", streams.measure),
}
REPORT = report.Report(
    Path("benchmarks") / "results" / "web.json",
    Path("docs") / "benchmarks-web.md",
    "Benchmarks of the dashboard",
    "`.venv/bin/python benchmarks/web.py` measures all of this and writes this page; do not edit it. Debian's Chromium "
    "without a window, service, worker and browser on one machine, whose cores they share. Times grow with what else "
    "the machine does: each section tells its load, which on a quiet machine is below the number of its cores.",
)


BENCHMARK = Benchmark(
    "benchmarks/web.py",
    "Measures the dashboard: paint, lists, sweeps, curves, live, memory, streams.",
    SECTIONS,
    REPORT,
)

if __name__ == "__main__":
    run(BENCHMARK, sys.argv[1:])
