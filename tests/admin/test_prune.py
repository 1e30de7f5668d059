"""``ayla-service prune``: what it takes, what it says, what it leaves."""

from datetime import timedelta
from pathlib import Path

import pytest
import typer
from ayla_service.admin.prune import duration
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database, store_now
from sqlalchemy import func, select, update

from tests.admin.commands import Command, runner
from tests.factories import jobs, submit
from tests.processes.command import run_service


@pytest.mark.parametrize(
    ("text", "length"),
    [("30d", timedelta(days=30)), ("12h", timedelta(hours=12)), ("90m", timedelta(minutes=90))],
)
def test_durations(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize(
    "text",
    ["", "30", "d", "0d", "-1d", "1.5h", "1w", "30D", " 30d", "30d ", "1d12h", "٣d", "9999999d", "36501d", "1" * 99],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="30d, 12h, 90m"):
        duration(text)


@pytest.fixture
def old(database: Database) -> str:
    """A job that was cancelled a year ago, beside one that waits."""
    submit(database)
    job_id = submit(database, tags=["scratch"]).id
    jobs(database).cancel(job_id)
    with database.write() as session:
        then = store_now(session) - timedelta(days=365)
        session.execute(update(JobRow).where(JobRow.id == job_id).values(finished_at=then))
    return job_id


@pytest.fixture
def prune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in this process, over the test's store."""
    run = runner(tmp_path, monkeypatch, capsys)
    return lambda *arguments, **variables: run("prune", *arguments, **variables)


def left(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(JobRow)) or 0


def test_it_says_what_it_would_remove_and_then_removes_it(
    old: str, database: Database, prune: Command, tmp_path: Path
) -> None:
    what = "1 job, 2 trials and 0 bytes of results; 0 idempotency keys, 0 workers.\n"
    assert prune("--older-than", "30d", "--dry-run") == (0, f"Would remove {what}", "")
    assert left(database) == 2
    done = run_service(tmp_path, "prune", "--older-than", "30d")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Removed {what}")
    assert "--vacuum" in done.stdout
    assert left(database) == 1


def test_states_and_tag_are_taken(old: str, prune: Command) -> None:
    for options in (["--state", "failed", "--state", "succeeded"], ["--tag", "other"], ["--older-than", "366d"]):
        assert prune("--older-than", "30d", *options).out.startswith("Removed 0 jobs, ")
    options = ["--state", "cancelled", "--tag", "scratch", "--vacuum"]
    done = prune("--older-than", "30d", *options)
    assert done.code == 0, done.err
    assert done.out.startswith("Removed 1 job, ")
    assert "The file had " in done.out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--older-than", "soon"], "30d, 12h, 90m"),
        ([], "--older-than"),
        (["--older-than", "1d", "--state", "running"], "running"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(prune: Command, arguments: list[str], named: str) -> None:
    ended = prune(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert named in ended.err
    assert "Traceback" not in ended.err


def test_a_store_that_was_never_made_is_told(prune: Command, tmp_path: Path) -> None:
    ended = prune("--older-than", "1d", AYLA_DATA_DIR=str(tmp_path / "empty"))
    assert ended.code == 2
    assert "ayla-service migrate" in ended.err
