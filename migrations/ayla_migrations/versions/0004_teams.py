"""Teams, members and keys; owners, projects and labels of jobs; shares of the workers; stored answers.

What was there before belongs to the built-in team and member. Idempotency keys of the last day are forgotten: the
answers that they would be given again were not stored.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEAM = "00000000-0000-4000-8000-000000000001"
_MEMBER = "00000000-0000-4000-8000-000000000002"
_ID = sa.String(length=36)
_TIME = sa.DateTime(timezone=True)
_NAME = sa.String(length=100)
_JOBS_AT_ONCE = 1000
_ARCHIVED = "archived_at IS NULL OR finished_at IS NOT NULL"


def upgrade() -> None:
    _make_teams()
    _give_jobs_owners()
    _give_shards_owners()
    _measure_results()
    _make_labels()
    op.drop_table("idempotency_keys")
    _make_keys_with_answers()


def _make_teams() -> None:
    op.create_table(
        "teams",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("paused_at", _TIME, nullable=True),
        sa.Column("draining_at", _TIME, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.CheckConstraint("weight > 0", name=op.f("ck_teams_weight")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_teams_name")),
    )
    op.create_table(
        "members",
        sa.Column("id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("removed_at", _TIME, nullable=True),
        sa.CheckConstraint("role IN ('viewer', 'member', 'admin')", name=op.f("ck_members_role")),
        sa.CheckConstraint("weight > 0", name=op.f("ck_members_weight")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_members_team_id_teams"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("team_id", "name", name=op.f("uq_members_team_id_name")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.Column("last_used_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_api_keys_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_index(op.f("ix_api_keys_member_id"), "api_keys", ["member_id"])
    op.create_table(
        "usage",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("seconds", "turn", "served")),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_usage_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_usage_team_id_teams"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_usage")),
    )
    op.create_index(op.f("ix_usage_team_id"), "usage", ["team_id"])
    op.create_table(
        "team_usage",
        sa.Column("team_id", _ID, nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("seconds", "turn", "served")),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_team_usage_team_id_teams"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_team_usage")),
    )
    teams = sa.table("teams", *(sa.column(name) for name in ("id", "name", "weight", "limits", "created_at")))
    op.execute(
        sa.insert(teams).values(id=_TEAM, name="default", weight=1.0, limits=sa.text("'{}'"), created_at=sa.func.now())
    )
    members = sa.table(
        "members", *(sa.column(name) for name in ("id", "team_id", "name", "role", "weight", "limits", "created_at"))
    )
    op.execute(
        sa.insert(members).values(
            id=_MEMBER,
            team_id=_TEAM,
            name="local",
            role="admin",
            weight=1.0,
            limits=sa.text("'{}'"),
            created_at=sa.func.now(),
        )
    )


def _give_jobs_owners() -> None:
    """What was there before belongs to the built-in member."""
    columns: dict[str, Any] = {
        "team_id": _ID,
        "owner_id": _ID,
        "tags": sa.JSON(),
        "search_text": sa.Text(),
        "trials_total": sa.Integer(),
        "stored_bytes": sa.BigInteger(),
        "version": sa.Integer(),
        "updated_at": _TIME,
    }
    for name, kind in {**columns, "project": _NAME, "notes": sa.Text(), "archived_at": _TIME}.items():
        op.add_column("jobs", sa.Column(name, kind, nullable=True))
    tags = "json_extract(resolved_spec, '$.tags')" if _is_sqlite() else "resolved_spec -> 'tags'"
    op.execute(
        f"UPDATE jobs SET team_id = '{_TEAM}', owner_id = '{_MEMBER}', version = 1, stored_bytes = 0, tags = {tags}, "  # noqa: S608
        "search_text = '', updated_at = coalesce(finished_at, started_at, created_at), "
        "trials_total = (SELECT count(*) FROM trials WHERE trials.job_id = jobs.id)"
    )
    _make_searchable()
    op.drop_index(op.f("ix_jobs_created_at_id"), "jobs")
    op.drop_index(op.f("ix_jobs_state_created_at_id"), "jobs")
    with op.batch_alter_table("jobs") as batch:
        for name, kind in columns.items():
            batch.alter_column(name, existing_type=kind, nullable=False)
        batch.create_check_constraint(op.f("ck_jobs_archived"), _ARCHIVED)
        batch.create_foreign_key(op.f("fk_jobs_team_id_teams"), "teams", ["team_id"], ["id"])
        batch.create_foreign_key(op.f("fk_jobs_owner_id_members"), "members", ["owner_id"], ["id"])
    op.create_index(op.f("ix_jobs_state"), "jobs", ["state"])
    sized = ["created_at", "id", "stored_bytes"]
    op.create_index(op.f("ix_jobs_team_id_created_at_id_stored_bytes"), "jobs", ["team_id", *sized])
    op.create_index(op.f("ix_jobs_team_id_state_created_at_id"), "jobs", ["team_id", "state", "created_at", "id"])
    op.create_index(op.f("ix_jobs_team_id_updated_at_id"), "jobs", ["team_id", "updated_at", "id"])
    op.create_index(op.f("ix_jobs_owner_id_created_at_id_stored_bytes"), "jobs", ["owner_id", *sized])


def _make_searchable() -> None:
    """Not in SQL: SQLite puts none but the letters of ASCII in lower case."""
    spec = sa.column("resolved_spec", sa.JSON())
    jobs = sa.table("jobs", sa.column("id"), sa.column("name"), spec, sa.column("search_text"))
    change = sa.update(jobs).where(jobs.c.id == sa.bindparam("this")).values(search_text=sa.bindparam("text"))
    page = sa.select(jobs.c.id, jobs.c.name, jobs.c.resolved_spec).order_by(jobs.c.id).limit(_JOBS_AT_ONCE)
    connection, last = op.get_bind(), ""
    while rows := connection.execute(page.where(jobs.c.id > last)).all():
        texts = [{"this": row.id, "text": _search_text(row.name, row.resolved_spec)} for row in rows]
        connection.execute(change, texts)
        last = rows[-1].id


def _search_text(name: str | None, resolved: dict[str, Any]) -> str:
    problem = resolved["problem"]
    dataset = (problem.get("dataset") or {}).get("name")
    optimizers = sorted({settings.get("label") or "" for settings in resolved["optimizers"]})
    told = [*resolved.get("tags", []), problem["type"], resolved.get("preset"), dataset, problem.get("expression")]
    return "\n".join(part for part in (name, *told, *optimizers) if part).lower()


def _give_shards_owners() -> None:
    op.drop_index("ix_shards_queue", "shards")
    for name in ("team_id", "owner_id"):
        op.add_column("shards", sa.Column(name, _ID, nullable=True))
    op.execute(f"UPDATE shards SET team_id = '{_TEAM}', owner_id = '{_MEMBER}'")  # noqa: S608
    with op.batch_alter_table("shards") as batch:
        for name in ("team_id", "owner_id"):
            batch.alter_column(name, existing_type=_ID, nullable=False)
    _partial_index(
        "ix_shards_queue",
        "shards",
        "state = 'queued'",
        "device",
        "priority",
        "owner_id",
        "queued_at",
        "job_id",
        "index",
    )


def _measure_results() -> None:
    op.add_column("trials", sa.Column("stored_bytes", sa.BigInteger(), nullable=True))
    sizes = " + ".join(
        f"coalesce((SELECT sum(length(data)) FROM {table} WHERE {table}.trial_id = trials.id), 0)"  # noqa: S608
        for table in ("chunks", "metrics", "predictions")
    )
    op.execute(f"UPDATE trials SET stored_bytes = {sizes}")  # noqa: S608
    with op.batch_alter_table("trials") as batch:
        batch.alter_column("stored_bytes", existing_type=sa.BigInteger(), nullable=False)
    op.execute(
        "UPDATE jobs SET stored_bytes = "
        "coalesce((SELECT sum(stored_bytes) FROM trials WHERE trials.job_id = jobs.id), 0) "
        "WHERE finished_at IS NOT NULL"
    )


def _make_labels() -> None:
    op.create_table(
        "job_labels",
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("label", _NAME, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.CheckConstraint("kind IN ('tag', 'project', 'problem', 'optimizer')", name=op.f("ck_job_labels_kind")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_labels_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "kind", "label", name=op.f("pk_job_labels")),
    )
    op.create_index(
        op.f("ix_job_labels_team_id_kind_label_created_at_job_id"),
        "job_labels",
        ["team_id", "kind", "label", "created_at", "job_id"],
    )
    _label("tag", "tag", "job_tags JOIN jobs ON jobs.id = job_tags.job_id")
    _label("problem", _at("resolved_spec", "problem", "type"), "jobs")
    _label("problem", _at("resolved_spec", "problem", "dataset", "name"), "jobs")
    _label("problem", _at("resolved_spec", "preset"), "jobs")
    each = (
        "json_each(resolved_spec, '$.optimizers') AS o"
        if _is_sqlite()
        else "json_array_elements(resolved_spec -> 'optimizers') AS o(value)"
    )
    _label("optimizer", _at("o.value", "name"), f"jobs, {each}")
    _label("optimizer", f"CASE WHEN {_at('o.value', 'ayla')} IS NOT NULL THEN 'ayla' END", f"jobs, {each}")
    op.drop_table("job_tags")


def _label(kind: str, label: str, rows: str) -> None:
    op.execute(
        "INSERT INTO job_labels (job_id, kind, label, team_id, created_at) "  # noqa: S608
        f"SELECT DISTINCT jobs.id, '{kind}', {label}, jobs.team_id, jobs.created_at FROM {rows} "
        f"WHERE {label} IS NOT NULL ON CONFLICT DO NOTHING"
    )


def _at(column: str, *way: str) -> str:
    """SQL for a text inside a JSON column."""
    if _is_sqlite():
        return f"json_extract({column}, '$.{'.'.join(way)}')"
    inner = "".join(f" -> '{name}'" for name in way[:-1])
    return f"({column}{inner} ->> '{way[-1]}')"


def _make_keys_with_answers() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_idempotency_keys_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])


def downgrade() -> None:
    """The jobs of all teams are visible to everybody again; API keys are gone."""
    op.drop_table("idempotency_keys")
    _make_keys_of_jobs()
    _make_tags()
    op.drop_table("job_labels")
    with op.batch_alter_table("trials") as batch:
        batch.drop_column("stored_bytes")
    op.drop_index("ix_shards_queue", "shards")
    with op.batch_alter_table("shards") as batch:
        batch.drop_column("team_id")
        batch.drop_column("owner_id")
    _partial_index(
        "ix_shards_queue", "shards", "state = 'queued'", "device", "priority", "queued_at", "job_id", "index"
    )
    _take_owners_from_jobs()
    for table in (
        "team_usage",
        "usage",
        "api_keys",
        "members",
        "teams",
    ):
        op.drop_table(table)


def _take_owners_from_jobs() -> None:
    for columns in (
        "owner_id_created_at_id_stored_bytes",
        "team_id_updated_at_id",
        "team_id_state_created_at_id",
        "team_id_created_at_id_stored_bytes",
        "state",
    ):
        op.drop_index(op.f(f"ix_jobs_{columns}"), "jobs")
    with op.batch_alter_table("jobs") as batch:
        batch.drop_constraint(op.f("fk_jobs_owner_id_members"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_jobs_team_id_teams"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_jobs_archived"), type_="check")
        for name in (
            "archived_at", "updated_at", "version", "stored_bytes", "trials_total", "search_text", "notes", "tags", "project",
            "owner_id", "team_id",
        ):  # fmt: skip
            batch.drop_column(name)
    op.create_index(op.f("ix_jobs_created_at_id"), "jobs", ["created_at", "id"])
    op.create_index(op.f("ix_jobs_state_created_at_id"), "jobs", ["state", "created_at", "id"])


def _make_tags() -> None:
    op.create_table(
        "job_tags",
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("tag", sa.String(length=50), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_tags_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "tag", name=op.f("pk_job_tags")),
    )
    op.execute(
        "INSERT INTO job_tags (job_id, tag, created_at) "
        "SELECT job_id, label, created_at FROM job_labels WHERE kind = 'tag'"
    )
    op.create_index(op.f("ix_job_tags_tag_created_at_job_id"), "job_tags", ["tag", "created_at", "job_id"])


def _make_keys_of_jobs() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_idempotency_keys_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_job_id"), "idempotency_keys", ["job_id"])
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _partial_index(name: str, table: str, condition: str, *columns: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
