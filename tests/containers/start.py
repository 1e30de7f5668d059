"""From nothing to a running service, by the lines of the README."""

import json
import re
import time

from tests.containers.engine import docker
from tests.containers.installation import IMAGES, Installation, eventually
from tests.containers.jobs import SHORT, measure, submit, succeeded
from tests.containers.pages import first_start

_AT_ONCE_SECONDS = 30
_OFTEN = {"AYLA_CHECKPOINT_SECONDS": "2"}  # so that a job which is cut short has something to go on from
_ORIGIN = "https://pages.example"


def forgotten_password(installation: Installation) -> str:
    """Whoever forgot to make the password is told before the images are built."""
    begun = time.monotonic()
    ran = installation.run("docker compose build")
    took = time.monotonic() - begun
    assert ran.returncode != 0, "the images are built without the password"
    assert "secrets/postgres_password" in ran.stderr, ran.stderr
    assert took < _AT_ONCE_SECONDS, f"told after {took:.0f} s"
    return f"told after {took:.1f} s: {ran.stderr.strip().splitlines()[-1][:100]}"


def build(installation: Installation) -> str:
    """The password is made, and then the images; a second build finds all of it done."""
    password, building, _, _ = first_start()
    installation.must(password)
    begun = time.monotonic()
    installation.must(building)
    first, begun = time.monotonic() - begun, time.monotonic()
    installation.must(building)
    return f"{first:.0f} s, again {time.monotonic() - begun:.0f} s; {', '.join(map(_size, IMAGES.values()))}"


def first_key(installation: Installation) -> str:
    """The first key is all that its command prints."""
    printed = installation.must(first_start()[2])
    assert re.fullmatch(r"ayla_[A-Za-z0-9_-]{43}\n", printed), f"printed {len(printed)} characters"
    installation.key = printed.strip()
    return "one line, the key"


def start(installation: Installation) -> str:
    """Everything starts, becomes healthy and stays as it is when it is started again."""
    begun = time.monotonic()
    installation.must(first_start()[3])
    eventually(installation.is_ready, "/readyz is ready")
    took = time.monotonic() - begun
    for service in ("postgres", "redis", "api"):
        _healthy(installation, service)
    assert installation.inspect("migrate")["State"]["ExitCode"] == 0
    before = _running(installation)
    installation.must(first_start()[3])
    assert _running(installation) == before, "what ran already was made anew"
    installation.must(f"{first_start()[1]} && {first_start()[3]}")
    assert _running(installation) == before, "what ran already was made anew after a build that changed nothing"
    return f"ready after {took:.0f} s"


def settings(installation: Installation) -> str:
    """What .env says holds."""
    installation.configure({"AYLA_CORS_ORIGINS": _ORIGIN, "AYLA_MAX_BODY_BYTES": "20000", **_OFTEN})
    installation.must("docker compose up --detach")
    eventually(installation.is_ready, "/readyz is ready")
    status, answer = installation.ask("/v1/jobs", {**SHORT, "name": "x" * 30_000})
    assert status == 413, answer
    headers = {"Origin": _ORIGIN, "Sec-Fetch-Site": "cross-site"}
    status, answer = installation.ask("/v1/jobs", SHORT, headers)
    assert status == 202, answer
    given = installation.inside("worker", "echo $AYLA_CHECKPOINT_SECONDS").strip()
    assert given == "2", f"the worker has AYLA_CHECKPOINT_SECONDS={given}"
    return f"port {installation.port}, AYLA_CORS_ORIGINS, AYLA_MAX_BODY_BYTES, AYLA_CHECKPOINT_SECONDS"


def job(installation: Installation) -> str:
    """A job is computed, and every line that our services write is JSON."""
    succeeded(installation, submit(installation, SHORT))
    lines = [line for service in ("api", "migrate", "worker") for line in installation.logged(service)]
    plain = [line for line in lines if not _is_json(line)]
    assert not plain, plain[:3]
    return f"succeeded; {len(lines)} lines of the log are JSON; {measure(installation):.0f} epochs a second"


def _healthy(installation: Installation, service: str) -> None:
    eventually(lambda: installation.health(service) == "healthy", f"{service} is healthy")


def _running(installation: Installation) -> dict[str, tuple[str, str]]:
    found = {service: installation.inspect(service) for service in ("postgres", "redis", "api", "worker")}
    return {service: (each["Id"], each["State"]["StartedAt"]) for service, each in found.items()}


def _size(image: str) -> str:
    """Of the layers that are ours. Of a whole image one store says what it takes, another what it has to be sent."""
    ours = sum(int(size) for size in docker("history", "--human=false", "--format={{.Size}}", image).split()[:-1])
    return f"{image.rpartition('-')[2]} {ours / 1e6:.0f} MB above the base"


def _is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except json.JSONDecodeError:
        return False
