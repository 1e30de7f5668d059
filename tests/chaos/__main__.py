"""``python -m tests.chaos``: hurt a whole installation, and see that nothing is lost."""

import argparse
import secrets
import shutil
import signal
import sys
from pathlib import Path

from tests.chaos.run import Options, new_folder, run


def main() -> int:
    """Run; returns 1 if anything was lost, doubled, changed or accepted too late."""
    arguments = _arguments()
    # Told to end, it ends as after Ctrl-C, with nothing left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = new_folder()
    given = Options(arguments.seed, arguments.jobs, arguments.faults, arguments.gap, arguments.shorter)
    report = run(given, folder)
    text = report.markdown()
    arguments.report.write_text(text)
    sys.stdout.write(f"\n{text}")
    if report.passed and not arguments.keep_logs:
        shutil.rmtree(folder)
    else:
        sys.stdout.write(f"\nThe logs are in {folder}\n")
    return 0 if report.passed else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="default: a new one")
    parser.add_argument("--jobs", type=int, default=300, help="jobs submitted (300)")
    parser.add_argument("--faults", type=int, default=40, help="faults injected (40)")
    parser.add_argument("--gap", type=float, default=4.5, help="mean seconds between two faults (4.5)")
    parser.add_argument("--shorter", type=int, default=1, help="divide the steps of the longer jobs by this (1)")
    parser.add_argument("--report", type=Path, default=Path("chaos-report.md"), help="file to write")
    parser.add_argument("--keep-logs", action="store_true", help="keep the logs although all went well")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
