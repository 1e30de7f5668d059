"""How many requests may come, and that everybody is told how they stand."""

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.http import authentication
from ayla_service.http.rate_limits import RateLimitPolicy, TokenBuckets, client_network
from ayla_service.settings import Settings
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from tests.http.helpers import BASE_URL, problem_of, with_shared_routes
from tests.http.serving import Served
from tests.keyring import make_key, shown

ITEM = re.compile(r'"default";r=(\d+);t=(\d+)')


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def buckets(per_minute: int, burst: int, most: int = 100) -> tuple[TokenBuckets, Clock]:
    clock = Clock()
    return TokenBuckets(RateLimitPolicy(per_minute, burst), most, clock), clock


def test_a_bucket_empties_and_fills_again() -> None:
    some, clock = buckets(per_minute=60, burst=3)
    assert [some.take("a").allowed for _ in range(4)] == [True, True, True, False]
    assert some.peek("a").retry_after == 1
    clock.now += 0.9
    assert not some.take("a").allowed
    clock.now += 0.2
    assert some.take("a").allowed
    clock.now += 3600
    assert some.peek("a").remaining == 3
    assert some.take("b").remaining == 2


def test_looking_takes_nothing_and_keeps_nothing() -> None:
    some, _ = buckets(60, 2)
    assert [some.peek("a").remaining for _ in range(3)] == [2, 2, 2]
    assert len(some) == 0


def test_only_those_used_last_are_kept() -> None:
    some, _ = buckets(60, 2, most=3)
    for name in "abcd":
        some.take(name)
    some.take("b")
    some.take("e")
    assert [name for name in "abcde" if name in some] == ["b", "d", "e"]
    some.forget("b")
    some.forget("nobody")
    assert len(some) == 2


@given(
    per_minute=st.integers(1, 10_000),
    burst=st.integers(1, 1000),
    waits=st.lists(st.floats(0, 90, allow_nan=False), max_size=60),
)
def test_no_more_than_the_policy_says_ever_come_through(per_minute: int, burst: int, waits: list[float]) -> None:
    some, clock = buckets(per_minute, burst)
    begun, allowed = clock.now, 0
    for wait in waits:
        clock.now += wait
        standing = some.take("a")
        allowed += standing.allowed
        assert allowed <= burst + (clock.now - begun) * per_minute / 60 + 1e-6
        assert 0 <= standing.remaining <= burst
        assert standing.allowed or standing.retry_after >= 1
        assert standing.reset <= standing.policy.window


@given(per_minute=st.integers(1, 10_000), burst=st.integers(1, 50))
def test_who_waits_as_long_as_told_gets_through(per_minute: int, burst: int) -> None:
    some, clock = buckets(per_minute, burst)
    while some.take("a").allowed:
        pass
    clock.now += some.peek("a").retry_after
    assert some.take("a").allowed


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("testclient", "testclient", True),
        (None, "", True),
    ],
)
def test_addresses_of_one_network_are_one_place(one: str | None, other: str | None, same: bool) -> None:
    assert (client_network(one) == client_network(other)) == same


def client_of(folder: Path, database: Database, key: str | None = None, **settings: Any) -> TestClient:
    headers = shown(key) if key else {}
    return TestClient(
        with_shared_routes(create_app(Settings(data_dir=folder, **settings), database)), BASE_URL, headers=headers
    )


def test_every_answer_tells_how_a_key_stands(tmp_path: Path, database: Database) -> None:
    client = client_of(tmp_path, database, make_key(database))
    answers = [client.get("/v1/me"), client.get("/v1/nothing"), client.post("/v1/jobs", json={})]
    assert [answer.status_code for answer in answers] == [200, 404, 422]
    for number, answer in enumerate(answers):
        assert answer.headers["ratelimit-policy"] == '"default";q=6000;w=60'
        found = ITEM.fullmatch(answer.headers["ratelimit"])
        assert found
        assert 6000 - number - 1 <= int(found[1]) < 6000
    assert "ratelimit" not in client.get("/healthz").headers


def test_a_key_that_comes_too_often_has_to_wait_and_others_have_not(tmp_path: Path, database: Database) -> None:
    key, other = make_key(database), make_key(database)
    client = client_of(tmp_path, database, key, rate_limit_per_minute=6, rate_limit_burst=3)
    assert [client.get("/v1/me").status_code for _ in range(3)] == [200, 200, 200]
    answer = client.get("/v1/me")
    problem = problem_of(answer, 429, "rate-limited")
    assert "More than 3 requests at once, or 6 in a minute" in problem["detail"]
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert answer.headers["ratelimit-policy"] == '"default";q=3;w=30'
    assert answer.headers["ratelimit"].startswith('"default";r=0;t=')
    assert client.get("/v1/me", headers=shown(other)).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_the_limit_can_be_switched_off(tmp_path: Path, database: Database) -> None:
    client = client_of(tmp_path, database, make_key(database), rate_limit_per_minute=0, rate_limit_burst=1)
    answers = [client.get("/v1/me") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[-1].headers


def test_an_open_service_has_a_limit_only_if_one_is_set(tmp_path: Path, database: Database) -> None:
    free = client_of(tmp_path, database)
    assert "ratelimit" not in free.get("/v1/me").headers
    app = with_shared_routes(create_app(Settings(data_dir=tmp_path, rate_limit_per_minute=2), database))
    here, there = (TestClient(app, BASE_URL, client=(address, 1)) for address in ("127.0.0.1", "127.0.0.2"))
    assert [here.get("/v1/me").status_code for _ in range(3)] == [200, 200, 429]
    assert there.get("/v1/me").status_code == 200


def test_a_trusted_proxy_says_whose_wrong_keys_they_are(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "WRONG_KEYS", RateLimitPolicy(per_minute=1, burst=1))
    make_key(database)

    def statuses(trusted: list[str]) -> list[int]:
        settings = Settings(data_dir=tmp_path, shutdown_seconds=1, trusted_proxies=trusted)
        served = Served(with_shared_routes(create_app(settings, database)), settings)
        try:
            headers = shown("ayla_wrong")
            return [
                httpx2.get(
                    f"{served.url}/v1/me", headers=headers | {"X-Forwarded-For": client}, trust_env=False
                ).status_code
                for client in ("203.0.113.1", "203.0.113.2", "203.0.113.1")
            ]
        finally:
            served.stop()

    assert statuses(["127.0.0.1"]) == [401, 401, 429]
    assert statuses(["192.0.2.0/24"]) == [401, 429, 429]
