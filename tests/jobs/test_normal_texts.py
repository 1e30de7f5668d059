"""Texts that look the same are the same: at entry, in filters, and in a store that an older version has filled."""

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from ayla_service.db import migrate
from ayla_service.db.models import JobLabelRow, JobRow, MemberRow, TeamRow
from ayla_service.db.session import Database
from ayla_service.jobs.listing import JobQuery
from ayla_service.states import LabelKind
from ayla_service.teams.principal import LOCAL
from ayla_spec import JobSpec, resolve
from ayla_spec.text import Tag, normalized
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import MetaData, func, insert, select, update

from tests.factories import jobs, spec, stored_trials, submit

pytestmark = pytest.mark.every_store

BEFORE = "0005"
COMPOSED, APART = (unicodedata.normalize(form, "é ä Å 가") for form in ("NFC", "NFD"))
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _said(text: str) -> dict[str, Any]:
    optimizers = [{"name": "sgd", "learning_rate": 0.1, "label": text}]
    return {"name": text, "project": text, "tags": [text], "notes": text, "optimizers": optimizers}


def _everything(database: Database, job_id: str) -> dict[str, Any]:
    """All that is kept of what a user has said of a job, but the spec as it was submitted."""
    columns = (JobRow.name, JobRow.project, JobRow.tags, JobRow.notes, JobRow.search_text, JobRow.resolved_spec)
    with database.read() as session:
        *said, resolved = session.execute(select(*columns).where(JobRow.id == job_id)).one()
        labels = select(JobLabelRow.kind, JobLabelRow.label).where(JobLabelRow.job_id == job_id)
        return {
            "job": said,
            "spec": {name: resolved[name] for name in ("name", "tags", "optimizers")},
            "labels": sorted(map(tuple, session.execute(labels))),
        }


def _found(database: Database, text: str) -> list[str]:
    """Jobs found by each filter; the same ones by all."""
    queries = [
        JobQuery(labels={LabelKind.TAG: text}),
        JobQuery(labels={LabelKind.PROJECT: text, LabelKind.TAG: text}),
        JobQuery(text=text),
        JobQuery(text=text.upper()),
    ]
    pages = [[job.id for job in jobs(database).list(query).items] for query in queries]
    assert pages == [pages[0]] * len(pages)
    return pages[0]


def test_what_looks_the_same_is_kept_and_found_as_the_same(database: Database) -> None:
    assert COMPOSED != APART
    composed, apart = submit(database, **_said(COMPOSED)), submit(database, **_said(APART))
    assert _everything(database, apart.id) == _everything(database, composed.id)
    assert _found(database, COMPOSED) == _found(database, APART) == [apart.id, composed.id]
    assert apart.spec["tags"] == [APART], "as it was submitted"
    both = submit(database, tags=[APART, COMPOSED, "other"])
    assert both.tags == [COMPOSED, "other"]


def test_two_labels_that_look_the_same_are_refused(database: Database) -> None:
    optimizers = [{"name": "sgd", "learning_rate": 0.1, "label": text} for text in (COMPOSED, APART)]
    with pytest.raises(Exception, match="label"):
        submit(database, optimizers=optimizers)


def test_a_member_is_found_however_the_name_is_written(database: Database) -> None:
    job = submit(database)
    with database.write() as session:
        session.execute(update(MemberRow).where(MemberRow.id == LOCAL.member_id).values(name=COMPOSED))
    for name in (COMPOSED, APART):
        assert [each.id for each in jobs(database).list(JobQuery(owner=name)).items] == [job.id]


@pytest.fixture
def old(database: Database) -> Database:
    """A store before the migration, with what older versions took as it came."""
    for text in (COMPOSED, APART):
        submit(database, **_said(text))
    submit(database, name="plain", tags=["plain"])
    submit(database, tags=[COMPOSED])
    with database.migration() as connection:
        command.downgrade(migrate._config(connection), BEFORE)
    with database.write() as session:
        tables = MetaData()
        tables.reflect(session.connection())
        for name, rows in _older(session.scalars(select(JobRow.id).order_by(JobRow.created_at)).all()).items():
            for row in rows:
                this: dict[str, Any] = {key: row.pop(key) for key in ("id", "job_id", "kind", "old") if key in row}
                table = tables.tables[name]
                if "old" in this:
                    this["label"] = this.pop("old")
                where = [table.c[key] == value for key, value in this.items()]
                assert session.scalar(select(func.count()).select_from(table).where(*where))
                session.execute(table.update().where(*where).values(**row))
        session.execute(insert(tables.tables["job_labels"]), [_second_label(session, tables)])
        session.execute(insert(tables.tables["teams"]), _teams())
        session.execute(insert(tables.tables["members"]), _members())
    return database


def _older(job_ids: Any) -> dict[str, list[dict[str, Any]]]:
    """What the second job would have looked like: every text as it was written."""
    job_id = job_ids[1]
    return {
        "jobs": [
            {
                "id": job_id,
                "name": APART,
                "project": APART,
                "notes": APART,
                "tags": [APART],
                "search_text": "\n".join([APART] * 4).lower(),
                "resolved_spec": {**_resolved(APART)},
            },
            {"id": job_ids[3], "tags": [APART, COMPOSED]},
        ],
        "trials": [{"job_id": job_id, "label": APART, "settings": {"name": "sgd", "label": APART}}],
        "job_labels": [
            {"job_id": job_id, "kind": kind, "old": COMPOSED, "label": APART} for kind in ("tag", "project")
        ],
    }


def _resolved(text: str) -> dict[str, Any]:
    resolved = resolve(JobSpec.model_validate(spec(**_said(text)))).model_dump(mode="json")
    resolved["optimizers"][0]["label"] = resolved["name"] = text
    return resolved | {"tags": [text]}


def _second_label(session: Any, tables: MetaData) -> dict[str, Any]:
    """A job that has both ways of writing one tag."""
    labels = tables.tables["job_labels"]
    last = select(labels).where(labels.c.label == COMPOSED).order_by(labels.c.created_at.desc()).limit(1)
    row = dict(session.execute(last).mappings().one())
    return row | {"label": APART}


def _team(place: int, name: str) -> dict[str, Any]:
    ident = f"{place:08d}-0000-4000-8000-000000000000"
    return {"id": ident, "name": name, "weight": 1.0, "limits": {}, "created_at": NOW + timedelta(seconds=place)}


def _teams() -> list[dict[str, Any]]:
    """The first is older, the second has the name as it is to be; the others are alike, and one is at full length."""
    return [_team(1, APART), _team(2, COMPOSED), _team(3, f"{'x' * 98}e\u0301"), _team(4, f"{'x' * 98}\u00e9")]


def _members() -> list[dict[str, Any]]:
    teams = [_team(place, "")["id"] for place in (1, 1, 2)]
    rows = [_team(10 + place, name) for place, name in enumerate(("Zoe\u0308", "Zo\u00eb", "Zoe\u0308"))]
    return [{**row, "team_id": team, "role": "member"} for row, team in zip(rows, teams, strict=True)]


def test_an_old_store_is_as_if_it_had_been_filled_now(old: Database) -> None:
    with old.read() as session:
        first, second, third, fourth = session.scalars(select(JobRow.id).order_by(JobRow.created_at))
        submitted = session.scalars(select(JobRow.submitted_spec).where(JobRow.id == second)).one()
        plain = session.scalars(select(JobRow.resolved_spec).where(JobRow.id == third)).one()
    before, other = _everything(old, first), _everything(old, third)
    assert _everything(old, second) != before
    migrate.upgrade(old)
    after = _everything(old, second)
    assert after["labels"] == before["labels"]
    assert after["job"][:4] == before["job"][:4]
    assert after["spec"] == before["spec"]
    assert _everything(old, third) == other
    with old.read() as session:
        assert session.get_one(JobRow, second).submitted_spec == submitted
        assert session.get_one(JobRow, third).resolved_spec == plain
        assert session.get_one(JobRow, fourth).tags == [COMPOSED]
        tags = session.scalars(
            select(JobLabelRow.label).where(JobLabelRow.job_id == fourth, JobLabelRow.kind == LabelKind.TAG)
        )
        assert list(tags) == [COMPOSED], "two labels have become one"
    assert [trial.label for trial in stored_trials(old, second)] == [COMPOSED]
    tagged = jobs(old).list(JobQuery(labels={LabelKind.TAG: APART})).items
    assert {job.id for job in tagged} == {first, second, fourth}


def test_names_that_become_the_same_are_told_apart(old: Database) -> None:
    migrate.upgrade(old)
    with old.read() as session:
        teams = list(
            session.scalars(select(TeamRow.name).where(TeamRow.id != LOCAL.team_id).order_by(TeamRow.created_at))
        )
        members = list(
            session.scalars(
                select(MemberRow.name).where(MemberRow.team_id != LOCAL.team_id).order_by(MemberRow.created_at)
            )
        )
    assert teams == [f"{COMPOSED} (2)", COMPOSED, f"{'x' * 96} (2)", f"{'x' * 98}\u00e9"]
    assert members == ["Zo\u00eb (2)", "Zo\u00eb", "Zo\u00eb"]
    assert all(normalized(name) == name for name in (*teams, *members))


def test_labels_of_one_job_that_become_the_same_are_told_apart(database: Database) -> None:
    """In its spec and its trials alike; else comparisons would take two settings for one."""
    before, after = [APART, f"{COMPOSED} (2)", COMPOSED], [f"{COMPOSED} (3)", f"{COMPOSED} (2)", COMPOSED]
    optimizers = [{"name": "sgd", "learning_rate": 0.1 + place, "label": f"é{place}"} for place in range(3)]
    job_id = submit(database, optimizers=optimizers, seeds=[0, 1]).id
    with database.migration() as connection:
        command.downgrade(migrate._config(connection), BEFORE)
        tables = MetaData()
        tables.reflect(connection)
        jobs_, trials = tables.tables["jobs"], tables.tables["trials"]
        resolved = connection.execute(select(jobs_.c.resolved_spec).where(jobs_.c.id == job_id)).scalar_one()
        for place, label in enumerate(before):
            settings = resolved["optimizers"][place] = resolved["optimizers"][place] | {"label": label}
            of_it = trials.update().where(trials.c.job_id == job_id, trials.c.optimizer_index == place)
            connection.execute(of_it.values(label=label, settings=settings))
        connection.execute(jobs_.update().where(jobs_.c.id == job_id).values(resolved_spec=resolved))
    migrate.upgrade(database)
    with database.read() as session:
        kept = session.get_one(JobRow, job_id).resolved_spec["optimizers"]
    assert [settings["label"] for settings in kept] == after
    assert [(trial.label, trial.settings["label"]) for trial in stored_trials(database, job_id)] == [
        (each, each) for each in after for _ in (0, 1)
    ]


def test_a_large_old_store_is_changed_to_the_last_row(old: Database) -> None:
    """More rows than are read at a time, half of them as they are to be already."""
    with old.write() as session:
        row = dict(session.execute(select(JobLabelRow.__table__).limit(1)).mappings().one()) | {"kind": LabelKind.TAG}
        texts = [unicodedata.normalize(form, f"é{number}") for number in range(700) for form in ("NFC", "NFD")]
        session.execute(insert(JobLabelRow), [row | {"label": text} for text in texts])
    migrate.upgrade(old)
    with old.read() as session:
        labels = list(session.scalars(select(JobLabelRow.label)))
    assert [label for label in labels if normalized(label) != label] == []
    assert sum(label.startswith("\u00e9") and label[1:].isdecimal() for label in labels) == 700


def test_a_text_is_as_long_as_it_is_kept() -> None:
    tag = TypeAdapter[str](Tag)
    assert tag.validate_python("e\u0301" * 50) == "\u00e9" * 50
    with pytest.raises(ValidationError):
        tag.validate_python("e\u0301" * 51)
