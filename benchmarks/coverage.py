"""How often the intervals of comparisons hold the true value, by number of seeds: the tables of docs/comparison.md.

    .venv/bin/python benchmarks/coverage.py                # half an hour
    .venv/bin/python benchmarks/coverage.py --repeats 100  # some minutes, and less certain

All is made up from fixed seeds, so every run with as many repeats prints the same.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

# Behind the standard library: queue.py beside this file is called like one of its modules.
sys.path[0:1] = []
sys.path.append(str(Path(__file__).parent.parent))

from tests.comparison.coverage import CONFIDENCE, Covered, covered, median_covered, scenarios  # noqa: E402  # after it

SEEDS = (4, 6, 8, 10, 15, 20, 30)
PROBLEMS = (5, 12)
MEDIAN_REPEATS = 40_000


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Prints how often the intervals of comparisons hold the true value.")
    parser.add_argument("--repeats", type=int, default=1000, help="intervals of each kind (default: 1000)")
    repeats = parser.parse_args().repeats
    print(f"Medians, {CONFIDENCE:.0%} asked for\n")
    for line in _medians():
        print(line, flush=True)
    for problems in PROBLEMS:
        print(f"\n{problems} problems: interquartile mean / probability of improvement, {CONFIDENCE:.0%} nominal\n")
        for line in _over_problems(problems, repeats):
            print(line, flush=True)


def _medians() -> Iterator[str]:
    rows = {seeds: median_covered(seeds, MEDIAN_REPEATS) for seeds in SEEDS if seeds >= 6}
    yield from _header("seeds", ["stated", *next(iter(rows.values()))[1]])
    for seeds, (stated, found) in rows.items():
        yield _row(seeds, [_percent(stated), *map(_percent, found.values())])


def _over_problems(problems: int, repeats: int) -> Iterator[str]:
    kinds = scenarios(problems)
    yield from _header("seeds", list(kinds))
    for seeds in SEEDS:
        yield _row(seeds, [_cell(covered(kind, seeds, repeats)) for kind in kinds.values()])


def _header(first: str, names: Sequence[str]) -> Iterator[str]:
    yield f"| {first} | {' | '.join(names)} |"
    yield f"|{'---|' * (len(names) + 1)}"


def _row(seeds: int, cells: Sequence[str]) -> str:
    return f"| {seeds} | {' | '.join(cells)} |"


def _cell(found: Covered) -> str:
    return f"{_percent(found.middle)} / {_percent(found.improvement)}"


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.1f}"


if __name__ == "__main__":
    main()
