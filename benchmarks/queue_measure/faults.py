"""The faults, and how one sees that the service has recovered. Each leaves the installation as it found it."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from ayla_service.db.models import AttemptRow, ShardRow
from ayla_service.states import AttemptOutcome
from sqlalchemy import Row, select
from sqlalchemy.exc import DBAPIError

from queue_measure.api import FINISHED, Api
from queue_measure.figures import wait_until
from queue_measure.installation import Installation, listeners
from queue_measure.specs import LONG, SMALL
from tests.servers.forks import Process
from tests.system.processes import family

_DOWN_SECONDS = 1.0
_LOOK_SECONDS = 0.01
_WITH_CHECKPOINT_SECONDS = 1.5
"""After so long a job has one: they are a second apart."""

_ATTEMPT = select(
    AttemptRow.number,
    AttemptRow.worker,
    AttemptRow.outcome,
    AttemptRow.device,
    AttemptRow.started_at,
    AttemptRow.heartbeat_at,
).join(ShardRow, ShardRow.id == AttemptRow.shard_id)


class Scene:
    """An installation with two workers that faults befall.

    Args:
        installation: what runs.
    """

    def __init__(self, installation: Installation) -> None:
        self.installation = installation

    @contextmanager
    def running_job(self) -> Iterator[str]:
        """The id of a job that has written results, and has a checkpoint by now; cancelled at the end."""
        with Api(self.installation.url) as api:
            place = api.submit(LONG)
            job_id = place.rpartition("/")[2]
            wait_until(lambda: self._is_under_way(job_id), "a job to get under way")
            time.sleep(_WITH_CHECKPOINT_SECONDS)
            yield job_id
            api.ask(place, "cancel")
            wait_until(lambda: api.get(place)["state"] in FINISHED, "a job to be cancelled")

    def attempt(self, job_id: str) -> Row[Any] | None:
        """The newest attempt at the job's only shard; None while the store does not answer."""
        newest = _ATTEMPT.where(ShardRow.job_id == job_id).order_by(AttemptRow.number.desc()).limit(1)
        try:
            with self.installation.database.read() as session:
                return session.execute(newest).first()
        except DBAPIError:
            return None

    def worker_of(self, job_id: str) -> tuple[Process, int]:
        """The process that runs the job, and the number of its attempt."""
        attempt = self.attempt(job_id)
        if attempt is None:
            raise RuntimeError("nobody runs the job")
        pid = int(attempt.worker.split(":")[1])
        worker = next(process for process in self.installation.workers if pid in family(process.pid))
        return worker, attempt.number

    def runs_again(self, job_id: str, after: int) -> bool:
        """Whether a later attempt has restored its checkpoint and begun."""
        attempt = self.attempt(job_id)
        return (
            attempt is not None
            and attempt.number > after
            and attempt.outcome == AttemptOutcome.RUNNING
            and attempt.device is not None
        )

    def _is_under_way(self, job_id: str) -> bool:
        attempt = self.attempt(job_id)
        return attempt is not None and attempt.heartbeat_at > attempt.started_at


def _worker_signalled(scene: Scene, how: signal.Signals) -> float:
    with scene.running_job() as job_id:
        process, number = scene.worker_of(job_id)
        begun = time.perf_counter()
        process.send_signal(how)
        wait_until(lambda: scene.runs_again(job_id, number), "another worker to go on", look=_LOOK_SECONDS)
        taken = time.perf_counter() - begun
    process.wait(30)
    scene.installation.start_workers(1)
    return taken


def _store_killed(scene: Scene) -> float:
    server = scene.installation.backing.postgres
    with scene.running_job() as job_id:
        begun, moment = time.perf_counter(), datetime.now(UTC)
        server.kill()
        time.sleep(_DOWN_SECONDS)
        server.start()
        wait_until(lambda: _has_written_since(scene, job_id, moment), "the job to write", look=_LOOK_SECONDS)
        return time.perf_counter() - begun


def _has_written_since(scene: Scene, job_id: str, moment: datetime) -> bool:
    attempt = scene.attempt(job_id)
    return attempt is not None and attempt.heartbeat_at > max(moment, attempt.started_at)


def _broker_killed(scene: Scene) -> float:
    server = scene.installation.backing.redis
    begun = time.perf_counter()
    server.kill()
    try:
        with Api(scene.installation.url) as api:
            api.finished(api.submit(SMALL), _LOOK_SECONDS)
        return time.perf_counter() - begun
    finally:
        server.start()
        workers = len(scene.installation.workers)
        wait_until(lambda: listeners(server) >= workers, "workers to listen again", look=0.1)


def _api_killed(scene: Scene) -> float:
    process = scene.installation.api
    if process is None:
        raise RuntimeError("there is no API")
    begun = time.perf_counter()
    process.kill()
    process.wait()
    scene.installation.start_api()
    wait_until(lambda: _answers(scene.installation.url), "the API to answer", look=_LOOK_SECONDS)
    return time.perf_counter() - begun


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/v1/jobs", params={"limit": 1}).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Attributes:
        until: what ends the time.
        seconds: makes it happen once and measures.
    """

    until: str
    seconds: Callable[[Scene], float]


FAULTS = {
    "worker killed with -9": Fault(
        "the job runs on another worker", lambda scene: _worker_signalled(scene, signal.SIGKILL)
    ),
    "worker told to stop": Fault(
        "the job runs on another worker", lambda scene: _worker_signalled(scene, signal.SIGTERM)
    ),
    "PostgreSQL killed, started again after 1 s": Fault("the job writes again", _store_killed),
    "Redis killed, and stays away": Fault("a job submitted then has finished", _broker_killed),
    "API killed, started again at once": Fault("it lists jobs", _api_killed),
}
