"""Deaths, stops, removals, backups and upgrades, each in the middle of a job."""

import time

from tests.containers.installation import Installation, eventually
from tests.containers.jobs import (
    SHORT,
    attempts,
    cancelled,
    computing,
    first_steps,
    job_to_cancel,
    long_job,
    state,
    submit,
    succeeded,
)
from tests.containers.pages import backup as backup_lines
from tests.containers.pages import celery as celery_lines
from tests.containers.pages import restore as restore_lines
from tests.containers.pages import upgrade as upgrade_lines

_GRACE_SECONDS = 30  # stop_grace_period of api and worker
_KILL_ALL = "kill -9 -1"  # all but the first process of the container, which then ends too


def restart(installation: Installation) -> str:
    """Killed in the middle of a job, API and worker come back by themselves, and the job goes on."""
    job = submit(installation, long_job(installation))
    computing(installation, job)
    for service in ("worker", "api"):
        _kill(installation, service)
    eventually(installation.is_ready, "/readyz is ready")
    succeeded(installation, job)
    ends = attempts(installation, job)
    assert ends == ["lost", "succeeded"], ends
    return "attempts of the job: " + ", ".join(ends)


def inspection(installation: Installation) -> str:
    """Celery's command shows the job that a worker computes."""
    job = submit(installation, job_to_cancel())
    computing(installation, job)
    # It gives a worker one second to answer, which may be too short on a busy machine.
    eventually(lambda: job in installation.run(celery_lines()[0]).stdout, "Celery shows the job")
    assert state(installation, job) == "running"
    cancelled(installation, job)
    return "shows the job that is computed"


def outage(installation: Installation) -> str:
    """The broker may be away in the middle of a job, which /readyz tells, and the store be restarted."""
    job = submit(installation, long_job(installation))
    computing(installation, job)
    installation.must("docker compose stop redis")
    eventually(lambda: _broker_away(installation), "/readyz tells that the broker is away")
    installation.must("docker compose start redis")
    installation.must("docker compose restart postgres")
    succeeded(installation, job)
    eventually(installation.is_ready, "/readyz is ready")
    return "attempts of the job: " + ", ".join(attempts(installation, job))


def stop(installation: Installation) -> str:
    """Told to stop in the middle of a job, API and worker end in time and hand back the job, which then goes on."""
    job = submit(installation, long_job(installation))
    computing(installation, job)
    begun = time.monotonic()
    installation.must("docker compose stop worker api")
    took = time.monotonic() - begun
    assert took < _GRACE_SECONDS, f"after {took:.0f} s"
    for service in ("worker", "api"):
        ended = installation.inspect(service)["State"]
        assert (ended["ExitCode"], ended["OOMKilled"]) == (0, False), f"{service} ended with {ended}"
    _up(installation)
    succeeded(installation, job)
    assert attempts(installation, job) == ["released", "succeeded"], attempts(installation, job)
    _, goes_on = first_steps(installation, job)
    assert goes_on > 0, "the job began anew"
    return f"after {took:.1f} s with status 0; the job went on at step {goes_on}"


def volumes(installation: Installation) -> str:
    """Removed and started anew, it has its jobs, its key and its compiled kernels."""
    jobs = _jobs(installation)
    installation.must("docker compose down")
    _up(installation)
    assert _jobs(installation) == jobs
    assert installation.ask("/v1/jobs")[0] == 200
    assert installation.inside("worker", "ls /data/kernels").strip(), "the kernels are compiled anew each time"
    return f"{jobs} jobs, the key and the kernels are still there"


def backup(installation: Installation) -> str:
    """A backup is restored into a new database, as docs/operations.md says."""
    jobs = _jobs(installation)
    installation.must("\n".join(backup_lines()))
    later = submit(installation, SHORT)
    succeeded(installation, later)
    for line in restore_lines():
        installation.must(line)
    eventually(installation.is_ready, "/readyz is ready")
    assert _jobs(installation) == jobs
    assert state(installation, later) == "", "a job from after the backup is there"
    succeeded(installation, submit(installation, SHORT))
    return f"{jobs} jobs are back"


def upgrade(installation: Installation) -> str:
    """The steps of an upgrade in docs/operations.md, in the middle of a job, lose nothing."""
    job = submit(installation, long_job(installation))
    computing(installation, job)
    jobs = _jobs(installation)
    for line in upgrade_lines():
        installation.must(line)
    eventually(installation.is_ready, "/readyz is ready")
    succeeded(installation, job)
    assert _jobs(installation) == jobs
    return f"{jobs} jobs; attempts of the one that ran: {', '.join(attempts(installation, job))}"


def _kill(installation: Installation, service: str) -> None:
    before = installation.restarts(service)
    installation.run(f"docker compose exec -T {service} sh -c '{_KILL_ALL}'")
    eventually(lambda: installation.restarts(service) == before + 1, f"{service} comes back")


def _broker_away(installation: Installation) -> bool:
    status, answer = installation.ask("/readyz")
    return bool(status == 200 and answer["checks"]["broker"].startswith("does not answer at redis:6379"))


def _up(installation: Installation) -> None:
    installation.must("docker compose up --detach")
    eventually(installation.is_ready, "/readyz is ready")


def _jobs(installation: Installation) -> int:
    return int(installation.query("SELECT count(*) FROM jobs"))
