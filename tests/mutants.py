"""Takes each guard away in turn and sees whether the suite notices: ``python -m tests.mutants`` or ``make mutants``.

Works on a copy of the packages in a temporary folder. A mutant that survives is a guard that no test holds.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_SOURCES = ("service", "worker")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A guard that is taken away.

    Attributes:
        guard: what it is, for people.
        file: where, from the repository's root.
        before: the code that guards.
        after: the code without it.
        tests: at least one of these must fail then.
    """

    guard: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


_QUEUE = "service/ayla_service/queue"
MUTANTS = (
    Mutant(
        "a write carries the current attempt's number",
        f"{_QUEUE}/attempts.py",
        "ShardRow.attempt == claim.attempt, ",
        "",
        ("tests/queue/test_attempts.py",),
    ),
    Mutant(
        "a write is for a running shard",
        f"{_QUEUE}/attempts.py",
        ", ShardRow.state == ShardState.RUNNING)",
        ")",
        ("tests/queue/test_attempts.py",),
    ),
    Mutant(
        "each shard of a pack is fenced",
        f"{_QUEUE}/packs.py",
        "session.execute(shards) if tuple(row[:3]) in held}",
        "session.execute(shards)}",
        ("tests/worker/test_pack.py",),
    ),
    Mutant(
        "a write carries its worker's name",
        f"{_QUEUE}/attempts.py",
        " or _attempt(session, claim).worker != claim.worker",
        "",
        ("tests/queue/test_attempts.py",),
    ),
    Mutant(
        "a pack holds what it was chosen from",
        f"{_QUEUE}/claims.py",
        " and row.attempt == asked[row.id].attempt",
        "",
        ("tests/queue/test_claims.py",),
    ),
    Mutant(
        "only a newer checkpoint forgives failures",
        f"{_QUEUE}/attempts.py",
        "if checkpoint.step > (newest or 0):",
        "if True:",
        ("tests/queue/test_job_ends.py",),
    ),
    Mutant(
        "a chunk that is there stays",
        "service/ayla_service/trials/writer.py",
        ".on_conflict_do_nothing()",
        "",
        ("tests/trials/test_writer.py",),
    ),
    Mutant(
        "an attempt drops the rows beyond its checkpoint",
        f"{_QUEUE}/attempts.py",
        "        discard_from(session, claim.range, step)\n",
        "",
        ("tests/queue/test_attempts.py",),
    ),
    Mutant(
        "claims lock the shards they take",
        f"{_QUEUE}/claims.py",
        "        .order_by(JobRow.id, ShardRow.id)\n        .with_for_update(skip_locked=True, key_share=True)\n",
        "",
        ("tests/queue/test_claims.py::test_a_shard_whose_row_is_held_by_others_keeps_nobody_waiting",),
    ),
    Mutant(
        "claims wait for each other",
        f"{_QUEUE}/claim_lock.py",
        "func.pg_advisory_xact_lock(CLAIM_LOCK)",
        "func.pg_advisory_xact_lock(func.pg_backend_pid())",
        ("tests/queue/test_fair_share.py::test_claims_at_the_same_moment_are_as_fair_as_one_after_the_other",),
    ),
    Mutant(
        "a frozen claim is ended",
        f"{_QUEUE}/claim_lock.py",
        "select(frozen, not_awaited",
        "select(not_awaited",
        ("tests/queue/test_claim_lock.py::test_a_frozen_claim_keeps_others_waiting_for_a_while_only",),
    ),
    Mutant(
        "a claim is charged at once",
        f"{_QUEUE}/claims.py",
        "            charge(session, eligible, usage, shares)\n",
        "",
        ("tests/queue/test_fair_share.py",),
    ),
    Mutant(
        "a charge is put right when the attempt ends",
        f"{_QUEUE}/attempts.py",
        "        settle(session, [attempt_correction(session, shard, attempt, now)], now)\n",
        "",
        ("tests/queue/test_fair_share.py",),
    ),
    Mutant(
        "a newcomer is lifted",
        f"{_QUEUE}/fair_queue.py",
        "else self._replace(virtual_time=least)",
        "else self",
        ("tests/queue/test_fair_share.py",),
    ),
    Mutant(
        "who has waited is not taken for a newcomer",
        f"{_QUEUE}/fair_queue.py",
        "least = floor - self.waited",
        "least = floor",
        ("tests/queue/test_fair_share.py",),
    ),
    Mutant(
        "the forecast serves in the order of claims",
        f"{_QUEUE}/fair_queue.py",
        "return (self._ranks[team_id], self._ranks[member_id])",
        "return (self._ranks[member_id], self._ranks[team_id])",
        ("tests/queue/test_fair_queue.py",),
    ),
    Mutant(
        "who has as many workers as it may is passed over",
        f"{_QUEUE}/eligibility.py",
        "            found.exclude(_at_limit(session, found.worker_limits, worker))",
        "            pass",
        ("tests/queue/test_fair_share.py",),
    ),
    Mutant(
        "nothing of a paused team is started",
        f"{_QUEUE}/eligibility.py",
        "return query if with_paused else query.where(TeamRow.paused_at.is_(None))",
        "return query",
        ("tests/queue/test_fair_share.py",),
    ),
    Mutant(
        "SQLite takes its write lock at the start",
        "service/ayla_service/db/session.py",
        '"BEGIN IMMEDIATE" if writes else "BEGIN"',
        '"BEGIN"',
        ("tests/db/test_session.py",),
    ),
    Mutant(
        "failures in a row end a job",
        f"{_QUEUE}/retries.py",
        " or failures >= self.max_attempts",
        "",
        ("tests/queue/test_retries.py",),
    ),
    Mutant(
        "rows alone are no progress",
        f"{_QUEUE}/attempts.py",
        "        _beat(session, claim, shard, lease_seconds)\n        if block",
        "        _beat(session, claim, shard, lease_seconds)\n        shard.failures = 0\n        if block",
        ("tests/queue/test_job_ends.py",),
    ),
    Mutant(
        "what was tried before runs alone",
        f"{_QUEUE}/policy.py",
        "shard.attempt == 0 and ",
        "",
        ("tests/worker/test_pack.py",),
    ),
    Mutant(
        "a lease that still runs is left alone",
        f"{_QUEUE}/reaper.py",
        ", ShardRow.lease_expires_at < now)",
        ")",
        ("tests/queue/test_attempts.py::test_each_block_renews_the_lease",),
    ),
    Mutant(
        "a block renews the lease",
        f"{_QUEUE}/attempts.py",
        "    shard.lease_expires_at = now + timedelta(seconds=lease_seconds)\n",
        "",
        ("tests/queue/test_attempts.py::test_each_block_renews_the_lease",),
    ),
    Mutant(
        "what a cancelled job hands back is not queued again",
        f"{_QUEUE}/lifecycle.py",
        "    if is_ending(job):\n        end_shard",
        "    if False:\n        end_shard",
        ("tests/queue/test_job_ends.py",),
    ),
    Mutant(
        "what a paused job hands back is not queued again",
        f"{_QUEUE}/lifecycle.py",
        "    if job.paused_at is not None:\n        shard.state",
        "    if False:\n        shard.state",
        ("tests/queue/test_job_ends.py",),
    ),
    Mutant(
        "a trial that has ended keeps its result",
        "service/ayla_service/trials/progress.py",
        "    keeps = stored.has_result\n",
        "    keeps = np.zeros(len(stored), dtype=bool)\n",
        ("tests/queue/test_attempts.py",),
    ),
    Mutant(
        "a block that is written again counts once",
        f"{_QUEUE}/attempts.py",
        "        if block.step > shard.step:\n            _write",
        "        if True:\n            _write",
        ("tests/queue/test_attempts.py",),
    ),
    Mutant(
        "a shard's trials are counted anew when an attempt begins earlier",
        "service/ayla_service/trials/progress.py",
        '{"stored_bytes": sizes}',
        "{}",
        ("tests/jobs/test_submission_faults.py",),
    ),
    Mutant(
        "the time that was used counts no more when a job is tried again",
        f"{_QUEUE}/lifecycle.py",
        "        forget_time(session, *again)\n",
        "",
        ("tests/jobs/test_submission_faults.py",),
    ),
    Mutant(
        "a lease is measured by the store's clock",
        "service/ayla_service/db/session.py",
        'if session.get_bind().dialect.name == "sqlite":',
        "if True:",
        ("tests/db/test_session.py",),
    ),
    Mutant(
        "a checkpoint is checked before it is read",
        "worker/ayla_core/checkpoint.py",
        "if hashlib.sha256(body).digest() != digest:",
        "if False:",
        ("tests/core/test_blocks.py",),
    ),
    Mutant(
        "a checkpoint belongs to its batch",
        "worker/ayla_core/checkpoint.py",
        'if content["format"] != _FORMAT or content["owner"] != owner:',
        "if False:",
        ("tests/core/test_blocks.py",),
    ),
    Mutant(
        "a checkpoint holds the statistics",
        "worker/ayla_core/engine.py",
        "return statistics | {",
        "return {",
        ("tests/core/test_blocks.py",),
    ),
)


def survives(mutant: Mutant, folder: Path) -> bool:
    """Whether all the tests pass without the guard.

    Raises:
        LookupError: if the guard is not where it is said to be; the list then needs mending.
    """
    for source in _SOURCES:
        shutil.copytree(_ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / mutant.file
    text = path.read_text()
    if mutant.before not in text:
        raise LookupError(f"{mutant.file} does not hold {mutant.before!r}")
    path.write_text(text.replace(mutant.before, mutant.after))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(folder / source) for source in _SOURCES)}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutant.tests]
    return subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, check=False).returncode == 0


def main() -> int:
    """Try every mutant; returns how many survive."""
    survivors = 0
    for mutant in MUTANTS:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            alive = survives(mutant, Path(folder))
        survivors += alive
        verdict = "SURVIVES" if alive else "found"
        print(f"{verdict:9} {time.monotonic() - begun:5.0f} s  {mutant.guard}", flush=True)  # noqa: T201  # a command
    return survivors


if __name__ == "__main__":
    sys.exit(main())
