"""The publisher against a real Redis: what it sends, and that nothing of the broker reaches its callers."""

import json
import time
from collections.abc import Callable

import pytest
from ayla_service.db.session import Database
from ayla_service.queue.celery.configuration import BROKER_SECONDS
from ayla_service.queue.celery.publisher import MOST_IN_QUEUE, CeleryWakeUp
from ayla_service.queue.sweep import sweep
from structlog.typing import EventDict

from tests.queue.celery.helpers import depth, post, publisher
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

AT_ONCE_SECONDS = BROKER_SECONDS
"""What a wait for a frozen broker takes at least; to hand something over takes microseconds."""


def assert_at_once(act: Callable[[], object]) -> None:
    begun = time.monotonic()
    act()
    assert time.monotonic() - begun < AT_ONCE_SECONDS


def test_each_shard_has_a_message_in_the_queue_of_its_device(redis_server: RedisServer, redis_url: str) -> None:
    with publisher(redis_url) as wake_up:
        wake_up.notify(["auto", "cuda", "auto"])
        wait_until(lambda: depth(redis_server) == 2 and depth(redis_server, "cuda") == 1)
    assert depth(redis_server, "cpu") == 0


def test_a_message_says_nothing_but_that_there_may_be_work(redis_server: RedisServer, redis_url: str) -> None:
    with publisher(redis_url) as wake_up:
        wake_up.notify(["cpu"])
        wait_until(lambda: depth(redis_server, "cpu") == 1)
    with redis_server.client() as client:
        message = json.loads(client.lindex("ayla.cpu", 0) or "")
    assert message["content-type"] == "application/json"
    assert message["headers"]["task"] == "ayla.work"
    assert (message["headers"]["argsrepr"], message["headers"]["kwargsrepr"]) == ("()", "{}")
    assert message["headers"]["expires"] is not None
    assert message["properties"]["delivery_mode"] == 1


def test_a_large_job_does_not_flood_the_queue(redis_server: RedisServer, redis_url: str) -> None:
    with publisher(redis_url) as wake_up:
        for _ in range(20):
            wake_up.notify(["auto"] * 50)
        wait_until(lambda: depth(redis_server) >= MOST_IN_QUEUE)
    assert depth(redis_server) == MOST_IN_QUEUE


def test_a_reminder_adds_only_what_is_missing(redis_server: RedisServer, redis_url: str) -> None:
    with publisher(redis_url) as wake_up:
        wake_up.notify(["auto"] * 3)
        wait_until(lambda: depth(redis_server) == 3)
        for _ in range(3):
            wake_up.remind({"auto": 5, "cpu": 2})
        wait_until(lambda: depth(redis_server, "cpu") == 2)
    assert depth(redis_server) == 5


def test_wake_ups_that_were_wiped_are_sent_again_by_a_sweep(
    database: Database, redis_server: RedisServer, redis_url: str
) -> None:
    with publisher(redis_url) as wake_up:
        for _ in range(2):
            post(database, wake_up)
        wait_until(lambda: depth(redis_server) == 2)
        redis_server.clear()

        def swept() -> bool:
            sweep(database, wake_up)
            return depth(redis_server) == 2

        wait_until(swept)


def test_what_is_handed_over_is_sent_before_the_end(redis_server: RedisServer, redis_url: str) -> None:
    wake_up = CeleryWakeUp(redis_url)
    wake_up.notify(["auto"])
    wake_up.close()
    assert depth(redis_server) == 1


def test_a_frozen_broker_holds_nobody_up(own_redis: RedisServer, events: list[EventDict]) -> None:
    with publisher(own_redis.url) as wake_up:
        wake_up.notify(["auto"])
        wait_until(lambda: depth(own_redis) == 1)
        own_redis.freeze()
        for _ in range(5):
            assert_at_once(lambda: wake_up.notify(["auto"]))
            assert_at_once(lambda: wake_up.remind({"auto": 1}))
            time.sleep(0.5)
        wait_until(lambda: len(events) > 0)
        own_redis.thaw()

        def again() -> bool:
            wake_up.remind({"cpu": 1})
            return depth(own_redis, "cpu") == 1

        wait_until(again)
    assert [event["log_level"] for event in events] == ["warning", "info"]


def test_an_outage_is_told_once_and_its_end_too(own_redis: RedisServer, events: list[EventDict]) -> None:
    with publisher(own_redis.url, outage_seconds=0.01) as wake_up:
        own_redis.kill()

        def told() -> bool:
            assert_at_once(lambda: wake_up.notify(["auto"]))
            return len(events) > 0

        wait_until(told)
        for _ in range(20):
            assert_at_once(lambda: wake_up.notify(["auto"]))
            time.sleep(0.05)
        own_redis.start()

        def sent() -> bool:
            wake_up.notify(["auto"])
            return depth(own_redis) > 0

        wait_until(sent)
        wait_until(lambda: len(events) == 2)
    assert [event["event"] for event in events] == [
        "the broker takes no wake-ups; workers look by their timer",
        "the broker takes wake-ups again",
    ]


def test_a_restart_of_the_broker_between_two_messages_is_no_outage(
    own_redis: RedisServer, events: list[EventDict]
) -> None:
    with publisher(own_redis.url, outage_seconds=600) as wake_up:
        wake_up.notify(["auto"])
        wait_until(lambda: depth(own_redis) == 1)
        own_redis.kill()
        own_redis.start()
        wake_up.notify(["auto"])
        wait_until(lambda: depth(own_redis) == 1)
    assert events == []


def test_a_connection_that_died_unnoticed_is_no_outage(
    redis_server: RedisServer, redis_url: str, events: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    with publisher(redis_url, outage_seconds=600) as wake_up:
        wake_up.notify(["auto"])
        wait_until(lambda: depth(redis_server) == 1)
        send, failures = wake_up._connection._send, [OSError("reset by peer")]
        monkeypatch.setattr(wake_up._connection, "_send", lambda queue: raise_next(failures) or send(queue))
        wake_up.notify(["auto"])
        wait_until(lambda: depth(redis_server) == 2)
    assert (events, failures) == ([], [])


def raise_next(failures: list[OSError]) -> bool:
    if failures:
        raise failures.pop()
    return False


def test_the_password_is_not_logged(own_redis: RedisServer, events: list[EventDict]) -> None:
    wrong = own_redis.url.replace("redis://:", "redis://:geheim")
    with publisher(wrong) as wake_up:
        wake_up.notify(["auto"])
        wait_until(lambda: len(events) > 0)
    assert "geheim" not in str(events)


def test_the_broker_of_another_program_in_the_environment_is_left_alone(
    redis_server: RedisServer, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL"):
        monkeypatch.setenv(name, "redis://127.0.0.1:1/0")
    with publisher(redis_url) as wake_up:
        wake_up.notify(["auto"])
        wait_until(lambda: depth(redis_server) == 1)
