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

_SHARD_OF_TRIAL = "(SELECT shard_id FROM trials WHERE id = NEW.trial_id)"

# READ COMMITTED: each query in a function sees what is committed now, and what its own transaction has done.
_ROWS = """
CREATE FUNCTION chaos_audit_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owner record;
BEGIN
    SELECT attempt, state INTO owner FROM shards WHERE id = {shard};
    IF owner.state IS DISTINCT FROM 'running' OR owner.attempt IS DISTINCT FROM NEW.attempt THEN
        INSERT INTO chaos_audit (place, row_id, what) VALUES ('{table}', NEW.{key}, format(
            'written by attempt %s while the shard was %s at attempt %s', NEW.attempt, owner.state, owner.attempt));
    END IF;
    RETURN NULL;
END $$
"""

_GONE = """
CREATE FUNCTION chaos_audit_{table}_gone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
    SELECT state INTO found FROM shards WHERE id = (SELECT shard_id FROM trials WHERE id = OLD.trial_id);
    IF found IS DISTINCT FROM 'running' THEN
        INSERT INTO chaos_audit (place, row_id, what)
        VALUES ('{table}', OLD.trial_id, format('deleted while the shard was %s', found));
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

_WRITTEN_BY_ATTEMPTS = {
    "chunks": (_SHARD_OF_TRIAL, "trial_id"),
    "metrics": (_SHARD_OF_TRIAL, "trial_id"),
    "predictions": (_SHARD_OF_TRIAL, "trial_id"),
    "checkpoints": ("NEW.shard_id", "shard_id"),
}

_ENDED = "OLD.state IN ('succeeded', 'failed', 'cancelled', 'completed', 'diverged')"
_NEVER_AGAIN = {
    "jobs": (f"{_ENDED} AND NEW.state <> OLD.state", "ended as %s, then became %s"),
    "shards": (
        f"NEW.attempt < OLD.attempt OR {_ENDED} AND NEW.state <> OLD.state",
        "went back to an earlier attempt, or ended as %s and then became %s",
    ),
    "trials": (f"{_ENDED} AND NEW::text IS DISTINCT FROM OLD::text", "ended as %s and was changed after that, to %s"),
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
        statements.append(_ROWS.format(table=table, shard=shard, key=key))
        statements.append(_TRIGGER.format(table=table, events="INSERT OR UPDATE"))
        if key == "trial_id":  # checkpoints do go when their shard ends
            statements += [_GONE.format(table=table), _GONE_TRIGGER.format(table=table)]
    for table, (broken, what) in _NEVER_AGAIN.items():
        statements.append(_FINAL.format(table=table, broken=broken, what=what))
        statements.append(_TRIGGER.format(table=table, events="UPDATE"))
    return statements
