"""Which requests under one Idempotency-Key are the same one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ayla_service.db.session import Database
from ayla_service.errors import IdempotencyKeyReused
from ayla_service.idempotency import (
    RequestKey,
    StoredAnswer,
    begin,
    find,
    json_digest,
    request_digest,
)
from ayla_service.teams.principal import LOCAL
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.every_store

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ANSWER = StoredAnswer(202, b"{}")

SAME = [
    ['{"a": 1, "b": [1, 2]}', '{"b":[1,2],"a":1}', ' {"b" : [1.0, 2e0], "a": 10e-1}\n'],
    ["0", "-0", "0.0", "-0.0", "0e5", "1e-400"],
    ["9007199254740992", "9007199254740992.0", "9007199254740993.0"],
    ["9007199254740993"],
    ["1" + "0" * 22, "1e22"],
    ["1" + "0" * 23],
    ["1e23", str(int(1e23))],
    ["0.1", "0.10", "1e-1", "0.1000000000000000055"],
    ["1e400", "Infinity"],
    ["-1e400"],
    ["NaN"],
    ["1"],
    ["true"],
    ['"1"'],
    ['"true"'],
    ["null"],
    [""],
    ["{}"],
    ["[]"],
    ["[[1], 2]"],
    ["[[1, 2]]"],
    ['"\\u00e9"', '"é"'],
    ['"e\\u0301"'],
    ['"\\ud800"'],
    ['{"a": {"b": 1}}'],
    ["not JSON"],
    ["not  JSON"],
    ["[" * 100_000 + "]" * 100_000],
    ["[" * 100_000],
    ["9" * 5000],
]
"""Bodies; those of a line say the same, those of two lines do not."""


def test_json_is_compared_by_what_it_says() -> None:
    digests = [{json_digest("POST", "/v1/jobs?", body.encode()) for body in bodies} for bodies in SAME]
    assert [len(found) for found in digests] == [1] * len(digests)
    assert len(set.union(*digests)) == len(digests)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
        max_leaves=8,
    ),
    st.data(),
)
def test_two_documents_have_one_digest_where_python_calls_them_equal(document: Any, data: st.DataObject) -> None:
    """Property: shuffled fields and other spellings change nothing; another value does."""
    other = _respelt(document, data)
    same = json_digest("POST", "/", json.dumps(document).encode())
    assert json_digest("POST", "/", json.dumps(other, indent=1, ensure_ascii=False).encode()) == same
    assert json_digest("POST", "/", json.dumps([document]).encode()) != same


def _respelt(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, dict):
        return {name: _respelt(value[name], data) for name in data.draw(st.permutations(list(value)))}
    if isinstance(value, list):
        return [_respelt(item, data) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and float(value) == value:
        return float(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def test_method_and_target_belong_to_a_request() -> None:
    asked = [("POST", "/v1/jobs?"), ("PUT", "/v1/jobs?"), ("POST", "/v1/jobs:bulk?"), ("POST", "/v1/jobs?a=1")]
    assert len({json_digest(method, target, b"{}") for method, target in asked}) == len(asked)
    assert len({request_digest(method, target, b"{}") for method, target in asked}) == len(asked)


def _key(body: bytes, *, former: bool = False) -> RequestKey:
    asked = ("POST", "/v1/jobs?", body)
    before = request_digest(*asked)
    return (
        RequestKey(LOCAL.member_id, "k", before)
        if former
        else RequestKey(LOCAL.member_id, "k", json_digest(*asked), before)
    )


def test_keys_of_the_version_before_are_compared_as_before(database: Database) -> None:
    """Byte by byte until they expire; from then on the key is free."""
    with database.write() as session:
        assert begin(session, _key(b'{"a": 1, "b": 2}', former=True), NOW, ANSWER) is None
        assert find(session, _key(b'{"a": 1, "b": 2}'), NOW) == ANSWER
        with pytest.raises(IdempotencyKeyReused):
            find(session, _key(b'{"b": 2, "a": 1}'), NOW)
        later = NOW + timedelta(hours=25)
        assert begin(session, _key(b'{"b": 2, "a": 1}'), later, ANSWER) is None
        assert find(session, _key(b'{"a": 1.0, "b": 2}'), later) == ANSWER


def test_a_file_whose_bytes_differ_is_another_request(database: Database) -> None:
    with database.write() as session:
        assert begin(session, _key(b"[1]", former=True), NOW, ANSWER) is None
        with pytest.raises(IdempotencyKeyReused):
            find(session, _key(b"[1.0]", former=True), NOW)
