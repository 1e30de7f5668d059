"""Look for faults with new examples, for as long as one likes: ``make fuzz MINUTES=60``.

The suite makes up the same examples at every run, so that it tells of a change and of nothing else. This runs its
property tests round after round with a new seed each, and stops at the first that fails.
"""

import argparse
import secrets
import subprocess
import sys
import time

_PYTEST = (sys.executable, "-m", "pytest", "--quiet", "-m", "hypothesis", "--hypothesis-profile=fuzz")


def main() -> int:
    """Exit status 1 if a round failed; its seed is printed."""
    arguments = _arguments()
    end = time.monotonic() + 60 * arguments.minutes
    rounds = 0
    while time.monotonic() < end:
        seed = arguments.seed if arguments.seed is not None else secrets.randbits(32)
        rounds += 1
        print(f"round {rounds}, seed {seed}", flush=True)  # noqa: T201
        command = [*_PYTEST, f"--hypothesis-seed={seed}", f"--numprocesses={arguments.processes}", *arguments.tests]
        if subprocess.run(command, check=False).returncode:
            print(f"failed; again with: make fuzz SEED={seed}", flush=True)  # noqa: T201
            return 1
        if arguments.seed is not None:
            break
    print(f"nothing found in {rounds} rounds", flush=True)  # noqa: T201
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="no round begins later than this; default 10")
    parser.add_argument("--seed", type=int, help="one round with this seed, to see a failure again")
    parser.add_argument("--processes", type=int, default=2, help="at once; default 2")
    parser.add_argument("tests", nargs="*", help="files or folders; default all")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
