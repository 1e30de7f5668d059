"""Trials whose job keeps no trajectories: told so, computed again on request, and then served, to the same bits."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import ayla
import pytest
from ayla_core.devices import set_threads
from ayla_service.app import create_app
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.errors import QueueDraining
from ayla_service.settings import Settings
from ayla_service.sweeps import best_again
from ayla_worker.identity import describe_worker
from ayla_worker.runner import Runner
from fastapi.testclient import TestClient
from sqlalchemy import select

from tests.http.helpers import problem_of, with_shared_routes
from tests.http.serving import Served

CURVE = {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": {"uniform": [-1, 3]}}, "noise": 0.01}
WIDE = {
    "type": "dataset",
    "dataset": {"name": "classification", "samples": 60, "feature_count": 300, "class_count": 3},
    "model": {"name": "mlp", "hidden": [512]},
    "batch_size": 32,
}
"""So wide that products of a trial alone are shared out over threads."""

ADAM = {"name": "adam", "learning_rate": 0.01}
OPTIMIZERS = [ADAM, ADAM | {"learning_rate": 0.02}, {"name": "sgd", "learning_rate": 0.001, "ayla": {"n1": 0.9}}]


@pytest.fixture
def two_threads() -> Iterator[None]:
    set_threads(2)
    yield
    set_threads(1)


def spec(trajectories: str, **more: Any) -> dict[str, Any]:
    record = {"trajectories": trajectories, "every": 3}
    return {
        "problem": CURVE,
        "optimizers": OPTIMIZERS,
        "budget": {"steps": 40},
        "seeds": [3, 4],
        "record": record,
    } | more


def run_all(database: Database) -> None:
    settings = Settings(heartbeat_seconds=0.05, retry_seconds=0, download_datasets=False)
    runner = Runner(database, settings, describe_worker(settings), lambda: False)
    while runner.run_next():
        pass


def submitted(client: TestClient, **fields: Any) -> str:
    answer = client.post("/v1/jobs", json=fields)
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["id"]
    return job


def series(client: TestClient, trial: str, name: str = "trajectory") -> dict[str, Any]:
    answer = client.get(f"/v1/trials/{trial}/{name}")
    assert answer.status_code == 200, answer.text
    columns: dict[str, Any] = answer.json()["columns"]
    return columns


@pytest.mark.every_store
def test_a_trial_is_computed_again_to_the_same_bits(client: TestClient, database: Database) -> None:
    quiet, kept = submitted(client, **spec("none")), submitted(client, **spec("all"))
    run_all(database)
    trial = f"{quiet}-3"
    told = problem_of(client.get(f"/v1/trials/{trial}/trajectory"), 409, "trajectory-not-kept")
    assert "/recompute" in told["detail"]
    answer = client.post(f"/v1/trials/{trial}/recompute")
    assert answer.status_code == 202
    again = answer.json()
    assert answer.headers["Location"] == f"/v1/jobs/{again['id']}"
    assert (again["origin"], again["trials"]["total"], again["resolved"]["seeds"]) == (trial, 1, [4])
    assert client.post(f"/v1/trials/{trial}/recompute").json()["id"] == again["id"]
    told = problem_of(client.get(f"/v1/trials/{trial}/trajectory"), 409, "trajectory-not-kept")
    assert again["id"] in told["detail"]
    run_all(database)
    assert series(client, trial) == series(client, f"{kept}-3")
    mine, other = (client.get(f"/v1/trials/{job}-3").json()["summary"] for job in (quiet, kept))
    assert [mine[name] for name in ("final_loss", "best_loss")] == [other[name] for name in ("final_loss", "best_loss")]
    assert client.post(f"/v1/trials/{trial}/recompute").json()["id"] == again["id"]
    problem_of(client.get(f"/v1/trials/{quiet}-2/trajectory"), 409, "trajectory-not-kept")
    assert series(client, trial, "metrics")["step"] == [], "an expression has none"


def test_a_setting_is_computed_again_with_all_its_seeds_and_found_by_its_origin(
    client: TestClient, database: Database
) -> None:
    quiet, kept = submitted(client, **spec("none")), submitted(client, **spec("all"))
    run_all(database)
    alone = client.post(f"/v1/trials/{quiet}-2/recompute").json()
    whole = client.post(f"/v1/trials/{quiet}-3/recompute?all_seeds=true").json()
    assert (whole["origin"], whole["resolved"]["seeds"]) == (f"{quiet}-2", [3, 4])
    assert client.post(f"/v1/trials/{quiet}-2/recompute?all_seeds=true").json()["id"] == whole["id"]
    found = client.get("/v1/jobs", params={"origin": f"{quiet}-2"}).json()["data"]
    assert {job["id"] for job in found} == {alone["id"], whole["id"]}
    assert client.get("/v1/jobs", params={"origin": f"{quiet}-3"}).json()["data"] == []
    run_all(database)
    curve, same = (
        client.get(f"/v1/jobs/{job}/curves", params={"optimizers": place}).json()["curves"][0]
        for job, place in ((whole["id"], "0"), (kept, "1"))
    )
    assert [curve[name] for name in ("step", "median", "low", "seeds")] == [
        same[name] for name in ("step", "median", "low", "seeds")
    ]


def test_in_every_form_and_under_its_own_name(client: TestClient, database: Database) -> None:
    quiet = submitted(client, **spec("none"))
    run_all(database)
    client.post(f"/v1/trials/{quiet}-5/recompute")
    run_all(database)
    table = client.get(f"/v1/trials/{quiet}-5/trajectory", headers={"Accept": "text/csv"})
    assert "trial-5-trajectory" in table.headers["Content-Disposition"]
    assert len(table.text.splitlines()) == 1 + 15
    assert client.get(f"/v1/trials/{quiet}-5/trajectory").json()["trial_id"] == f"{quiet}-5"


def test_a_network_is_computed_again_as_it_was_in_company(
    client: TestClient, database: Database, two_threads: None
) -> None:
    both = {"problem": WIDE, "budget": {"steps": 12}, "optimizers": OPTIMIZERS[:2]}
    quiet, kept = submitted(client, **spec("none", **both)), submitted(client, **spec("all", **both))
    run_all(database)
    told = problem_of(client.get(f"/v1/trials/{quiet}-1/metrics"), 409, "trajectory-not-kept")
    assert "metrics" in told["detail"]
    client.post(f"/v1/trials/{quiet}-1/recompute")
    run_all(database)
    for name in ("trajectory", "metrics"):
        assert series(client, f"{quiet}-1", name) == series(client, f"{kept}-1", name)


def test_what_cannot_be_computed_again(client: TestClient, database: Database) -> None:
    quiet, kept = submitted(client, **spec("none")), submitted(client, **spec("all"))
    told = problem_of(client.post(f"/v1/trials/{quiet}-0/recompute"), 409, "trial-unfinished")
    assert "queued" in told["detail"]
    run_all(database)
    problem_of(client.post(f"/v1/trials/{kept}-0/recompute"), 409, "trajectory-kept")
    problem_of(client.post(f"/v1/trials/{quiet}-6/recompute"), 404, "trial-not-found")


def test_a_request_can_be_repeated(client: TestClient, database: Database) -> None:
    quiet = submitted(client, **spec("none"))
    run_all(database)
    first, second = (
        client.post(f"/v1/trials/{quiet}-0/recompute", headers={"Idempotency-Key": "again"}) for _ in range(2)
    )
    assert (first.json()["id"], second.headers["Idempotent-Replayed"]) == (second.json()["id"], "true")


def test_one_that_was_cancelled_is_computed_anew(client: TestClient, database: Database) -> None:
    quiet = submitted(client, **spec("none"))
    run_all(database)
    first = client.post(f"/v1/trials/{quiet}-0/recompute").json()["id"]
    client.post(f"/v1/jobs/{first}/cancel")
    assert client.post(f"/v1/trials/{quiet}-0/recompute").json()["id"] != first


@pytest.mark.every_store
def test_the_best_setting_of_each_arm_is_computed_again_when_the_job_ends(
    client: TestClient, database: Database
) -> None:
    arms = [settings | {"arm": "adam"} for settings in OPTIMIZERS[:2]] + OPTIMIZERS[2:]
    quiet = submitted(client, **spec("best", optimizers=arms))
    kept = submitted(client, **spec("all", optimizers=arms))
    run_all(database)
    origins = [job["origin"] for job in client.get("/v1/jobs").json()["data"] if job["origin"]]
    finals = [client.get(f"/v1/trials/{quiet}-{place}").json()["summary"]["final_loss"] for place in range(6)]
    best = 0 if sum(finals[:2]) < sum(finals[2:4]) else 2
    assert sorted(origins) == sorted([f"{quiet}-{best}", f"{quiet}-4"])
    for place in (best, best + 1, 4, 5):
        assert series(client, f"{quiet}-{place}") == series(client, f"{kept}-{place}")
    problem_of(client.get(f"/v1/trials/{quiet}-{2 - best}/trajectory"), 409, "trajectory-not-kept")


SOBOL = {
    "optimizers": [
        ADAM | {"learning_rate": {"low": 1e-3, "high": 0.1, "scale": "log"}, "ayla": {"n1": {"low": 0.7, "high": 1.3}}},
        {"name": "sgd", "learning_rate": {"low": 1e-4, "high": 1e-2, "scale": "log"}},
    ],
    "search": {"design": "sobol", "settings": 8, "seed": 5},
}


@pytest.mark.every_store
def test_a_setting_of_points_that_were_drawn_is_computed_again(client: TestClient, database: Database) -> None:
    """Of a job with axes, which keeps no trajectories unless it is asked to; the setting is that of the trial."""
    fields = {"problem": CURVE, "budget": {"steps": 40}, "seeds": [3, 4], **SOBOL}
    quiet, kept = submitted(client, **fields), submitted(client, **fields, record={"trajectories": "all"})
    run_all(database)
    place = 2 * 11 + 1
    trial = client.get(f"/v1/trials/{quiet}-{place}").json()
    again = client.post(f"/v1/trials/{quiet}-{place}/recompute").json()
    assert again["resolved"]["optimizers"][0]["learning_rate"] == trial["optimizer"]["learning_rate"]
    run_all(database)
    assert series(client, f"{quiet}-{place}") == series(client, f"{kept}-{place}")


def test_a_batch_size_of_its_own_is_computed_again(client: TestClient, database: Database) -> None:
    problem = {
        "type": "dataset",
        "dataset": {"name": "classification", "samples": 60},
        "batch_size": {"values": [8, 16]},
    }
    fields = {"problem": problem, "optimizers": [ADAM], "budget": {"steps": 20}, "seeds": [0, 1]}
    quiet, kept = submitted(client, **fields), submitted(client, **fields, record={"trajectories": "all"})
    run_all(database)
    client.post(f"/v1/trials/{quiet}-2/recompute")
    run_all(database)
    for name in ("trajectory", "metrics"):
        assert series(client, f"{quiet}-2", name) == series(client, f"{kept}-2", name)


def test_the_best_points_of_each_arm_are_computed_again(client: TestClient, database: Database) -> None:
    fields = {"problem": CURVE, "budget": {"steps": 40}, "seeds": [3, 4], **SOBOL}
    quiet = submitted(client, **fields, record={"trajectories": "best"})
    run_all(database)
    best = client.get(f"/v1/jobs/{quiet}/best", params={"per_arm": "true"}).json()["best"]
    assert len(best) == 2
    for one in best:
        for seed in range(2):
            assert len(series(client, f"{quiet}-{2 * one['setting']['setting'] + seed}")["step"]) == 41


class Killed(BaseException):
    """The end of a process."""


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def origins(database: Database) -> list[str | None]:
    with database.read() as session:
        return list(session.scalars(select(JobRow.origin).where(JobRow.origin.is_not(None)).order_by(JobRow.origin)))


def age(database: Database, seconds: float) -> None:
    """Let all jobs have ended so long before."""
    with database.write() as session:
        for job in session.scalars(select(JobRow)):
            job.finished_at = None if job.finished_at is None else job.finished_at - timedelta(seconds=seconds)


@pytest.mark.every_store
@pytest.mark.parametrize("point", ["_submit", "_settle"])
def test_the_best_settings_survive_the_end_of_their_worker(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Killed after the commit that ends the job, or after that of the new jobs: another worker sees to it, once."""
    fields = {"problem": CURVE, "budget": {"steps": 40}, "seeds": [3, 4], **SOBOL}
    quiet = submitted(client, **fields, record={"trajectories": "best"})
    with monkeypatch.context() as killed:
        killed.setattr(best_again, point, raising(Killed()))
        with pytest.raises(Killed):
            run_all(database)
    assert client.get(f"/v1/jobs/{quiet}").json()["state"] == "succeeded"
    assert len(origins(database)) == {"_submit": 0, "_settle": 2}[point]
    run_all(database)
    assert len(origins(database)) == {"_submit": 0, "_settle": 2}[point], "its worker has a while for it"
    age(database, 60)
    run_all(database)
    assert len(origins(database)) == 2
    with database.read() as session:
        assert session.get_one(JobRow, quiet).best_due is None
    run_all(database)
    assert len(origins(database)) == 2


def test_what_a_limit_prevents_is_not_tried_for_ever(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"problem": CURVE, "budget": {"steps": 40}, "seeds": [3, 4], **SOBOL}
    quiet = submitted(client, **fields, record={"trajectories": "best"})
    monkeypatch.setattr(best_again, "_submit", raising(QueueDraining()))
    run_all(database)
    with database.read() as session:
        assert session.get_one(JobRow, quiet).best_due is None


def test_the_client_has_a_trial_computed_again(tmp_path: Path, database: Database) -> None:
    settings = Settings(data_dir=tmp_path)
    served = Served(with_shared_routes(create_app(settings, database)), settings)
    with ExitStack() as stack:
        stack.callback(served.stop)
        client = stack.enter_context(ayla.Client(served.url))
        job = client.jobs.submit(spec("none"))
        run_all(database)
        trial = next(iter(client.jobs.trials(job)))
        with pytest.raises(ayla.ConflictError, match="recompute"):
            client.trials.trajectory(trial)
        again = client.trials.recompute(trial)
        run_all(database)
        assert client.jobs.get(again).state == "succeeded"
        assert len(client.trials.trajectory(trial)["step"]) == 15
