"""The process that checks an upload: it may crash, hang or want all memory, and nobody else notices."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

import pytest
from ayla_data.formats import Format
from ayla_service.datasets import subprocess_check
from ayla_service.datasets.checking import TableSummary
from ayla_service.errors import InvalidDataset, UploadsUnavailable

from tests.uploaded import FLOWERS

CHILD = "from ayla_service.datasets import subprocess_main; "
LIMITED = f"{CHILD}subprocess_main._limit(); "


def _check(content: bytes = FLOWERS, kind: Format = "csv", target: IO[bytes] | None = None) -> TableSummary:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as kept:
        source.write(content)
        return subprocess_check.check_in_subprocess(kind, source, target or kept)


def _instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(subprocess_check, "_COMMAND", (sys.executable, "-c", code))


def test_a_file_is_checked_and_written_as_it_is_kept() -> None:
    with tempfile.TemporaryFile() as kept:
        found = _check(target=kept)
        assert (found.rows, [column.name for column in found.columns]) == (30, ["width", "height", "target"])
        kept.seek(0)
        assert kept.read(4) == b"PAR1"


def test_what_is_wrong_is_told() -> None:
    with pytest.raises(InvalidDataset, match="Column 'b', row 2 is 'x'"):
        _check(b"a,b\n1,2\n3,x\n")


def test_what_is_plainly_something_else_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("started"))
    with pytest.raises(InvalidDataset, match="not CSV but a zip"):
        _check(b"PK\x03\x04")


@pytest.mark.parametrize(
    "code",
    ["import os; os.kill(os.getpid(), 11)", "import os; os._exit(3)", f"{LIMITED}raise RuntimeError"],
    ids=["a crash", "an exit", "an error"],
)
def test_a_check_that_ends_in_another_way_is_a_refusal(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(monkeypatch, code)
    with pytest.raises(InvalidDataset, match="cannot be read"):
        _check()


def test_a_check_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(subprocess_check, "_SECONDS", 0.2)
    with pytest.raises(InvalidDataset, match=r"more than 0\.2 s"):
        _check()


def test_a_check_that_computes_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(monkeypatch, f"{CHILD}subprocess_main.CPU_SECONDS = 1; subprocess_main._limit()\nwhile True: pass")
    with pytest.raises(InvalidDataset, match="cannot be read"):
        _check()


def test_memory_is_limited_and_running_out_of_it_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(
        monkeypatch,
        f"{CHILD}subprocess_main.check = lambda *_, **__: bytes(subprocess_main.MEMORY_BYTES); subprocess_main.main()",
    )
    with pytest.raises(InvalidDataset, match="more memory than a dataset"):
        _check()


def test_a_full_disk_is_not_the_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on the size of files stands for the end of the disk."""
    _instead(monkeypatch, f"{CHILD}subprocess_main.FILE_BYTES = 100; subprocess_main.main()")
    with pytest.raises(UploadsUnavailable, match="no room"):
        _check()


def test_a_check_that_the_system_kills_for_memory_is_not_the_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(monkeypatch, "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(UploadsUnavailable, match="too little memory"):
        _check()


def test_where_memory_runs_out_the_check_is_ended_and_not_the_service() -> None:
    path = Path("/proc/self/oom_score_adj")
    if not path.exists():
        pytest.skip("this system has no such choice")
    ran = subprocess.run([sys.executable, "-c", f"{LIMITED}print(open({str(path)!r}).read())"], capture_output=True)
    assert int(ran.stdout) == 1000 > int(path.read_text())


def test_the_process_gets_no_variable_that_may_hold_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What it says of itself: the variables that it really has."""
    secret = ("AYLA_DATABASE_URL", "PGPASSWORD", "PGPASSFILE", "AWS_SECRET_ACCESS_KEY", "HOME", "SOMETHING_ELSE")
    for name in secret:
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = "import json, os; print(json.dumps({'rows': 1, 'columns': [], 'has': dict(os.environ)}))"
    _instead(monkeypatch, code)
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        has = subprocess_check._run("csv", source, target, header=False)["has"]
    assert has["TMPDIR"] == str(tmp_path)
    assert has["PATH"] == os.environ["PATH"]
    assert not set(secret) & set(has)
    assert "hush" not in has.values()


def test_what_it_imports_is_little() -> None:
    code = "import sys, ayla_service.datasets.subprocess_main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.decode().split()
    assert {"pyarrow", "numpy"} <= set(loaded)
    assert not {"pydantic", "sqlalchemy", "fastapi", "ayla_spec", "torch"} & set(loaded)


def test_limits_that_are_stricter_already_stay() -> None:
    code = f"{CHILD}import resource; cpu = resource.RLIMIT_CPU; resource.setrlimit(cpu, (5, 5)); "
    code += "subprocess_main._limit(); print(resource.getrlimit(cpu))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert ran.stdout == b"(5, 5)\n"


def test_a_table_of_as_many_columns_as_there_may_be_fits_into_the_memory() -> None:
    """What is not plain numbers is read as text, for which a reader likes to reserve far more than it needs."""
    names = b",".join(b"c%d" % place for place in range(10_001))
    found = _check(names + b"\n" + (b"1," * 10_000 + b"1\n") * 40 + b"true," * 10_000 + b"1\n")
    assert (found.rows, len(found.columns), found.columns[0].mean) == (41, 10_001, 1.0)
