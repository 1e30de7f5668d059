"""Texts of users in Unicode's normal form C, as they are taken from now on.

Tags of a job that become the same are one. Of teams, of members of a team and of optimizers of a job whose names become
the same, one keeps the name: the one that had it in this form, else the first; the others get a number after it, such as
``Zoë (2)``. Specs as they were submitted stay as they are.
"""

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_AT_ONCE = 500

_TEAMS = sa.table("teams", *map(sa.column, ("id", "name", "created_at")))
_MEMBERS = sa.table("members", *map(sa.column, ("id", "name", "created_at", "team_id")))
_KEYS = sa.table("api_keys", *map(sa.column, ("id", "name")))
_WEBHOOKS = sa.table("webhooks", *map(sa.column, ("id", "description")))
_JOBS = sa.table(
    "jobs",
    *map(sa.column, ("id", "name", "project", "notes", "search_text")),
    sa.column("tags", sa.JSON()),
    sa.column("resolved_spec", sa.JSON()),
)
_TRIALS = sa.table(
    "trials", *map(sa.column, ("id", "label", "job_id", "optimizer_index")), sa.column("settings", sa.JSON())
)
_LABELS = sa.table("job_labels", *map(sa.column, ("job_id", "kind", "label", "team_id", "created_at")))

_LONGEST = {"name": 100, "project": 100, "label": 100, "description": 200}
_LONGEST_NAME_OF_JOB, _LONGEST_LABEL_OF_TRIAL = 200, 250


def upgrade() -> None:
    _name_apart(_TEAMS, ())
    _name_apart(_MEMBERS, ("team_id",))
    for table, column in ((_KEYS, "name"), (_WEBHOOKS, "description")):
        for rows in _pages(table, ("id",), (column,)):
            _change(table, [{"this": row.id, column: _normal(getattr(row, column), _LONGEST[column])} for row in rows])
    for rows in _pages(_JOBS, ("id",), ("name", "project", "notes", "search_text", "tags", "resolved_spec")):
        _change(_JOBS, [_job(row) for row in rows])
    for rows in _pages(_TRIALS, ("id",), ("label", "settings"), ("job_id", "optimizer_index")):
        optimizers = _optimizers_of({row.job_id for row in rows})
        _change(_TRIALS, [_trial(row, optimizers[row.job_id][row.optimizer_index]) for row in rows])
    for rows in _pages(_LABELS, ("job_id", "kind", "label"), ("label",), ("team_id", "created_at")):
        _relabel(rows)


def downgrade() -> None:
    """Texts in this form are texts of the older version too."""


def _normal(text: str | None, longest: int | None = None) -> Any:
    return None if text is None else unicodedata.normalize("NFC", text)[:longest]


def _pages(
    table: sa.TableClause, key: Sequence[str], texts: Sequence[str], others: Sequence[str] = ()
) -> Iterator[Sequence[sa.Row[Any]]]:
    """The rows that have a character outside of ASCII in one of the texts, some at a time, by their keys."""
    keys = [table.c[name] for name in key]
    columns = [*keys, *(table.c[name] for name in (*texts, *others) if name not in key)]
    query = sa.select(*columns).where(sa.or_(*map(_is_foreign, (table.c[name] for name in texts))))
    query, last = query.order_by(*keys).limit(_AT_ONCE), tuple[Any, ...]()
    while True:
        after = sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, last)) if last else sa.true()
        rows = op.get_bind().execute(query.where(after)).all()
        if not rows:
            return
        last = tuple(getattr(rows[-1], name) for name in key)
        yield rows


def _is_foreign(column: sa.ColumnClause[Any]) -> sa.ColumnElement[bool]:
    """More bytes than characters; and in JSON also an escape, which is how others than ASCII are kept there."""
    is_json = isinstance(column.type, sa.JSON)
    text = sa.cast(column, sa.Text()) if is_json else column
    if op.get_bind().dialect.name == "sqlite":
        longer = sa.func.length(sa.cast(text, sa.LargeBinary())) != sa.func.length(text)
    else:
        longer = sa.func.octet_length(text) != sa.func.char_length(text)
    return sa.or_(longer, text.contains("\\u", autoescape=True)) if is_json else longer


def _change(table: sa.TableClause, rows: list[dict[str, Any]]) -> None:
    columns = [name for name in rows[0] if name != "this"]
    change = sa.update(table).where(table.c.id == sa.bindparam("this"))
    op.get_bind().execute(change.values({name: sa.bindparam(name, type_=table.c[name].type) for name in columns}), rows)


def _job(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "this": row.id,
        "name": _normal(row.name, _LONGEST_NAME_OF_JOB),
        "project": _normal(row.project, _LONGEST["project"]),
        "notes": _normal(row.notes),
        "search_text": _normal(row.search_text),
        "tags": list(dict.fromkeys(map(_normal, row.tags))),
        "resolved_spec": _spec(row.resolved_spec),
    }


def _spec(spec: dict[str, Any]) -> dict[str, Any]:
    changed = dict(spec)
    if "name" in spec:
        changed["name"] = _normal(spec["name"])
    if "tags" in spec:
        changed["tags"] = list(dict.fromkeys(map(_normal, spec["tags"])))
    optimizers = spec["optimizers"]
    labels = _apart([settings.get("label") for settings in optimizers], _LONGEST_LABEL_OF_TRIAL)
    return changed | {"optimizers": [_labelled(each, label) for each, label in zip(optimizers, labels, strict=True)]}


def _labelled(settings: dict[str, Any], label: str | None) -> dict[str, Any]:
    return settings | {"label": label} if "label" in settings else settings


def _optimizers_of(job_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The optimizers of these jobs, whose labels have been changed already."""
    rows = op.get_bind().execute(sa.select(_JOBS.c.id, _JOBS.c.resolved_spec).where(_JOBS.c.id.in_(job_ids)))
    return {row.id: row.resolved_spec["optimizers"] for row in rows}


def _trial(row: sa.Row[Any], optimizer: dict[str, Any]) -> dict[str, Any]:
    label = optimizer.get("label") or _normal(row.label, _LONGEST_LABEL_OF_TRIAL)
    return {"this": row.id, "label": label, "settings": _labelled(row.settings, label)}


def _relabel(rows: Sequence[sa.Row[Any]]) -> None:
    changed = [row for row in rows if _normal(row.label, _LONGEST["label"]) != row.label]
    if not changed:
        return
    connection = op.get_bind()
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    new = [{**row._mapping, "label": _normal(row.label, _LONGEST["label"])} for row in changed]
    connection.execute(insert(_LABELS).on_conflict_do_nothing(), new)
    old = sa.and_(*(_LABELS.c[name] == sa.bindparam(f"old_{name}") for name in ("job_id", "kind", "label")))
    gone = [{"old_job_id": row.job_id, "old_kind": row.kind, "old_label": row.label} for row in changed]
    connection.execute(sa.delete(_LABELS).where(old), gone)


def _name_apart(table: sa.TableClause, within: Sequence[str]) -> None:
    """Give each row a name that none has within the same; there are few enough of them to be looked at together."""
    scope = [table.c[name] for name in within]
    query = sa.select(table.c.id, table.c.name, *scope).order_by(*scope, table.c.created_at, table.c.id)
    for _, group in groupby(op.get_bind().execute(query).all(), lambda row: tuple(row[2:])):
        rows = list(group)
        names = _apart([row.name for row in rows], _LONGEST["name"])
        for row, name in zip(rows, names, strict=True):
            if name != row.name:
                _change(table, [{"this": row.id, "name": name}])


def _apart(texts: Sequence[str | None], longest: int) -> list[str | None]:
    """Different texts in this form, still different; None stays."""
    taken = {text for text in texts if _normal(text, longest) == text}
    apart = []
    for text in texts:
        name = _normal(text, longest)
        if name != text:
            name = next(each for each in _numbered(name, longest) if each not in taken)
            taken.add(name)
        apart.append(name)
    return apart


def _numbered(name: str, longest: int) -> Iterator[str]:
    yield name
    number = 2
    while True:
        end = f" ({number})"
        yield name[: longest - len(end)] + end
        number += 1
