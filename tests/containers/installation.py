"""An installation by docker-compose.yml in a copy of the repository, beside what else runs on this machine."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.containers.engine import docker
from tests.containers.pages import ROOT

PROJECT = "ayla-containers-check"
IMAGES = {"ayla-api": f"{PROJECT}-api", "ayla-worker": f"{PROJECT}-worker"}

_FILE = "docker-compose.yml"
_OWN_FILE = "docker-compose.override.yml"  # of whoever runs this: another index of packages, for instance
_RENAMING = "containers-check.yml"
_PATIENCE_SECONDS = 600.0

Answer = tuple[int, Any]


class Installation:
    """The copy, its settings and what runs from it.

    Args:
        folder: an empty one, for the copy.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.key = ""
        self.epochs_per_second = 0.0
        _copy(folder)
        self._rename()
        self.configure({"AYLA_PORT": str(self.port)})

    def configure(self, settings: Mapping[str, str]) -> None:
        """Append to .env; of two lines for one variable the later one holds."""
        with (self.folder / ".env").open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line of a page, as it stands there; whether it fails is the caller's to see."""
        command = ["bash", "-c", line]
        environment = {**os.environ, "COMPOSE_PROJECT_NAME": PROJECT, "COMPOSE_FILE": self._files()}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, line: str) -> str:
        """Run a line that has to succeed; returns what it prints.

        Raises:
            AssertionError: if it fails, with what it said.
        """
        ran = self.run(line)
        assert ran.returncode == 0, f"{line}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
        return ran.stdout

    def container(self, service: str) -> str:
        """The id of a service's container."""
        return self.must(f"docker compose ps --all --quiet {service}").strip()

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine knows of a service's container."""
        found: dict[str, Any] = json.loads(docker("inspect", self.container(service)))[0]
        return found

    def restarts(self, service: str) -> int:
        """How often the engine has started a service's container anew."""
        return int(self.inspect(service)["RestartCount"])

    def health(self, service: str) -> str:
        """What the health check of a service says."""
        return str(self.inspect(service)["State"]["Health"]["Status"])

    def logged(self, service: str) -> list[str]:
        """What a service's container has written, to either stream."""
        command = ["docker", "logs", self.container(service)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
        return ran.stdout.splitlines()

    def inside(self, service: str, script: str) -> str:
        """What a script prints in a service's container."""
        return docker("exec", self.container(service), "sh", "-c", script)

    def query(self, sql: str) -> str:
        """The one value that a query of the store has."""
        store = self.container("postgres")
        return docker(
            "exec", store, "psql", "--username=ayla", "--tuples-only", "--no-align", f"--command={sql}"
        ).strip()

    def ask(self, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Status and content of an answer of the API."""
        content = None if body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", content, given)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, _content(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _content(error.read())

    def is_ready(self) -> bool:
        """Whether the API says that everything works, workers included."""
        try:
            return self.ask("/readyz") == (200, {"status": "ready", "checks": _ALL_FINE})
        except OSError:
            return False

    def remove(self) -> None:
        """Stop everything, and leave nothing behind but the cache of the builds."""
        self.run("docker compose down --volumes --timeout 20")
        subprocess.run(["docker", "image", "rm", *IMAGES.values()], capture_output=True, check=False)

    def _rename(self) -> None:
        """Give the images names of their own, so that an installation on this machine keeps its."""
        services = {"api": "ayla-api", "migrate": "ayla-api", "worker": "ayla-worker"}
        content = {"services": {name: {"image": IMAGES[image]} for name, image in services.items()}}
        (self.folder / _RENAMING).write_text(json.dumps(content))

    def _files(self) -> str:
        own = [_OWN_FILE] if (self.folder / _OWN_FILE).exists() else []
        return ":".join([_FILE, *own, _RENAMING])


_ALL_FINE = dict.fromkeys(("store", "schema", "workers", "broker"), "ok")


def eventually(condition: Callable[[], object], what: str) -> None:
    """Return when the condition holds.

    Raises:
        AssertionError: if it does not within ten minutes.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {_PATIENCE_SECONDS:g} s: {what}"
        time.sleep(0.2)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _copy(folder: Path) -> None:
    """The files of the repository, as they are now, with the settings of whoever runs this; no secret of theirs."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    own = [name for name in (".env", _OWN_FILE) if (ROOT / name).exists()]
    for name in [*filter(None, listed.split("\0")), *own]:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)


def _content(text: bytes) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text.decode(errors="replace")
