"""Events of streams about a team, poll by poll, on each kind of store."""

import json

import pytest
from ayla_service.db.session import Database
from ayla_service.jobs import retention
from ayla_service.streams import changes, feeds
from ayla_service.streams.events import Position
from ayla_service.streams.feeds import JobFilter, TeamFeed
from ayla_service.teams.principal import LOCAL

from tests.factories import jobs, stranger, submit, submit_as
from tests.streaming import begin_job, events_of, make_steps, names
from tests.streams.stream_polls import StreamPolls, age

pytestmark = pytest.mark.every_store


@pytest.fixture
def polls(database: Database) -> StreamPolls:
    return StreamPolls(database)


def test_a_team_is_told_of_all_its_jobs_and_of_nobody_elses(database: Database, polls: StreamPolls) -> None:
    rival = stranger(database)
    old = submit(database)
    [first] = polls.open_team()
    assert ([job["id"] for job in first.data["jobs"]], first.data["complete"]) == ([old.id], True)
    teams = {LOCAL.team_id, rival.team_id}
    polls.poll(teams=teams)
    new, theirs = submit(database), submit_as(database, rival)
    result = polls.poll(teams=teams)
    for team_id, job in ((LOCAL.team_id, new), (rival.team_id, theirs)):
        received = events_of(result.events_of(TeamFeed(team_id)))
        assert [(event.event, event.data["job_id"]) for event in received] == [("state", job.id)]
    assert polls.team() == []
    claimed = begin_job(database)
    assert [received.state for received in polls.team()] == ["running"]
    make_steps(database, claimed, 0, 4)
    assert names(polls.team()) == ["progress"]
    make_steps(database, claimed, 5, 10, finished=True)
    assert [received.state for received in polls.team()] == ["succeeded"]


def test_jobs_that_run_already_when_a_team_is_first_watched_make_progress_too(
    database: Database, polls: StreamPolls
) -> None:
    submit(database)
    claimed = begin_job(database)
    [first] = polls.open_team()
    assert [job["state"] for job in first.data["jobs"]] == ["running"]
    make_steps(database, claimed, 0, 4)
    assert names(polls.team()) == ["progress"]


def test_a_team_stream_can_be_about_some_of_the_jobs(database: Database, polls: StreamPolls) -> None:
    tagged = TeamFeed(LOCAL.team_id, JobFilter(project="reef", tag="paper", owner="local"))
    submit(database, project="reef")
    submit(database, project="reef", tags=["paper"])
    [first] = polls.open_team(tagged)
    assert [job["tags"] for job in first.data["jobs"]] == [["paper"]]
    mine = submit(database, project="reef", tags=["a", "paper"]).id
    submit(database, tags=["paper"])
    assert [received.data["job_id"] for received in polls.team(tagged)] == [mine]


def test_a_change_that_is_committed_late_is_told_all_the_same(database: Database, polls: StreamPolls) -> None:
    first, second = submit(database).id, submit(database).id
    polls.team()
    for job_id, seconds in ((first, 15.0), (second, 0.5)):
        jobs(database).edit(job_id, name="late")
        age(database, job_id, seconds)
        assert [received.data["job_id"] for received in polls.team()] == [job_id]
    assert polls.team() == []


def test_more_changes_than_fit_into_a_poll_are_told_in_the_next(
    database: Database, polls: StreamPolls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_MOST_AT_ONCE", 2)
    polls.team()
    made = [submit(database).id for _ in range(5)]
    for place, job_id in enumerate(made):
        age(database, job_id, seconds=10 - place)
    polled = [[received.data["job_id"] for received in polls.team()] for _ in range(4)]
    assert polled == [made[:2], made[2:4], made[4:], []]


def test_a_team_stream_goes_on_after_an_event(database: Database, polls: StreamPolls) -> None:
    before = submit(database).id
    age(database, before, seconds=60)
    polls.open_team()
    last = submit(database).id
    [received] = polls.team()
    missed = submit(database).id
    jobs(database).cancel(missed)
    again = polls.open_team(since=Position.decode(received.id))
    assert [(event.event, event.data["job_id"]) for event in again] == [("state", last), ("state", missed)]
    assert again[-1].state == "cancelled"


def test_after_more_changes_than_can_be_told_a_team_stream_begins_anew(
    database: Database, polls: StreamPolls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "_MOST_CHANGES", 2)
    submit(database)
    [first] = polls.open_team()
    for _ in range(3):
        submit(database)
    gap, snapshot = polls.open_team(since=Position.decode(first.id))
    assert (gap.event, gap.data["reason"]) == ("gap", "too-many-changes")
    assert len(snapshot.data["jobs"]) == 4


def test_a_snapshot_of_a_team_is_no_larger_than_clients_take(database: Database, polls: StreamPolls) -> None:
    for _ in range(25):
        submit(database, notes="é" * 10_000)
    [first] = polls.open_team()
    assert not first.data["complete"]
    assert 0 < len(first.data["jobs"]) < 25
    assert len(json.dumps(first.data, ensure_ascii=False).encode()) < 2**20


def test_of_the_jobs_that_are_watched_a_team_stream_has_everything_once(database: Database, polls: StreamPolls) -> None:
    watched, other = submit(database).id, submit(database).id
    feed = TeamFeed(LOCAL.team_id, JobFilter(project="none"), frozenset({watched}))
    team, job = polls.open_team(feed)
    assert (team.data["jobs"], job.data["job_id"], len(job.data["trials"])) == ([], watched, 2)
    claimed = begin_job(database)
    assert claimed.job_id == watched
    assert names(polls.team(feed)) == ["state", "metric"]
    make_steps(database, claimed, 0, 4)
    assert names(polls.team(feed)) == ["progress", "metric"]
    jobs(database).edit(watched, name="named")
    assert names(polls.team(feed)) == ["state"]
    make_steps(database, claimed, 5, 10, finished=True)
    state, *_, end = polls.team(feed)
    assert (state.state, end.event, end.state) == ("succeeded", "end", "succeeded")
    assert end.data["trials"][0]["step"] == 10
    assert polls.team(feed) == []
    jobs(database).cancel(other)
    assert polls.team(feed) == []


def test_who_comes_back_gets_new_snapshots_of_what_it_watches(database: Database, polls: StreamPolls) -> None:
    done, gone = submit(database).id, submit(database).id
    jobs(database).cancel(done)
    feed = TeamFeed(LOCAL.team_id, watched=frozenset({done}), unknown=frozenset({gone + "x"}))
    first = polls.open_team(feed)
    assert sorted(names(first)) == ["end", "end", "snapshot", "snapshot"]
    assert {event.data["reason"] for event in first if event.event == "end"} == {"finished", "deleted"}
    since = Position.decode(next(event.id for event in first if event.event == "snapshot"))
    again = polls.open_team(feed, since)
    assert {"snapshot", "state", "end"} == set(names(again))
    assert "jobs" not in again[-1].data


def test_a_job_that_is_watched_may_be_removed(database: Database, polls: StreamPolls) -> None:
    job_id = submit(database).id
    jobs(database).cancel(job_id)
    feed = TeamFeed(LOCAL.team_id, watched=frozenset({job_id}))
    polls.open_team(feed)
    retention.remove(database, job_id)
    [end] = polls.team(feed)
    assert (end.event, end.data["reason"], end.data["job_id"]) == ("end", "deleted", job_id)
    assert polls.team(feed) == []
