"""``Prefer: wait=N``: answers that wait for the end of jobs, over a real server."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from ayla_service.db.session import Database

from tests.factories import jobs, spec, submit
from tests.streaming import begin_job, make_steps, served
from tests.waiting import PATIENCE_SECONDS, wait_until


@pytest.fixture
def url(database: Database, tmp_path: Path) -> Iterator[str]:
    with served(database, tmp_path) as (_, url):
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS) as client:
        yield client


def test_a_job_that_ends_while_its_client_waits_is_answered_with_its_end(
    database: Database, client: httpx2.Client
) -> None:
    with _working(database):
        answer = client.post("/v1/jobs", json=spec(), headers={"Prefer": "respond-async, wait=99"})
    job = answer.json()
    assert (answer.status_code, job["state"], job["progress"]["fraction"]) == (201, "succeeded", 1.0)
    assert answer.headers["preference-applied"] == "wait=60"
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    for path in re.findall("<(.+?)>", answer.headers["link"]):
        assert client.get(path).status_code == 200


@contextmanager
def _working(database: Database) -> Iterator[None]:
    """Somebody who runs every job that comes."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.02):
            if jobs(database).list().items and jobs(database).list().items[0].state == "queued":
                make_steps(database, begin_job(database), 0, 10, finished=True)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_client_waits_no_longer_than_it_likes(client: httpx2.Client, job_in_queue: str) -> None:
    waits = {"Prefer": "wait=1"}
    begun = time.monotonic()
    submitted = client.post("/v1/jobs", json=spec(), headers={**waits, "Idempotency-Key": "one"})
    assert time.monotonic() - begun >= 1
    assert (submitted.status_code, submitted.json()["state"]) == (202, "queued")
    assert submitted.headers["preference-applied"] == "wait=1"
    read = client.get(f"/v1/jobs/{job_in_queue}", headers=waits)
    assert (read.status_code, read.headers["preference-applied"]) == (200, "wait=1")


@pytest.fixture
def job_in_queue(database: Database) -> str:
    return submit(database).id


@pytest.mark.parametrize("preference", ["wait=0", "wait=", "wait=-1", "wait=soon", "return=minimal", "waiting=3", ""])
def test_a_preference_that_is_none_is_ignored(client: httpx2.Client, preference: str) -> None:
    answer = client.post("/v1/jobs", json=spec(), headers={"Prefer": preference})
    assert (answer.status_code, "preference-applied" in answer.headers) == (202, False)


def test_a_repeated_submission_waits_for_the_job_of_the_first(database: Database, client: httpx2.Client) -> None:
    named = {"Idempotency-Key": "once"}
    first = client.post("/v1/jobs", json=spec(), headers=named)
    make_steps(database, begin_job(database), 0, 10, finished=True)
    again = client.post("/v1/jobs", json=spec(), headers={**named, "Prefer": "wait=30"})
    assert (first.status_code, again.status_code, again.headers["idempotent-replayed"]) == (202, 201, "true")
    assert (again.json()["id"], again.json()["state"]) == (first.json()["id"], "succeeded")
    plain = client.post("/v1/jobs", json=spec(), headers=named)
    assert (plain.status_code, plain.json()) == (202, first.json())


def test_a_copy_and_several_jobs_can_be_waited_for(database: Database, client: httpx2.Client) -> None:
    waits = {"Prefer": "wait=30"}
    with _working(database):
        several = client.post("/v1/jobs:bulk", json={"jobs": [spec()]}, headers=waits)
        copied = client.post(f"/v1/jobs/{several.json()['data'][0]['id']}/clone", json={}, headers=waits)
    assert [job["state"] for job in [*several.json()["data"], copied.json()]] == ["succeeded", "succeeded"]
    assert (several.status_code, copied.status_code) == (201, 201)


def test_reading_a_job_can_wait_for_its_end(database: Database, client: httpx2.Client, job_in_queue: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(client.get, f"/v1/jobs/{job_in_queue}", headers={"Prefer": "wait=30"})
        time.sleep(0.2)
        assert not reading.done()
        jobs(database).cancel(job_in_queue)
        answer = reading.result(10)
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    tag = {"If-None-Match": answer.headers["etag"], "Prefer": "wait=30"}
    assert client.get(f"/v1/jobs/{job_in_queue}", headers=tag).status_code == 304


def test_nobody_waits_for_a_client_that_has_gone(database: Database, tmp_path: Path) -> None:
    with served(database, tmp_path) as (app, url):
        with pytest.raises(httpx2.ReadTimeout), httpx2.Client(trust_env=False, timeout=0.3) as client:
            client.post(f"{url}/v1/jobs", json=spec(), headers={"Prefer": "wait=60"})
        wait_until(lambda: not app.state.events._waits, "the end of waiting")


def test_a_full_service_answers_who_would_wait_at_once(database: Database, tmp_path: Path) -> None:
    with served(database, tmp_path, max_streams=0) as (_, url), httpx2.Client(trust_env=False) as client:
        answer = client.post(f"{url}/v1/jobs", json=spec(), headers={"Prefer": "wait=60"})
    assert (answer.status_code, "preference-applied" in answer.headers) == (202, False)


def test_who_waits_is_answered_when_the_service_stops(database: Database, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        with served(database, tmp_path) as (app, url):
            waits = {"Prefer": "wait=60"}
            asking = pool.submit(
                httpx2.post, f"{url}/v1/jobs", json=spec(), headers=waits, trust_env=False, timeout=PATIENCE_SECONDS
            )
            wait_until(lambda: app.state.events._waits, "somebody who waits")
        assert asking.result(1).status_code == 202
