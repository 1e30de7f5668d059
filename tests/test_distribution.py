"""Files that wait are run one after the other, beside those that compute."""

from pathlib import Path

from tests.distribution import WAITING, next_file

QUEUE = ["tests/core/test_a.py", "tests/core/test_b.py", "tests/system/test_c.py", "tests/worker/test_d.py"]


def test_one_process_waits_while_the_others_compute() -> None:
    assert next_file(QUEUE, []) == "tests/system/test_c.py"
    assert next_file(QUEUE, ["tests/jobs/test_e.py"]) == "tests/system/test_c.py"
    assert next_file(QUEUE, ["tests/chaos/test_f.py", "tests/jobs/test_e.py"]) == "tests/core/test_a.py"


def test_what_is_left_is_run_whatever_the_others_do() -> None:
    assert next_file(QUEUE[2:], ["tests/chaos/test_f.py"]) == "tests/system/test_c.py"
    assert next_file(QUEUE[:2], []) == "tests/core/test_a.py"


def test_the_folders_that_wait_are_there() -> None:
    root = Path(__file__).parents[1]
    assert all(list((root / folder).glob("test_*.py")) for folder in WAITING)
