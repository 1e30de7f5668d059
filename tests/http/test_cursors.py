"""What clients send back to go on from: anything at all, of which only our own is taken."""

import base64
import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from ayla_service import cursors
from ayla_service.db.session import Database
from ayla_service.errors import InvalidQuery
from ayla_service.streams.events import Position
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import jobs, submit

pytestmark = pytest.mark.every_store

TIME = "2026-01-02T03:04:05+00:00"
LAST = (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "a-job")

READ: dict[str, tuple[Callable[[str], tuple[Any, ...]], list[Any], tuple[Any, ...]]] = {
    "job_key": (cursors.job_key, [TIME, "a-job"], LAST),
    "sorted_key": (lambda cursor: cursors.sorted_key(cursor, "-created_at"), ["-created_at", TIME, "a-job"], LAST),
    "trial_place": (lambda cursor: (cursors.trial_place(cursor),), [1], (1,)),
    "attempt_key": (
        lambda cursor: cursors.attempt_key(cursor, "started_at"),
        ["started_at", TIME, 1, 0],
        (LAST[0], 1, 0),
    ),
    "position": (
        lambda text: _known(Position.decode(text)),
        [1, TIME, "a-job"],
        LAST,
    ),
}
"""Every kind: what reads it, one of ours, and what that stands for."""

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from([TIME, "-created_at", "a-job", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "\0"])
    | st.text(max_size=5)
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)


def _known(position: Position | None) -> tuple[Any, ...]:
    if position is None:
        raise InvalidQuery("Last-Event-ID", "none of ours")
    return position.at, position.ended


def _written(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@pytest.mark.parametrize("kind", READ)
def test_one_of_ours_is_read(kind: str) -> None:
    read, parts, expected = READ[kind]
    assert read(_written(parts)) == expected


@given(st.sampled_from(sorted(READ)), SCALARS | JSON, st.data())
def test_any_other_json_is_refused_or_read_by_its_types(kind: str, document: Any, data: st.DataObject) -> None:
    """Property: nothing but InvalidQuery ever comes out, and what is read has exactly the types of one of ours."""
    read, parts, expected = READ[kind]
    place = data.draw(st.integers(0, len(parts) - 1))
    for tried in (document, [*parts[:place], document, *parts[place + 1 :]]):
        with contextlib.suppress(InvalidQuery):
            assert [type(part) for part in read(_written(tried))] == [type(part) for part in expected]


@given(st.sampled_from(sorted(READ)), st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()))
def test_rubbish_is_refused(kind: str, text: str) -> None:
    with contextlib.suppress(InvalidQuery):
        READ[kind][0](text)


def test_true_and_false_are_no_numbers() -> None:
    for read, parts, _ in READ.values():
        for place in [place for place, part in enumerate(parts) if type(part) is int]:
            for value in (True, False, 1.0, None):
                with pytest.raises(InvalidQuery):
                    read(_written([*parts[:place], value, *parts[place + 1 :]]))


def test_the_store_is_never_asked_for_the_row_after_true(database: Database) -> None:
    """PostgreSQL compares no integer with a truth value."""
    job = submit(database)
    service = jobs(database)
    for ask, cursor in ((service.trials, [True]), (service.attempts, ["started_at", TIME, True, False])):
        with pytest.raises(InvalidQuery):
            ask(job.id, cursor=_written(cursor))


def test_the_store_takes_whatever_is_read(database: Database) -> None:
    """The first and the last moment there are, ids that nothing has: an empty page, and no fault of the store."""
    job = submit(database)
    service = jobs(database)
    for time in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00", "2026-01-01T00:00:00+23:59"):
        for its_id in ("", "é" * 300, "\U0001f600", "'; --", "%"):
            assert len(service.list(cursor=_written(["-created_at", time, its_id])).items) in (0, 1)
        assert service.attempts(job.id, cursor=_written(["started_at", time, 2**31 - 1, 0])).items == []
    assert service.trials(job.id, cursor=_written([2**31 - 1])).items == []


def test_ids_in_capitals_are_the_same_in_a_cursor() -> None:
    its_id = "9e6f2f5e-3f0a-4c39-a1a4-6d9df2c8d1a7"
    assert cursors.job_key(_written([TIME, its_id.upper()])) == (LAST[0], its_id)
    assert cursors.sorted_key(_written(["a", TIME, its_id.upper()]), "a") == (LAST[0], its_id)
