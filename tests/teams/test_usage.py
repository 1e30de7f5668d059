"""Hours of workers that a team has used, week by week, by member and by project."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ayla_service.db.models import AttemptRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.states import AttemptOutcome
from ayla_service.teams.principal import LOCAL, Principal
from ayla_service.teams.usage import weekly_usage
from fastapi.testclient import TestClient
from sqlalchemy import select

from tests.factories import colleague, stranger, submit_as
from tests.http.helpers import pointers


def ran(database: Database, principal: Principal, start: datetime, hours: float, **changes: Any) -> None:
    """A job of which one attempt took so long."""
    job_id = submit_as(database, principal, **changes).id
    ended = start + timedelta(hours=hours)
    with database.write() as session:
        shard = session.scalars(select(ShardRow).where(ShardRow.job_id == job_id)).first()
        assert shard is not None
        session.add(
            AttemptRow(
                shard_id=shard.id,
                number=7,
                worker="here:1",
                outcome=AttemptOutcome.LOST,
                environment={},
                started_at=start,
                heartbeat_at=ended,
                ended_at=ended,
            )
        )


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_hours_are_summed_by_week_member_and_project(database: Database) -> None:
    other = colleague(database)
    with database.read() as session:
        today = store_now(session)
    monday = datetime.combine(today.date() - timedelta(days=today.weekday()), datetime.min.time(), UTC)
    ran(database, LOCAL, monday, 1.5, project="a")
    ran(database, LOCAL, monday - timedelta(seconds=1), 0.25)
    ran(database, other, monday - timedelta(days=7), 2.0, project="a")
    ran(database, other, monday - timedelta(days=7, seconds=1), 100.0)
    ran(database, stranger(database), monday, 50.0)
    with database.read() as session:
        found = weekly_usage(session, LOCAL.team_id, 2).model_dump()
    assert found["weeks"] == [(monday - timedelta(days=7)).date(), monday.date()]
    assert found["total"] == pytest.approx([2.25, 1.5])
    assert [(one["member"], one["hours"]) for one in found["members"]] == [
        ("colleague", pytest.approx([2.0, 0.0])),
        ("local", pytest.approx([0.25, 1.5])),
    ]
    assert [(one["project"], one["hours"]) for one in found["projects"]] == [
        ("a", pytest.approx([2.0, 1.5])),
        (None, pytest.approx([0.25, 0.0])),
    ]


def test_nothing_was_used_yet(client: TestClient) -> None:
    answer = client.get("/v1/usage", params={"weeks": 3}).json()
    assert (answer["total"], answer["members"], answer["projects"], len(answer["weeks"])) == ([0, 0, 0], [], [], 3)
    assert pointers(client.get("/v1/usage", params={"weeks": 54}).json()) == ["/weeks"]
