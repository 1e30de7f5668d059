"""What a browser keeps of the API is kept for who asked: nothing of it is an answer after signing out."""

import pytest
from ayla_service.db.session import Database
from fastapi.testclient import TestClient

from tests.factories import TWO_BY_TWO, Jobs, spec
from tests.http.helpers import record
from tests.trials.chunked import ids_of


@pytest.fixture
def job_id(database: Database) -> str:
    """A job whose trials have ended, with settings for every answer."""
    job = Jobs(database).submit(spec(optimizers=TWO_BY_TWO))
    for place, trial in enumerate(ids_of(database, job.id)):
        record(database, trial, {"step": [0, 1], "loss": [2.0, 1.0]}, steps_done=1, best_loss=1.0 + place, best_step=1)
    return job.id


@pytest.mark.parametrize(
    "of_job",
    ["", "/summary?format=csv", "/curves", "/figures/loss", "/best", "/comparison?format=csv"],
)
def test_who_asks_is_part_of_what_a_cache_keeps(client: TestClient, job_id: str, of_job: str) -> None:
    path = f"/v1/jobs/{job_id}{of_job}"
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    known = {"If-None-Match": answer.headers.get("etag", "")}
    for one in (answer, client.get(path, headers=known)):
        assert one.headers["cache-control"].startswith("private, ")
        assert {"Authorization", "Cookie"} <= {*one.headers["vary"].split(", ")}
