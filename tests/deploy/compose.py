"""What docker-compose.yml and the Dockerfiles promise, as checks that list what is wrong."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from ayla_service.cli import app
from ayla_service.datasets import subprocess_main
from ayla_service.datasets.routes import uploads as uploading
from ayla_service.processes.startup import variable
from ayla_service.settings import Settings

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
DOCKERFILES = {"api": ROOT / "service" / "Dockerfile", "worker": ROOT / "worker" / "Dockerfile"}

Compose = dict[str, Any]
Faults = Iterator[str]

# Read by the core itself, which knows no settings.
_OF_THE_CORE = frozenset({"AYLA_CACHE_DIR", "AYLA_NATIVE", "AYLA_CUDA_GRAPHS"})
_OF_UPLOADS = ("max_upload_bytes", "upload_room_bytes")
_OF_THE_API = 320 * 2**20
"""Memory of the API's own process, as docs/operations.md says, and some."""

_FIXED = frozenset(
    {
        "data_dir",  # of the embedded store
        "worker_poll_seconds",  # without a broker
        "database_url",
        "database_password_file",
        "broker_url",
        "host",
        "port",
        "metrics_host",
        "metrics_port",
        "log_format",
        "datasets_dir",  # a volume, named by the image
        "max_job_memory_mb",  # WORKER_JOB_MEMORY_MB, which goes with WORKER_MEMORY
        "shutdown_seconds",  # goes with stop_grace_period
    }
)
"""Settings that the file itself decides, by fields of ``Settings``."""

_MINOR_TAG = re.compile(r"python:\d+\.\d+-slim-[a-z]+|postgres:\d+\.\d+|redis:\d+\.\d+")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_SECRET = "postgres_password"


def parsed(text: str) -> Compose:
    """The file with its anchors and merges filled in."""
    content: Compose = yaml.safe_load(text)
    return content


def ours(compose: Compose) -> Iterator[tuple[str, Compose]]:
    """The services that run our own images."""
    for name, service in compose["services"].items():
        if service["image"].startswith("ayla-"):
            yield name, service


def restarts(compose: Compose) -> Faults:
    """Everything comes back by itself, but for the migration, which runs once."""
    for name, service in compose["services"].items():
        wanted = "no" if name == "migrate" else "unless-stopped"
        if service.get("restart") != wanted:
            yield f"{name} restarts: {service.get('restart')}"


def health(compose: Compose) -> Faults:
    """What others wait for or users talk to tells whether it works; the API by /readyz."""
    for name in ("postgres", "redis", "api"):
        test = compose["services"][name].get("healthcheck", {}).get("test")
        if not test:
            yield f"{name} has no healthcheck"
        elif name == "api" and "/readyz" not in " ".join(test):
            yield "the API's healthcheck does not ask /readyz"


def order(compose: Compose) -> Faults:
    """The store before the migration, the migration before what needs it; and nothing needs the broker."""
    for name, service in ours(compose):
        needed = {other: rule["condition"] for other, rule in service.get("depends_on", {}).items()}
        wanted = {"postgres": "service_healthy"}
        if name != "migrate":
            wanted = {"migrate": "service_completed_successfully", "redis": "service_started"}
        if needed != wanted:
            yield f"{name} waits for {needed}"


def secrecy(compose: Compose, text: str) -> Faults:
    """The password is in a file outside the repository, given to those who need it, and nowhere else."""
    if compose.get("secrets", {}).get(_SECRET) != {"file": "./secrets/postgres_password"}:
        yield "the secret is not a file in secrets/"
    for name in ("postgres", *(name for name, _ in ours(compose))):
        service = compose["services"][name]
        variables = {"POSTGRES_PASSWORD_FILE"} if name == "postgres" else {"AYLA_DATABASE_PASSWORD_FILE"}
        if service.get("secrets") != [_SECRET] or {service["environment"].get(each) for each in variables} != {
            f"/run/secrets/{_SECRET}"
        }:
            yield f"{name} does not read the password from the secret"
    for line in text.splitlines():
        if re.search(r"://[^/\s@]*:[^/\s@]*@|PASSWORD\w*(?<!_FILE)\s*[:=]", line):
            yield f"a password: {line.strip()}"


def gpu(compose: Compose) -> Faults:
    """A GPU is asked for under its profile only, and every profile is for a GPU."""
    for name, service in compose["services"].items():
        devices = service.get("deploy", {}).get("resources", {}).get("reservations", {}).get("devices", [])
        if any(device.get("driver") == "nvidia" for device in devices) != (service.get("profiles") == ["gpu"]):
            yield f"{name} has profiles {service.get('profiles')} and devices {devices}"
        if any(len(device.get("device_ids", [])) != 1 for device in devices):
            yield f"{name} is one process and does not have one GPU"


def patience(compose: Compose) -> Faults:
    """A process that stops has the time that the settings give it."""
    least = Settings.model_fields["shutdown_seconds"].default
    for name, service in ours(compose):
        given = _seconds(str(service.get("stop_grace_period", "10s")))
        if name != "migrate" and given <= least:
            yield f"{name} has {given} s to stop, and needs {least}"


def settings(compose: Compose) -> Faults:
    """Every variable of ours is one that is read."""
    known = {variable(name) for name in Settings.model_fields} | _OF_THE_CORE
    for name, service in compose["services"].items():
        for unknown in sorted(_ours_of(service.get("environment", {})) - known):
            yield f"{name} sets {unknown}, which nothing reads"


def choices(compose: Compose) -> Faults:
    """Every other setting, and the port on this machine, can be given in the shell or in .env."""
    services = compose["services"]
    given = _ours_of(services["api"]["environment"]) | _ours_of(services["worker"]["environment"])
    for name in sorted({variable(name) for name in Settings.model_fields.keys() - _FIXED} - given):
        yield f"api and worker are not given {name}"
    for name, service in ours(compose):
        for key, value in service["environment"].items():
            if key in map(variable, Settings.model_fields.keys() - _FIXED) and value and f"${{{key}:-" not in value:
                yield f"{name} has {key} {value}, whatever .env says"
    if services["api"]["ports"] != ["127.0.0.1:${AYLA_PORT:-8642}:8642"]:
        yield f"api has its port fixed: {services['api']['ports']}"
    for name in ("worker", "worker-gpu"):
        if not services[name]["build"]["args"]["TORCH_INDEX"].startswith("${"):
            yield f"{name} has its index of torch fixed"


def builds(compose: Compose) -> Faults:
    """One service builds each image of ours; the secret is asked for before the build."""
    builders: dict[str, list[str]] = {service["image"]: [] for _, service in ours(compose)}
    for name, service in ours(compose):
        builders[service["image"]] += [name] if "build" in service else []
    for image, names in builders.items():
        if len(names) != 1:
            yield f"{image} is built by {names}"
    if compose["services"]["api"].get("build", {}).get("secrets") != [_SECRET]:
        yield "api is built before anybody misses the password"


def bounds(compose: Compose) -> Faults:
    """Every service has a limit of processes, and nobody with a limit of memory may swap instead."""
    for name, service in compose["services"].items():
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        if not limits.get("pids"):
            yield f"{name} may start any number of processes"
        if "memory" in limits and service.get("memswap_limit") != limits["memory"]:
            yield f"{name} may swap: {service.get('memswap_limit')} beside {limits['memory']}"
        # Docker Compose refuses the file.
        if "pids_limit" in service and limits:
            yield f"{name} has two limits of processes"


def tags(compose: Compose, dockerfiles: Mapping[str, str]) -> Faults:
    """What others make is named by its minor version, and may be pinned to the byte."""
    named = [service["image"] for service in compose["services"].values() if not service["image"].startswith("ayla-")]
    for text in dockerfiles.values():
        named += re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    for image in named:
        if not _MINOR_TAG.fullmatch(_DIGEST.sub("", image)):
            yield f"{image} is no exact version"


def commands(compose: Compose) -> Faults:
    """Every command of ours is one that ayla-service has."""
    known = {str(command.name or getattr(command.callback, "__name__", "")) for command in app.registered_commands}
    for name, service in ours(compose):
        command = service.get("command", [])
        if command[:1] != ["ayla-service"] or command[1] not in known:
            yield f"{name} runs {command}"


def confinement(compose: Compose) -> Faults:
    """Our own processes have no rights, cannot gain any, and write to volumes and /tmp only."""
    wanted = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "tmpfs": ["/tmp"]}
    for name, service in ours(compose):
        for key, value in wanted.items():
            if service.get(key) != value:
                yield f"{name} has {key}: {service.get(key)}"


def exposure(compose: Compose) -> Faults:
    """Only the API is published, on this machine only; store and broker reach nothing outside."""
    for name, service in compose["services"].items():
        ports = service.get("ports", [])
        if any(name != "api" or not str(port).startswith("127.0.0.1:") for port in ports):
            yield f"{name} publishes {ports}"
    for name in ("postgres", "redis"):
        networks = compose["services"][name].get("networks", ["default"])
        if not all((compose["networks"].get(network) or {}).get("internal") for network in networks):
            yield f"{name} is in a network that is open"


def broker(compose: Compose) -> Faults:
    """The broker saves nothing and drops nothing unseen."""
    command = compose["services"]["redis"]["command"]
    given = dict(zip(command[1::2], command[2::2], strict=True))
    wanted = {"--save": "", "--appendonly": "no", "--maxmemory-policy": "noeviction", "--protected-mode": "no"}
    for option, value in wanted.items():
        if given.get(option) != value:
            yield f"redis has {option} {given.get(option)}"
    if "--maxmemory" not in given:
        yield "redis takes any amount of memory"


def first_key(text: str) -> list[str]:
    """The arguments of ``ayla-service`` with which a text says that the first API key is made; empty if it does not."""
    found = re.search(r"docker compose run --rm -T api ayla-service (keys create .*?)$", text, re.MULTILINE)
    return found[1].split() if found else []


def uploads(compose: Compose) -> Faults:
    """Uploads, what is made of them and the processes that check them have room: files on a disk or in the memory."""
    api = compose["services"]["api"]
    folder = PurePosixPath(api["environment"].get("TMPDIR") or "/tmp")
    given = Settings(
        **{name: api["environment"][variable(name)] for name in _OF_UPLOADS if api["environment"].get(variable(name))}
    )
    needed = _OF_THE_API + uploading.CHECKS_AT_ONCE * subprocess_main.MEMORY_BYTES
    if any(_holds(mount, folder) for mount in api.get("tmpfs", [])):
        # Beside each file there is a copy as it is kept, and beside those that are checked the numbers in them.
        needed += 2 * given.upload_room + uploading.CHECKS_AT_ONCE * subprocess_main.FILE_BYTES
    elif not any(_holds(mount.split(":")[1], folder) for mount in api.get("volumes", [])):
        yield f"the files of the api go to {folder}, which cannot be written"
    limit = _bytes(api["deploy"]["resources"]["limits"]["memory"])
    if limit < needed:
        yield f"the api may take {limit} bytes of memory, and uploads {needed}"


def installation(folder: str) -> tuple[str, str]:
    """The commands that install the service: what it needs by its hashes, and then nothing but itself."""
    return (
        f"pip install --require-hashes --requirement {folder}/requirements.lock\n",
        f"pip install --no-deps --no-build-isolation {'./clients/torch .' if folder == 'worker' else '.'}\n",
    )


def images(compose: Compose, dockerfiles: Mapping[str, str]) -> Faults:
    """No image runs as root, and each is installed by hashes.

    That of the API has neither torch nor a compiler; the CPU worker's torch has no CUDA.
    """
    for name, text in dockerfiles.items():
        yield from _final_stage(name, text)
        for wanted in installation(DOCKERFILES[name].parent.name):
            if wanted not in text:
                yield f"the image of {name} is made without: {wanted}"
        installed = re.findall(r"^RUN .*pip install (.*)$", text, re.MULTILINE)
        if len(installed) != (3 if name == "worker" else 2):
            yield f"the image of {name} has more or less than it should: {installed}"
    if re.search(r"^[^#]*\b(torch|gcc)\b", dockerfiles["api"], re.MULTILINE):
        yield "the image of api has torch or a compiler"
    if 'pip install --index-url "$TORCH_INDEX" "$(grep ^torch== constraints.txt)"' not in dockerfiles["worker"]:
        yield "the worker's torch is not of the version and index that are set"
    arguments = compose["services"]["worker"]["build"].get("args", {})
    if not str(arguments.get("TORCH_INDEX")).endswith(":-https://download.pytorch.org/whl/cpu}"):
        yield f"the CPU worker is built with {arguments}"


def _final_stage(name: str, text: str) -> Faults:
    """Who runs, and that nothing can be installed there."""
    final = text.rpartition("\nFROM ")[2]
    users = re.findall(r"^USER (\S+)$", final, re.MULTILINE)
    if users[-1:] in ([], ["root"], ["0"]):
        yield f"the image of {name} runs as {users}"
    if "groupadd --system --gid 10001 ayla" not in final or "--uid 10001 --gid ayla" not in final:
        yield f"the image of {name} has no fixed user and group"
    if "--without-pip" not in text or "rm -rf /usr/local/bin/pip*" not in final:
        yield f"the image of {name} has pip in it"


def _ours_of(environment: Mapping[str, object]) -> set[str]:
    return {name for name in environment if name.startswith("AYLA_")}


def _holds(mount: str, folder: PurePosixPath) -> bool:
    """Whether a folder is in what is mounted; options follow the path after a colon."""
    return folder.is_relative_to(mount.partition(":")[0])


def _bytes(size: str) -> int:
    return int(size[:-1]) * {"m": 2**20, "g": 2**30}[size[-1]]


def _seconds(duration: str) -> float:
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([smh])", duration))
