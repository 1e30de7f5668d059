"""Triggers in the store that judge every write by themselves, whatever the program checked before it.

They see each row of results with the attempt that it names, and compare it with the attempt that owns its shard at
that very moment. Nothing of them is part of the product.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ayla_service.db.session import Database
from sqlalchemy import text

_TABLE = """
CREATE TABLE chaos_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    place text NOT NULL,
    row_id text NOT NULL,
    what text NOT NULL
)
"""

_SHARD_OF_TRIAL = """(SELECT id FROM shards
WHERE job_id = {row}.job_id AND first_trial <= {row}.trial_index AND {row}.trial_index < first_trial + trials)"""
_TRIAL = "{row}.job_id || '-' || {row}.trial_index"

# READ COMMITTED: each query in a function sees what is committed now, and what its own transaction has done.
_ROWS = """
CREATE FUNCTION chaos_audit_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owner record;
BEGIN
    SELECT attempt, state INTO owner FROM shards WHERE id = {shard};
    IF owner.state IS DISTINCT FROM 'running' OR owner.attempt IS DISTINCT FROM NEW.attempt THEN
        INSERT INTO chaos_audit (place, row_id, what) VALUES ('{table}', {key}, format(
            'written by attempt %s while the shard was %s at attempt %s', NEW.attempt, owner.state, owner.attempt));
    END IF;
    RETURN NULL;
END $$
"""

_GONE = """
CREATE FUNCTION chaos_audit_{table}_gone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
    SELECT state INTO found FROM shards WHERE id = {shard};
    IF found IS DISTINCT FROM 'running' THEN
        INSERT INTO chaos_audit (place, row_id, what)
        VALUES ('{table}', {key}, format('deleted while the shard was %s', found));
    END IF;
    RETURN NULL;
END $$
"""

_GONE_TRIGGER = """
CREATE TRIGGER chaos_audit_gone AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION chaos_audit_{table}_gone()
"""

_FINAL = """
CREATE FUNCTION chaos_audit_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {broken} THEN
        INSERT INTO chaos_audit (place, row_id, what)
        VALUES ('{table}', NEW.id, format('{what}', OLD.state, NEW.state));
    END IF;
    RETURN NULL;
END $$
"""

_TRIGGER = """
CREATE TRIGGER chaos_audit AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION chaos_audit_{table}()
"""

_SHARD = ("{row}.shard_id", "{row}.shard_id")
_WRITTEN_BY_ATTEMPTS = {
    "chunks": (_SHARD_OF_TRIAL, _TRIAL),
    "metrics": (_SHARD_OF_TRIAL, _TRIAL),
    "predictions": (_SHARD_OF_TRIAL, _TRIAL),
    "checkpoints": _SHARD,
    "trial_summaries": _SHARD,
}
"""The shard that a row is of, and what the row is called."""

_ENDED = "OLD.state IN ('succeeded', 'failed', 'cancelled')"
_FEWER = "NEW.completed < OLD.completed OR NEW.diverged < OLD.diverged"
_NEVER_AGAIN = {
    "jobs": (f"{_ENDED} AND NEW.state <> OLD.state", "ended as %s, then became %s"),
    "shards": (
        f"NEW.attempt < OLD.attempt OR {_FEWER} OR {_ENDED} AND NEW.state <> OLD.state",
        "went back to an earlier attempt, lost results of trials, or ended as %s and then became %s",
    ),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A write that the triggers found wrong."""

    place: str
    row_id: str
    what: str

    def __str__(self) -> str:
        return f"{self.place} {self.row_id}: {self.what}"


def install(database: Database) -> None:
    """Put table and triggers into a migrated store on PostgreSQL."""
    with database.engine.begin() as connection:
        for statement in _statements():
            connection.execute(text(statement))


def violations(database: Database) -> Sequence[Violation]:
    """What was found, oldest first."""
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT place, row_id, what FROM chaos_audit ORDER BY id"))
        return [Violation(*row) for row in rows]


def _statements() -> list[str]:
    statements = [_TABLE]
    for table, (shard, key) in _WRITTEN_BY_ATTEMPTS.items():
        new, old = ({"shard": shard.format(row=row), "key": key.format(row=row)} for row in ("NEW", "OLD"))
        statements.append(_ROWS.format(table=table, **new))
        statements.append(_TRIGGER.format(table=table, events="INSERT OR UPDATE"))
        if key == _TRIAL:  # checkpoints do go when their shard ends
            statements += [_GONE.format(table=table, **old), _GONE_TRIGGER.format(table=table)]
    for table, (broken, what) in _NEVER_AGAIN.items():
        statements.append(_FINAL.format(table=table, broken=broken, what=what))
        statements.append(_TRIGGER.format(table=table, events="UPDATE"))
    return statements
