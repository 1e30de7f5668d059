"""The command line that the benchmarks have in common: some sections, measured, printed and written."""

import argparse
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import machine, report
from measure.findings import Findings

_ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One command.

    Attributes:
        script: its path in the repository, or ``-m`` and its module.
        about: a line for ``--help``.
        sections: title and measurement of each, by name.
        page: what the results are written to.
    """

    script: str
    about: str
    sections: Mapping[str, tuple[str, Callable[..., Findings]]]
    page: report.Report = report.CORE

    def run(self, arguments: Sequence[str]) -> None:
        """Measure the chosen sections, print them, and write them unless the run is a quick one."""
        options = self._parser().parse_args(arguments)
        command = shlex.join([".venv/bin/python", *self.script.split(), *self._shown(options)])
        root = options.output or (None if options.quick else _ROOT)
        print(", ".join(f"{name}: {value}" for name, value in machine.description().items()), flush=True)
        for name in options.only:
            found = self._measure(name, command, quick=options.quick)
            if root is not None:
                report.write(root, {name: found}, list(self.sections), self.page)

    def _measure(self, name: str, command: str, *, quick: bool) -> dict[str, Any]:
        """One section: measured, printed, and in the form it is kept in."""
        title, measure = self.sections[name]
        print(f"\n{title} ({name})", flush=True)
        started = time.perf_counter()
        findings = measure(quick=quick)
        taken = time.perf_counter() - started
        print(f"{taken:.1f} s", *findings.remarks, sep="\n")
        print(*(report.line(row) for row in findings.rows), sep="\n")
        print(*(report.table(table) for table in findings.tables), sep="\n", flush=True)
        return report.section(title, command, taken, findings)

    def _shown(self, options: argparse.Namespace) -> list[str]:
        """The options that decide what is measured, for the page."""
        chosen = [] if options.only == list(self.sections) else ["--only", ",".join(options.only)]
        return [*chosen, *(["--quick"] if options.quick else [])]

    def _parser(self) -> argparse.ArgumentParser:
        names = list(self.sections)
        parser = argparse.ArgumentParser(description=self.about)
        parser.add_argument("--quick", action="store_true", help="tiny sizes; writes nothing unless --output is given")
        parser.add_argument("--only", type=self._chosen, default=names, help=f"some of {','.join(names)}")
        parser.add_argument("--output", type=Path, help="folder that results and page go below; default: repository")
        return parser

    def _chosen(self, text: str) -> list[str]:
        wanted = text.split(",")
        unknown = [name for name in wanted if name not in self.sections]
        if unknown:
            raise argparse.ArgumentTypeError(f"no section {', '.join(unknown)}; there are {', '.join(self.sections)}")
        return [name for name in self.sections if name in wanted]
