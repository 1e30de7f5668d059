"""Moving jobs among those of one member."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ayla_service.db.models import ShardRow
from ayla_service.db.session import Database
from ayla_service.errors import JobFinished, JobNotFound, MoveImpossible, NotYours
from ayla_service.overview import moving
from ayla_service.queue.attempts import release
from ayla_service.queue.claims import claim
from ayla_service.teams.principal import LOCAL, Principal
from sqlalchemy import select, update

from tests.factories import WORKER, colleague, jobs, stranger, submit, submit_as
from tests.queue.queueing import LEASE, claim_one

pytestmark = pytest.mark.every_store


@pytest.fixture
def database(store_path: Path) -> Iterator[Database]:
    """On SQLite alone: that moving does the same on PostgreSQL is tested with what is told of the queue."""
    store = Database(f"sqlite:///{store_path}")
    yield store
    store.dispose()


def to_front(database: Database, job_id: str, caller: Principal = LOCAL) -> None:
    with database.write() as session:
        assert moving.move_to_front(session, caller, job_id).id == job_id


def before(database: Database, job_id: str, other_id: str, caller: Principal = LOCAL) -> None:
    with database.write() as session:
        assert moving.move_before(session, caller, job_id, other_id).id == job_id


def order(database: Database) -> list[str]:
    """The jobs of all shards, in the order in which they are claimed."""
    found = []
    while (claimed := claim(database, WORKER, LEASE)) is not None:
        found.append(claimed.job_id)
    return found


def test_a_job_moves_to_the_front(database: Database) -> None:
    first, second, third = (submit(database).id for _ in range(3))
    to_front(database, third)
    to_front(database, third)
    assert order(database) == [third, first, second]


def test_a_job_moves_to_before_another(database: Database) -> None:
    first, second, third = (submit(database).id for _ in range(3))
    before(database, third, second)
    before(database, third, second)
    assert order(database) == [first, third, second]


def test_the_first_may_be_moved_back_to_before_the_last(database: Database) -> None:
    first, second, third = (submit(database).id for _ in range(3))
    before(database, first, third)
    assert order(database) == [second, first, third]


def test_jobs_moved_one_after_the_other_keep_their_order(database: Database) -> None:
    made = [submit(database).id for _ in range(5)]
    for job_id in made:
        to_front(database, job_id)
    assert order(database) == made[::-1]


def test_jobs_moved_to_before_the_same_one_keep_their_order(database: Database) -> None:
    made = [submit(database).id for _ in range(6)]
    for job_id in made[2:]:
        before(database, job_id, made[1])
    assert order(database) == [made[0], *made[2:], made[1]]


def test_jobs_queued_at_the_same_moment_are_passed_together(database: Database) -> None:
    first, second, third = (submit(database).id for _ in range(3))
    with database.write() as session:
        at = session.scalars(select(ShardRow.queued_at).where(ShardRow.job_id == first)).first()
        session.execute(update(ShardRow).values(queued_at=at))
    before(database, third, second)
    assert order(database)[0] == third


def test_other_members_and_priorities_keep_their_place(database: Database) -> None:
    other = colleague(database)
    urgent = submit(database, priority="urgent").id
    own = [submit(database).id for _ in range(2)]
    theirs = submit_as(database, other).id
    to_front(database, own[1])
    found = order(database)
    assert found[0] == urgent
    assert found.index(own[1]) < found.index(own[0])
    assert found[1] == theirs, "fair shares do not follow from the place"


def test_what_runs_takes_its_new_place_when_it_is_handed_back(database: Database) -> None:
    first, second, third = (submit(database).id for _ in range(3))
    claimed = claim_one(database)
    before(database, first, third)
    release(database, claimed)
    assert order(database) == [second, first, third]


def test_an_admin_may_move_the_job_of_a_member_and_a_member_may_not(database: Database) -> None:
    other = colleague(database)
    theirs = [submit_as(database, other).id for _ in range(2)]
    to_front(database, theirs[1])
    mine = submit(database).id
    with pytest.raises(NotYours):
        to_front(database, mine, other)
    with pytest.raises(JobNotFound):
        to_front(database, mine, stranger(database))


def test_only_a_waiting_job_of_the_same_member_and_priority_can_be_passed(database: Database) -> None:
    other = colleague(database)
    running = submit(database).id
    claim_one(database)
    job, theirs, low = submit(database).id, submit_as(database, other).id, submit(database, priority="low").id
    for target, why in ((theirs, "member's"), (low, "priority"), (running, "nothing"), (job, "itself")):
        with pytest.raises(MoveImpossible, match=why):
            before(database, job, target)
    with pytest.raises(JobNotFound):
        before(database, job, "nothing")


def test_a_job_that_has_ended_is_not_moved(database: Database) -> None:
    job = submit(database).id
    jobs(database).cancel(job)
    with pytest.raises(JobFinished):
        to_front(database, job)
